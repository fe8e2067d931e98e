"""What stands around the requirements: exceptions, invariants, duties, overrides, the note."""

from collections.abc import Mapping
from decimal import Decimal

from openweir import digest
from openweir.policy.form import NOTE, SECTIONS, keys_of
from openweir.policy.formula import All, Any, AuthorityAtom, Formula
from openweir.policy.pack import Pack, identifier, parse_toml, signers
from openweir.policy.place import Table
from openweir.policy.policy import Invariant, Loosening, Obligation, OverrideAuthority
from openweir.policy.quote import read_quote
from openweir.tier import Tier

__all__ = [
    "NOTE_FILE",
    "TRIGGERS",
    "Exceptions",
    "invariants",
    "loosenings",
    "obligations",
    "overrides",
    "read_tier",
]

NOTE_FILE = "loosenings.toml"
TRIGGERS = ("release", "incident", "request")
_MAX_DAYS = 183
_BESIDE = tuple(key.name for key in SECTIONS["exception"].keys)


class Exceptions:
    """The exceptions of a pack, by the rule they belong to and in the order of priority."""

    def __init__(self, pack: Pack, rules: Mapping[str, bool]) -> None:
        """Read every `[[exception]]`.

        Args:
            pack: what they are read against.
            rules: every rule of the pack, and whether it is a hard stop.

        Raises:
            PolicyError: it belongs to no rule or to a hard stop, or two share a priority.
        """
        self._pack = pack
        self._tables: dict[str, list[tuple[int, Table]]] = {}
        seen: set[str] = set()
        for table in pack.top.sections("exception"):
            table.only(*keys_of("exception"))
            name = identifier(table)
            if name in seen:
                table.fail("id", f"exception `{name}` stands twice", code="duplicate")
            seen.add(name)
            rule = table.known("requirement", rules)
            if rules[rule]:
                table.fail(
                    "requirement",
                    f"`{rule}` is a hard stop and takes no exception",
                    code="hard-stop",
                    hint="take `hard-stop` from the rule, or the exception from the pack",
                )
            priority = table.integer("priority", low=1, high=1_000)
            listed = self._tables.setdefault(rule, [])
            if any(priority == other for other, _ in listed):
                table.fail(
                    "priority",
                    f"two exceptions of `{rule}` have priority {priority}",
                    code="priority",
                    hint="say which goes first",
                )
            listed.append((priority, table))
            listed.sort(key=lambda item: item[0])

    def apply(self, rule: str, tier: Tier, formula: Formula) -> tuple[Formula, tuple[str, ...]]:
        """Return a rule's formula at a tier with its exceptions as further alternatives."""
        ways: list[Formula] = [formula]
        names: list[str] = []
        for _, table in self._tables.get(rule, ()):
            up_to = read_tier(table, "up-to") if "up-to" in table.value else max(Tier)
            way = self._way(table, tier)
            if tier <= up_to:
                ways.append(way)
                names.append(table.text("id"))
        return (formula if len(ways) == 1 else Any(children=tuple(ways))), tuple(names)

    def _way(self, table: Table, tier: Tier) -> All:
        read_quote(self._pack, table)
        authority = Table(table.value.get("authority"), table.place.inside("authority"))
        authority.only("signatures", "roles")
        signatures, roles = signers(self._pack, authority)
        name = table.text("id")
        granted = AuthorityAtom(exception=name, signatures=signatures, roles=tuple(sorted(roles)))
        shown = self._pack.grammar(tier).formula(table, beside=_BESIDE)
        return All(children=(granted, shown), name=name, text=table.text("text"))


