"""From the tables of `policy.toml` to formulas of one tier, with every word and unit checked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from openweir.policy.formula import (
    All,
    Any,
    AtLeast,
    ClaimAtom,
    ComponentAtom,
    FactAtom,
    Formula,
)
from openweir.policy.ladder import Ladder
from openweir.policy.place import Place, Table, exact
from openweir.policy.policy import Claim, Vocabulary
from openweir.tier import Tier

__all__ = ["Grammar", "Reference", "references"]

_MAX_DEPTH = 12
_MAX_NODES = 4_000
_COMPARISONS = ("at-most", "below", "at-least", "above")
_ASSURANCE = ("independence", "access", "shelf-life-days")


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention inside a formula: `kind` is `ladder`, `use`, `claim` or `licence`."""

    kind: str
    id: str


def references(value: object, depth: int = 0) -> Iterator[Reference]:
    """Yield what a formula mentions, without following definitions."""
    if depth > _MAX_DEPTH * 2:
        return
    if isinstance(value, list):
        for item in value:
            yield from references(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("ladder", "use", "claim", "licence") and isinstance(item, str):
                yield Reference(key, item)
            elif key == "assurance" and isinstance(item, str):
                yield from (Reference("ladder", f"{item}.{part}") for part in _ASSURANCE)
            else:
                yield from references(item, depth + 1)


class Grammar:
    """Reads formulas for one tier.

    Args:
        vocabulary: words that may be asked for.
        claims: claims the pack declares, by id.
        licence_sets: names of sets of licences.
        ladder: the pack's ladder table.
        definitions: `[[definition]]` tables by id; known to be free of cycles.
        tier: whose column of the ladder applies.
        margin: by how much limits on claims are stricter at this tier.
    """

    def __init__(
        self,
        *,
        vocabulary: Vocabulary,
        claims: Mapping[str, Claim],
        licence_sets: Mapping[str, tuple[str, ...]],
        ladder: Ladder,
        definitions: Mapping[str, Table],
        tier: Tier,
        margin: Decimal = Decimal(0),
    ) -> None:
        """Keep what formulas are read against."""
        self._vocabulary = vocabulary
        self._claims = claims
        self._licence_sets = licence_sets
        self._ladder = ladder
        self._definitions = definitions
        self._tier = tier
        self._margin = margin
        self._nodes = 0

    def formula(self, table: Table, *, beside: tuple[str, ...] = ()) -> Formula:
        """Read the formula in `table`.

        Args:
            table: holds one of `all`, `any`, `at-least` with `of`, `use`, `fact`, `component`
                or `claim`.
            beside: keys of the table that are not the formula's.

        Raises:
            PolicyError: an unknown word, a wrong unit, an empty or too large formula.
        """
        self._nodes = 0
        value = {key: item for key, item in table.value.items() if key not in beside}
        return self._node(Table(value, table.place), 0)

    def _node(self, table: Table, depth: int) -> Formula:
        self._nodes += 1
        if depth > _MAX_DEPTH or self._nodes > _MAX_NODES:
            table.place.fail("the formula is too deep or too large", code="too-large")
        kinds: dict[str, Callable[[Table, int], Formula]] = {
            "use": self._use,
            "of": self._at_least,
            "fact": self._fact,
            "component": self._component,
            "claim": self._claim,
            "all": self._all,
            "any": self._any,
        }
        kind = next((key for key in kinds if key in table.value), None)
        if kind is None:
            table.place.fail(
                "expected a formula",
                code="no-formula",
                hint="one of all, any, at-least with of, use, fact, component, claim",
            )
        return kinds[kind](table, depth)

    def _children(self, table: Table, key: str, depth: int) -> tuple[Formula, ...]:
        found = table.items(key)
        if not found:
            table.fail(
                key,
                f"an empty `{key}` asks nothing",
                code="empty",
                hint="name what must be shown, or leave the rule out",
            )
        return tuple(
            self._node(Table(item, table.place.inside(f"{key}[{index}]")), depth + 1)
            for index, item in enumerate(found)
        )

    def _all(self, table: Table, depth: int) -> All:
        table.only("all")
        return All(children=self._children(table, "all", depth))

    def _any(self, table: Table, depth: int) -> Any:
        table.only("any")
        return Any(children=self._children(table, "any", depth))

    def _at_least(self, table: Table, depth: int) -> AtLeast:
        table.only("at-least", "of")
        children = self._children(table, "of", depth)
        return AtLeast(k=table.integer("at-least", low=1, high=len(children)), children=children)

    def _use(self, table: Table, depth: int) -> Formula:
        table.only("use")
        name = table.known("use", self._definitions)
        definition = self._definitions[name]
        body = {key: item for key, item in definition.value.items() if key not in ("id", "text")}
        found = self._node(Table(body, definition.place), depth + 1)
        text = definition.text("text")
        if isinstance(found, (All, Any, AtLeast)) and not found.name:
            return replace(found, name=name, text=text)
        return All(children=(found,), name=name, text=text)

    def _fact(self, table: Table, _depth: int) -> FactAtom:
        predicates = self._vocabulary.predicates
        predicate = table.known("fact", predicates)
        kind, unit = predicates[predicate]
        table.only("fact", "known", "is", "unit", *_COMPARISONS)
        tests = [key for key in table.value if key in ("known", "is", *_COMPARISONS)]
        if len(tests) != 1:
            table.fail(
                "fact",
                f"fact `{predicate}` needs exactly one test",
                code="test",
                hint="known = true, is = ..., or one of " + ", ".join(_COMPARISONS),
            )
        test = tests[0]
        if test in _COMPARISONS:
            if kind != "estimate":
                table.fail(test, f"`{predicate}` is {kind}, not a number", code="kind")
            if table.text("unit") != unit:
                table.fail("unit", f"`{predicate}` is in {unit}", code="unit", hint=f'"{unit}"')
            return FactAtom(
                predicate=predicate,
                test=test,
                number=self._number(table, test, str(unit)),
                unit=str(unit),
            )
        if "unit" in table.value:
            table.fail("unit", f"the test `{test}` has no unit", code="unit")
        if test == "known":
            if table.value["known"] is not True:
                table.fail("known", "a rule can only ask for what is known", code="negative")
            return FactAtom(predicate=predicate, test="known")
        words = table.words("is")
        if kind == "estimate" or (kind == "flag" and not set(words) <= {"yes", "no"}):
            table.fail(
                "is", f"`{predicate}` is {kind}", code="kind", hint='a flag is "yes" or "no"'
            )
        return FactAtom(predicate=predicate, test="is", words=tuple(sorted(words)))

    def _component(self, table: Table, _depth: int) -> ComponentAtom:
        table.only("component", "licence")
        component = table.known("component", self._vocabulary.components)
        licence = ""
        if "licence" in table.value:
            licence = table.known("licence", ("known", *self._licence_sets))
        return ComponentAtom(
            component=component, licence=licence, licences=self._licence_sets.get(licence, ())
        )

    def _claim(self, table: Table, _depth: int) -> ClaimAtom:
        claim = self._claims[table.known("claim", self._claims)]
        table.only(
            *("claim", "at-most", "at-least", "evaluation", "rung", "assurance", "confidence"),
            *_ASSURANCE,
        )
        sense = "at-most" if claim.direction == "upper-is-risk" else "at-least"
        if sense not in table.value or len({"at-most", "at-least"} & set(table.value)) != 1:
            table.fail(
                "claim",
                f"`{claim.id}` is {claim.direction}: it is asked with `{sense}`",
                code="direction",
            )
        number = self._number(table, sense, claim.unit)
        if not 0 <= number <= 1:
            table.fail(sense, f"`{number}` is not a proportion", code="number")
        number = self._stricter(table, sense, number)
        words, assurance = self._vocabulary, self._assurance(table)
        confidence = claim.confidence
        if "confidence" in table.value:
            confidence = table.decimal("confidence")
        if not claim.confidence <= confidence < 1:
            table.fail(
                "confidence", f"below the {claim.confidence} the claim asks", code="confidence"
            )
        evaluations = table.words("evaluation")
        for word in evaluations:
            if word not in words.evaluations:
                table.unknown("evaluation", word, words.evaluations)
        return ClaimAtom(
            claim=claim.id,
            sense=sense,
            number=number,
            evaluations=tuple(sorted(evaluations)),
            rung=self._word(table, "rung", "rung", words.rungs),
            independence=self._word(assurance, "independence", "independence", words.independences),
            access=self._word(assurance, "access", "access", words.accesses),
            shelf_life_days=self._days(assurance, "shelf-life-days"),
            confidence=confidence,
        )

    def _stricter(self, table: Table, sense: str, number: Decimal) -> Decimal:
        """Take the tier's margin off a limit; a limit that every rate keeps asks for none."""
        if number == (1 if sense == "at-most" else 0):
            return number
        found = number - self._margin if sense == "at-most" else number + self._margin
        if not 0 <= found <= 1:
            table.fail(
                sense,
                f"the margin of {self._tier.word} leaves nothing of the limit {number}",
                code="margin",
                hint="a smaller margin, or a limit with room for it",
            )
        return found

    def _assurance(self, table: Table) -> Table:
        """Read `assurance = "row"` as the three cells of that row."""
        if "assurance" not in table.value:
            return table
        twice = [key for key in _ASSURANCE if key in table.value]
        if twice:
            table.fail(twice[0], "stands beside `assurance`, which sets it", code="twice")
        row = table.text("assurance")
        return Table({part: {"ladder": f"{row}.{part}"} for part in _ASSURANCE}, table.place)

    def _value(self, table: Table, key: str, unit: str) -> tuple[object, Place]:
        """Return what stands under `key`: itself, or the text of the ladder cell it names."""
        found = table.value.get(key)
        if not isinstance(found, dict):
            return found, table.place
        named = Table(found, table.place.inside(key))
        named.only("ladder")
        wanted = named.text("ladder")
        row = self._ladder.row(wanted)
        if row is None:
            named.unknown("ladder", wanted, (item.id for item in self._ladder.rows))
        if row.unit != unit:
            row.place.fail(
                f"row `{row.id}` is in {row.unit}, but `{key}` is in {unit}", code="unit"
            )
        if not row.at(self._tier):
            row.place.fail(
                f"row `{row.id}` is empty at {self._tier.word}, where it is asked for",
                code="empty-cell",
            )
        return row.at(self._tier), row.place

    def _number(self, table: Table, key: str, unit: str) -> Decimal:
        found, place = self._value(table, key, unit)
        if isinstance(table.value.get(key), dict):
            try:
                found = Decimal(str(found))
            except InvalidOperation:
                place.fail(f"`{str(found)[:40]}` is not a number", code="number")
        return exact(found, place, key)

    def _word(self, table: Table, key: str, unit: str, words: tuple[str, ...]) -> str:
        found, place = self._value(table, key, unit)
        if found is None:
            table.fail(key, "missing", code="missing")
        return Table({key: found}, place).known(key, words)

    def _days(self, table: Table, key: str) -> int:
        if key not in table.value:
            table.fail(
                key, "a claim needs a shelf life: evidence does not keep for ever", code="missing"
            )
        found, place = self._value(table, key, "day")
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 6:
            found = int(found)
        return Table({key: found}, place).integer(key, low=1, high=3_650)
