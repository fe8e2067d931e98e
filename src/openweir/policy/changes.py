"""What was edited between two packs: one line per ladder cell, key or file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openweir import digest
from openweir.canonical import decimal_text
from openweir.policy.form import SECTIONS
from openweir.policy.grammar import references
from openweir.policy.ladder import Ladder, read_ladder
from openweir.policy.pack import parse_toml
from openweir.policy.place import Table
from openweir.tier import Tier

__all__ = ["Change", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One edit.

    Attributes:
        what: `ladder PE2.uplift at open-weights`, `requirement FIL1: from-tier`, `file ...`.
        before, after: as written; empty where it was not there or is gone.
        touches: ids of requirements, with tier where the edit is of one tier, that read it.
    """

    what: str
    before: str
    after: str
    touches: tuple[str, ...] = ()


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[Change, ...]:
    """Return every edit between the files of two packs, in the order of the files.

    Raises:
        PolicyError: a file of either pack is missing or malformed.
    """
    before, after = _open(old), _open(new)
    return (*_cells(before, after), *_sections(before, after), *_files(old, new))


@dataclass(frozen=True, slots=True)
class _Opened:
    top: Table
    ladder: Ladder


def _open(files: Mapping[str, bytes]) -> _Opened:
    ladder = files["ladders.csv"].decode("utf-8")
    return _Opened(parse_toml(files, "policy.toml", "pack"), read_ladder(ladder, file="ladders"))


def _cells(old: _Opened, new: _Opened) -> Iterator[Change]:
    names = dict.fromkeys(row.id for ladder in (new.ladder, old.ladder) for row in ladder.rows)
    readers = {**_readers(old.top), **_readers(new.top)}
    for name in names:
        before, after = old.ladder.row(name), new.ladder.row(name)
        rules = readers.get(f"ladder {name}", ())
        for tier in list(Tier)[1:]:
            was = before.at(tier) if before else ""
            now = after.at(tier) if after else ""
            if was != now:
                yield Change(
                    what=f"ladder {name} at {tier.word}",
                    before=was,
                    after=now,
                    touches=tuple(f"{rule}@{tier.word}" for rule in rules),
                )


def _readers(top: Table) -> dict[str, tuple[str, ...]]:
    """Return `ladder ROW`, `use NAME` or `claim ID` -> rules that read it, at any remove."""
    used: dict[str, set[tuple[bool, str]]] = {}
    for key in ("definition", "requirement", "exception"):
        for item in top.items(key):
            if isinstance(item, dict):
                owner = str(item.get("requirement" if key == "exception" else "id"))
                for mention in references(item):
                    named = used.setdefault(f"{mention.kind} {mention.id}", set())
                    named.add((key == "definition", owner))

    def rules(name: str, depth: int = 0) -> set[str]:
        found: set[str] = set()
        for defined, owner in used.get(name, ()):
            if not defined:
                found.add(owner)
            elif depth < 20:
                found |= rules(f"use {owner}", depth + 1)
        return found

    return {name: tuple(sorted(rules(name))) for name in used}


def _sections(old: _Opened, new: _Opened) -> Iterator[Change]:
    readers = {**_readers(old.top), **_readers(new.top)}
    for section, form in SECTIONS.items():
        before, after = _named(old.top, section), _named(new.top, section)
        for name in dict.fromkeys([*before, *after]):
            was, now = before.get(name), after.get(name)
            what = section if form.shape == "one" else f"{section} {name}"
            rule = _touched(section, name, {**(was or {}), **(now or {})}, readers)
            if was is None or now is None:
                yield Change(
                    what=what,
                    before="" if was is None else "stands",
                    after="" if now is None else "stands",
                    touches=rule,
                )
                continue
            for key in dict.fromkeys([*was, *now]):
                if was.get(key) != now.get(key):
                    yield Change(
                        what=f"{what}: {key}",
                        before=_written(was.get(key)),
                        after=_written(now.get(key)),
                        touches=rule,
                    )


def _touched(
    section: str,
    name: str,
    table: Mapping[str, object],
    readers: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Return the rules that an edit of a section can change."""
    if section == "requirement":
        return (name,)
    if section == "exception":
        return (str(table.get("requirement")),)
    if section in ("definition", "claims"):
        return readers.get(f"{'use' if section == 'definition' else 'claim'} {name}", ())
    if section == "tiers":
        return tuple(sorted({f"{rule}@{name}" for rules in readers.values() for rule in rules}))
    return ()


def _named(top: Table, section: str) -> dict[str, dict[str, object]]:
    """Return the tables of a section by name, id, tier or place."""
    found = top.value.get(section)
    if isinstance(found, list):
        named: dict[str, dict[str, object]] = {}
        for index, item in enumerate(found):
            if isinstance(item, dict):
                keys = ("id", "from-tier", "for-tier", "up-to")
                name = next((item[key] for key in keys if key in item), index)
                named[str(name)] = item
        return named
    if not isinstance(found, dict):
        return {}
    if SECTIONS[section].shape == "name":
        return {name: item for name, item in found.items() if isinstance(item, dict)}
    return {section: found}


def _files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Change]:
    for name in sorted({*old, *new} - {"policy.toml", "ladders.csv"}):
        if old.get(name) != new.get(name):
            yield Change(
                what=f"file {name}",
                before=digest.sha256(old[name])[:12] if name in old else "",
                after=digest.sha256(new[name])[:12] if name in new else "",
            )


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)