def invariants(pack: Pack) -> tuple[Invariant, ...]:
    """Read every `[[invariant]]`."""
    found: dict[str, Invariant] = {}
    for table in pack.top.sections("invariant"):
        table.only(*keys_of("invariant"))
        name, tier = identifier(table), read_tier(table, "never")
        if name in found:
            table.fail("id", f"invariant `{name}` stands twice", code="duplicate")
        if tier is Tier.SEALED:
            table.fail("never", "`sealed` always holds", code="sealed")
        unless = Table(table.value.get("unless"), table.place.inside("unless"))
        found[name] = Invariant(
            id=name,
            tier=tier,
            text=table.text("text"),
            formula=pack.grammar(tier, margin=Decimal(0)).formula(unless),
        )
    return tuple(found.values())


def obligations(pack: Pack) -> tuple[Obligation, ...]:
    """Read every `[[obligation]]`."""
    found: dict[str, Obligation] = {}
    for table in pack.top.sections("obligation"):
        table.only(*keys_of("obligation"))
        name, tier = identifier(table), read_tier(table, "from-tier")
        if name in found:
            table.fail("id", f"obligation `{name}` stands twice", code="duplicate")
        breach = table.known("breach", ("revisit", *(item.word for item in Tier)))
        if breach != "revisit" and Tier.parse(breach) >= tier:
            table.fail(
                "breach",
                f"a breach that caps at `{breach}` lowers nothing from `{tier.word}`",
                code="breach",
                hint="name a less open tier, or `revisit`",
            )
        found[name] = Obligation(
            id=name,
            tier=tier,
            bearer=table.text("bearer"),
            act=table.text("act"),
            trigger=table.known("trigger", TRIGGERS),
            deadline_days=table.integer("deadline-days", low=1, high=3_650),
            discharge=table.text("discharge"),
            source=read_quote(pack, table),
            breach_cap=None if breach == "revisit" else Tier.parse(breach),
        )
    return tuple(found.values())


def overrides(pack: Pack) -> tuple[OverrideAuthority, ...]:
    """Read every `[[override-authority]]`, from the least open tier up."""
    found: list[OverrideAuthority] = []
    for table in pack.top.sections("override-authority"):
        table.only(*keys_of("override-authority"))
        tier = read_tier(table, "up-to")
        if tier is Tier.SEALED or (found and tier <= found[-1].tier):
            table.fail(
                "up-to", "authorities stand from the least open tier up, above sealed", code="order"
            )
        signatures, roles = signers(pack, table)
        if signatures < 2:
            table.fail(
                "signatures", "no one person lifts a release", code="signatures", hint="2 or more"
            )
        if "evaluator" in roles:
            table.fail(
                "roles", "whoever evaluated does not override", code="roles", hint="reviewer, ..."
            )
        found.append(
            OverrideAuthority(
                tier=tier,
                signatures=signatures,
                roles=tuple(sorted(roles)),
                days=table.integer("days", low=1, high=_MAX_DAYS),
            )
        )
    return tuple(found)


def loosenings(
    files: Mapping[str, bytes], where: str, supersedes: str | None
) -> tuple[Loosening, ...]:
    """Read the note `loosenings.toml` of a pack, where there is one.

    Raises:
        PolicyError: it is malformed, or is about another version than the pack supersedes.
    """
    if NOTE_FILE not in files:
        return ()
    top = parse_toml(files, NOTE_FILE, where)
    top.only(*(key.name for key in NOTE.keys))
    if not digest.is_sha256(top.text("supersedes")) or top.text("supersedes") != supersedes:
        top.fail(
            "supersedes",
            "the note is about another version than the pack supersedes",
            code="digest",
            hint=f'supersedes = "{supersedes}"' if supersedes else "the pack supersedes nothing",
        )
    found: dict[str, Loosening] = {}
    for table in top.sections("loosening"):
        table.only("id", "text")
        name = table.text("id")
        if name in found:
            table.fail("id", f"loosening `{name[:80]}` stands twice", code="duplicate")
        found[name] = Loosening(id=name, text=table.text("text"))
    return tuple(found.values())


def read_tier(table: Table, key: str) -> Tier:
    """Return the tier a key names."""
    return Tier.parse(table.known(key, (tier.word for tier in Tier)))
