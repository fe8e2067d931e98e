"""From the files of a pack to a checked `Policy`; a pack that is off anywhere does not load."""

from collections.abc import Mapping
from datetime import date

from openweir import digest
from openweir.policy.grammar import references
from openweir.policy.pack import FORMULA_KEYS, Pack, check_unused, folded, identifier, open_pack
from openweir.policy.place import Table
from openweir.policy.policy import (
    Alternative,
    Approval,
    Light,
    Policy,
    Quote,
    Requirement,
    Vocabulary,
)
from openweir.tier import Tier

__all__ = ["read"]

_LANGUAGE = 1
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
    head.only(
        *("id", "version", "issuer", "language", "effective-from", "effective-to", "supersedes"),
        *("review-days", "accepted-certainty"),
    )
    first, last = _days(head)
    accepted = head.words("accepted-certainty")
    for word in accepted:
        if word not in vocabulary.certainties:
            head.unknown("accepted-certainty", word, vocabulary.certainties)
    policy = Policy(
        id=identifier(head),
        version=head.text("version"),
        issuer=head.text("issuer"),
        sha256=pack.sha256,
        language=head.integer("language", low=_LANGUAGE, high=_LANGUAGE),
        effective_from=first,
        effective_to=last,
        supersedes=_supersedes(head),
        review_days=head.integer("review-days", low=1, high=_MAX_REVIEW_DAYS),
        accepted=accepted,
        claims=tuple(pack.claims.values()),
        requirements=_requirements(pack),
        approvals=_approvals(pack),
        alternatives=_alternatives(pack.top),
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
    found: list[Requirement] = []
    rules: set[str] = set()
    for table in pack.top.sections("requirement"):
        rule = identifier(table)
        if rule in rules:
            table.fail("id", f"requirement `{rule}` stands twice", code="duplicate")
        rules.add(rule)
        found += _instances(pack, table, rule)
    if not found:
        pack.top.place.fail(
            "a policy without requirements opens everything", code="no-requirements"
        )
    return tuple(sorted(found, key=lambda item: item.tier))


def _instances(pack: Pack, table: Table, rule: str) -> list[Requirement]:
    """Return the rule once for every tier that asks it with numbers of its own."""
    beside = ("id", "from-tier", "text", "source")
    table.only(*beside, *FORMULA_KEYS)
    text, source = table.text("text"), _quote(pack, table)
    return [
        Requirement(
            id=f"{rule}@{tier.word}",
            tier=tier,
            text=text,
            source=source,
            formula=pack.grammar(tier).formula(table, beside=beside),
        )
        for tier in _tiers(pack, table)
    ]


def _tiers(pack: Pack, table: Table) -> list[Tier]:
    """Return where a rule is asked: wherever the ladder says, or once from a tier on."""
    start = _tier(table, "from-tier") if "from-tier" in table.value else None
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
        return [start]
    asked = frozenset.intersection(*(row.tiers() for row in rows))
    tiers = sorted(tier for tier in asked if start is None or tier >= start)
    if not tiers:
        table.place.fail("the ladder cells leave no tier that asks this", code="never-asked")
    return tiers


def _quote(pack: Pack, table: Table) -> Quote:
    source = Table(table.value.get("source"), table.place.inside("source"))
    source.only("doc", "locator", "quote")
    name = source.known("doc", pack.documents)
    sha256, content = pack.documents[name]
    quote = source.text("quote")
    if folded(quote) not in content:
        source.fail(
            "quote",
            f"the quote is not found in document `{name}`",
            code="quote",
            hint="copy it word by word; line breaks do not matter",
        )
    return Quote(document=name, document_sha256=sha256, locator=source.text("locator"), quote=quote)


def _approvals(pack: Pack) -> tuple[Approval, ...]:
    found: list[Approval] = []
    for table in pack.top.sections("approval"):
        table.only("from-tier", "signatures", "roles", "light")
        tier = _tier(table, "from-tier")
        if found and tier <= found[-1].tier:
            table.fail("from-tier", "approvals stand from the least open tier up", code="order")
        signatures, roles = _signatures(pack, table)
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
    signatures, roles = _signatures(pack, table)
    formula = pack.grammar(tier).formula(table, beside=("signatures", "roles"))
    return Light(formula=formula, signatures=signatures, roles=roles)


def _signatures(pack: Pack, table: Table) -> tuple[int, tuple[str, ...]]:
    roles = table.words("roles")
    for role in roles:
        if role not in pack.vocabulary.roles:
            table.unknown("roles", role, pack.vocabulary.roles)
    # Each signature needs another role, so more signatures than roles could never come.
    return table.integer("signatures", low=1, high=len(roles)), roles


def _alternatives(top: Table) -> tuple[Alternative, ...]:
    found: dict[Tier, Alternative] = {}
    for table in top.sections("alternative"):
        table.only("for-tier", "text")
        tier = _tier(table, "for-tier")
        if tier in found:
            table.fail("for-tier", f"`{tier.word}` stands twice", code="duplicate")
        found[tier] = Alternative(tier=tier, text=table.text("text"))
    return tuple(found[tier] for tier in sorted(found))


def _tier(table: Table, key: str) -> Tier:
    return Tier.parse(table.known(key, (tier.word for tier in Tier)))
