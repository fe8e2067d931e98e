"""From the files of a pack to a checked `Policy`; a pack that is off anywhere does not load."""

from collections.abc import Iterator, Mapping
from datetime import date

from openweir import digest
from openweir.policy.clauses import (
    Exceptions,
    invariants,
    loosenings,
    obligations,
    overrides,
    read_tier,
)
from openweir.policy.form import SECTIONS, keys_of
from openweir.policy.grammar import references
from openweir.policy.pack import Pack, check_unused, identifier, open_pack, signers
from openweir.policy.place import Table
from openweir.policy.policy import (
    Alternative,
    Approval,
    Light,
    Policy,
    Requirement,
    Vocabulary,
)
from openweir.policy.quote import read_quote
from openweir.tier import Tier

__all__ = ["read"]

_LANGUAGE = 1
_BESIDE = tuple(key.name for key in SECTIONS["requirement"].keys)
_MAX_REVIEW_DAYS = 183  # half a year: no answer stands longer without being looked at again


def read(files: Mapping[str, bytes], *, where: str, vocabulary: Vocabulary) -> Policy:
    """Read a policy pack.

    Args:
        files: path in the pack -> bytes; `policy.toml`, `ladders.csv`, `sources/`, `tests/`.
        where: name of the pack for messages.
        vocabulary: the words a rule may use.

    Raises:
        PolicyError: anything is missing, misspelt, unused, of the wrong unit, or quotes what
            its source does not say; the place names file, line and key.
    """
    pack = open_pack(files, where=where, vocabulary=vocabulary)
    head = pack.top.section("policy")
    head.only(*keys_of("policy"))
    first, last = _days(head)
    accepted = head.words("accepted-certainty")
    for word in accepted:
        if word not in vocabulary.certainties:
            head.unknown("accepted-certainty", word, vocabulary.certainties)
    supersedes = _supersedes(head)
    policy = Policy(
        id=identifier(head),
        version=head.text("version"),
        issuer=head.text("issuer"),
        sha256=pack.sha256,
        language=head.integer("language", low=_LANGUAGE, high=_LANGUAGE),
        effective_from=first,
        effective_to=last,
        supersedes=supersedes,
        review_days=head.integer("review-days", low=1, high=_MAX_REVIEW_DAYS),
        accepted=accepted,
        claims=tuple(pack.claims.values()),
        requirements=_requirements(pack),
        approvals=_approvals(pack),
        alternatives=_alternatives(pack.top),
        tiers=pack.tiers,
        invariants=invariants(pack),
        obligations=obligations(pack),
        overrides=overrides(pack),
        loosenings=loosenings(files, where, supersedes),
        jurisdiction=head.text("jurisdiction") if "jurisdiction" in head.value else "",
    )
    check_unused(pack)
    return policy


def _days(head: Table) -> tuple[date, date | None]:
    first, last = head.day("effective-from"), head.day("effective-to")
    if first is None:
        head.fail("effective-from", "missing", code="missing")
    if last is not None and last < first:
        head.fail("effective-to", "lies before effective-from", code="dates")
    return first, last


def _supersedes(head: Table) -> str | None:
    if "supersedes" not in head.value:
        return None
    found = head.text("supersedes")
    if not digest.is_sha256(found):
        head.fail("supersedes", "expected the dirHash of the version before", code="digest")
    return found


def _requirements(pack: Pack) -> tuple[Requirement, ...]:
    tables: dict[str, Table] = {}
    for table in pack.top.sections("requirement"):
        rule = identifier(table)
        if rule in tables:
            table.fail("id", f"requirement `{rule}` stands twice", code="duplicate")
        tables[rule] = table
    exceptions = Exceptions(pack, {rule: _hard_stop(table) for rule, table in tables.items()})
    found: list[Requirement] = []
    for rule, table in tables.items():
        found += _instances(pack, table, rule, exceptions)
    if not found:
        pack.top.place.fail(
            "a policy without requirements opens everything", code="no-requirements"
        )
    return tuple(sorted(found, key=lambda item: item.tier))


def _hard_stop(table: Table) -> bool:
    return "hard-stop" in table.value and table.flag("hard-stop")


def _instances(
    pack: Pack, table: Table, rule: str, exceptions: Exceptions
) -> Iterator[Requirement]:
    """Yield the rule once for every tier that asks it with numbers of its own."""
    table.only(*keys_of("requirement"))
    text, source = table.text("text"), read_quote(pack, table)
    for tier in _tiers(pack, table):
        asked = pack.grammar(tier).formula(table, beside=_BESIDE)
        formula, names = exceptions.apply(rule, tier, asked)
        yield Requirement(
            id=f"{rule}@{tier.word}",
            tier=tier,
            text=text,
            source=source,
            formula=formula,
            hard_stop=_hard_stop(table),
            exceptions=names,
        )


def _tiers(pack: Pack, table: Table) -> list[Tier]:
    """Return where a rule is asked: wherever the ladder says, or once from a tier on."""
    start = read_tier(table, "from-tier") if "from-tier" in table.value else None
    if start is Tier.SEALED:
        table.fail("from-tier", "`sealed` asks nothing: it always holds", code="sealed")
    rows = [
        row
        for mention in references(dict(table.value))
        if mention.kind == "ladder" and (row := pack.ladder.row(mention.id)) is not None
    ]
    if not rows:
        if start is None:
            table.fail("from-tier", "missing, and no ladder says where it is asked", code="missing")
        return _stricter_from(pack, table, start)
    asked = frozenset.intersection(*(row.tiers() for row in rows))
    tiers = sorted(tier for tier in asked if start is None or tier >= start)
    if not tiers:
        table.place.fail("the ladder cells leave no tier that asks this", code="never-asked")
    return tiers


def _stricter_from(pack: Pack, table: Table, start: Tier) -> list[Tier]:
    """Return `start`, and each tier above it whose margin makes a claim's limit stricter."""
    found = [start]
    if any(mention.kind in ("claim", "use") for mention in references(dict(table.value))):
        for tier in Tier:
            if tier > start and pack.margin(tier) > pack.margin(found[-1]):
                found.append(tier)
    return found


def _approvals(pack: Pack) -> tuple[Approval, ...]:
    found: list[Approval] = []
    for table in pack.top.sections("approval"):
        table.only(*keys_of("approval"))
        tier = read_tier(table, "from-tier")
        if found and tier <= found[-1].tier:
            table.fail("from-tier", "approvals stand from the least open tier up", code="order")
        signatures, roles = signers(pack, table)
        light = None
        if "light" in table.value:
            inner = Table(table.value["light"], table.place.inside("light"))
            inner.only("use", "signatures", "roles")
            light = _light(pack, inner, tier)
        found.append(Approval(tier=tier, signatures=signatures, roles=roles, light=light))
    if not found or found[0].tier is not Tier.SEALED:
        pack.top.place.fail(
            "who signs is not said for every tier",
            code="approval",
            hint='start with [[approval]] from-tier = "sealed"',
        )
    return tuple(found)


def _light(pack: Pack, table: Table, tier: Tier) -> Light:
    signatures, roles = signers(pack, table)
    formula = pack.grammar(tier).formula(table, beside=("signatures", "roles"))
    return Light(formula=formula, signatures=signatures, roles=roles)


def _alternatives(top: Table) -> tuple[Alternative, ...]:
    found: dict[Tier, Alternative] = {}
    for table in top.sections("alternative"):
        table.only(*keys_of("alternative"))
        tier = read_tier(table, "for-tier")
        if tier in found:
            table.fail("for-tier", f"`{tier.word}` stands twice", code="duplicate")
        found[tier] = Alternative(tier=tier, text=table.text("text"))
    return tuple(found[tier] for tier in sorted(found))
