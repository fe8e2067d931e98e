"""Translate licence texts of a folder into facts: what each is, what it asks, what it denies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from openweir.artifact import Snapshot, VerdictKind, show
from openweir.dossier.component import component_of
from openweir.dossier.dossier import Finding
from openweir.dossier.fact import Certainty, Fact, Source
from openweir.dossier.licence import (
    Identified,
    Standing,
    clauses_of,
    conditions_of,
    contradiction,
    coverage,
    identify,
    named,
)

__all__ = ["LicenceReading", "licence_contradiction", "read_licences"]

_NOTICE = re.compile(r"notices?([._-].*)?", re.IGNORECASE)
_POLICY = re.compile(r"(use|usage)_policy([._-].*)?", re.IGNORECASE)
_MOST_DETAIL = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceReading:
    """What the licence texts of a folder say.

    Attributes:
        declared: the licence the card declares; "" for none.
        card: where it is declared.
        texts: each licence text that was compared, by path, and what it is.
        facts, findings: that follow.
        licence: what the files of the folder are under, as far as is known: the declared
            licence, or that of the text; `modified MIT` where the text departs from it.
    """

    declared: str
    card: Source
    texts: tuple[tuple[str, Identified], ...]
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    licence: str | None

    @property
    def main(self) -> tuple[str, Identified] | None:
        """The text that holds for the whole folder, and its path."""
        for path, found in self.texts:
            if "/" not in path and not _POLICY.fullmatch(path):
                return path, found
        return None


def read_licences(snapshot: Snapshot, declared: str | None, card: Source) -> LicenceReading:
    """Compare every licence text of a folder with those on record.

    Args:
        snapshot: of the folder.
        declared: the licence its card declares, or None.
        card: where it is declared.
    """
    texts = tuple(
        (file.path, identify(file.text))
        for file in snapshot.text_files
        if component_of(file.path) == "Licence"
        and not file.truncated
        and not _NOTICE.fullmatch(PurePosixPath(file.path).name)
    )
    bare = LicenceReading(
        declared=declared or "", card=card, texts=texts, facts=(), findings=(), licence=declared
    )
    return LicenceReading(
        declared=bare.declared,
        card=card,
        texts=texts,
        facts=tuple(_facts(bare, snapshot)),
        findings=tuple(_findings(bare)),
        licence=_licence(bare),
    )


def licence_contradiction(said: Fact, reading: LicenceReading) -> Finding | None:
    """Return what parts a licence that a case declares from the text of the folder, or None."""
    if reading.main is None or not isinstance(said.value, str):
        return None
    path, found = reading.main
    if found.standing is Standing.DECLARED_ONLY:
        return None  # a file that only names a licence says no more than the card
    return _contradiction(said.value, said.source.ref, path, found)


def _facts(reading: LicenceReading, snapshot: Snapshot) -> Iterator[Fact]:
    for path, found in reading.texts if len(reading.texts) > 1 else ():
        yield _verdict(path, found, _source(snapshot, path), subject=path)
    if reading.main is not None:
        path, found = reading.main
        source = _source(snapshot, path)
        yield _verdict(path, found, source, subject="release")
        if not reading.declared and found.standing is Standing.EXACT and len(found.licences) == 1:
            yield Fact(
                predicate="licence",
                value=found.licences[0],
                source=source,
                method="licence text, word for word",
                certainty=Certainty.READ,
            )
        yield from _conditions_of_text(reading, found, source)
    elif reading.declared:
        yield Fact(
            predicate="licence-verdict",
            value=Standing.DECLARED_ONLY.value,
            source=reading.card,
            method="no licence text among the files",
            certainty=Certainty.READ,
        )
        asked = named(reading.declared).licences
        if conditions_of(asked):
            yield Fact(
                predicate="licence-conditions",
                value=conditions_of(asked),
                source=reading.card,
                method=f"terms of {' and '.join(asked)}, {clauses_of(asked)}",
                certainty=Certainty.DECLARED,
            )
    yield from _coverage(reading, snapshot)


def _verdict(path: str, found: Identified, source: Source, *, subject: str) -> Fact:
    compared = ", ".join(dict.fromkeys(part.text for part in found.parts if part.text))
    return Fact(
        subject=subject,
        predicate="licence-verdict",
        value=found.standing.value,
        source=Source(
            kind=source.kind,
            ref=path,
            sha256=source.sha256,
            locator=" and ".join(found.licences) or found.family or None,
        ),
        method=f"words compared with {compared or 'every text on record'}",
        certainty=Certainty.COMPUTED,
    )


def _conditions_of_text(
    reading: LicenceReading, found: Identified, source: Source
) -> Iterator[Fact]:
    policies = [one for path, one in reading.texts if _POLICY.fullmatch(path)]
    asked = tuple(
        name
        for one in (found, *policies)
        if one.standing in (Standing.EXACT, Standing.MODIFIED)
        for name in one.licences
    )
    said = list(conditions_of(asked))
    if found.standing is Standing.MODIFIED:
        places = sum(len(part.residue) for part in found.parts)
        said.append(f"departs from {' and '.join(found.licences)} in {places} places: read them")
    elif found.standing in (Standing.FAMILY, Standing.NONE):
        said.append("a licence text whose terms are not on record: read it")
    if said:
        yield Fact(
            predicate="licence-conditions",
            value=tuple(said),
            source=Source(
                kind=source.kind,
                ref=source.ref,
                sha256=source.sha256,
                locator=clauses_of(asked) or None,
            ),
            method="terms on record of the licence text",
            certainty=Certainty.COMPUTED,
        )


def _coverage(reading: LicenceReading, snapshot: Snapshot) -> Iterator[Fact]:
    """Yield, for each component under several licences, how much of it each covers."""
    texts = [(path, one) for path, one in reading.texts if not _POLICY.fullmatch(path)]
    by_folder = {
        "" if (parent := str(PurePosixPath(path).parent)) == "." else parent: one.in_words()
        for path, one in reversed(texts)
    }
    if len(by_folder) < 2 - ("" not in by_folder):
        return
    files = [(file.path, component_of(file.path), file.size) for file in snapshot.manifest.files]
    held = coverage(files, by_folder, reading.declared)
    for component in dict.fromkeys(one.component for one in held):
        shares = [one for one in held if one.component == component]
        if len(shares) > 1:
            yield Fact(
                subject=f"component:{component}",
                predicate="licence-coverage",
                value=tuple(one.in_words() for one in shares),
                source=Source(kind="file", ref="licence texts by folder"),
                method="the nearest licence text in or above each file's folder",
                certainty=Certainty.COMPUTED,
            )


def _findings(reading: LicenceReading) -> Iterator[Finding]:
    for path, found in reading.texts:
        if _POLICY.fullmatch(path):
            continue
        wrong = None
        if "/" not in path and reading.declared:
            wrong = _contradiction(reading.declared, reading.card.ref, path, found)
        if wrong is not None:
            yield wrong
        elif found.standing is Standing.MODIFIED:
            places = sum(len(part.residue) for part in found.parts)
            names = " and ".join(found.licences)
            yield _finding(path, "licence-modified", f"{names} with {places} changed places")
        elif found.standing in (Standing.FAMILY, Standing.NONE):
            yield _finding(path, "licence-unread", found.reason)


def _contradiction(said: str, where: str, path: str, found: Identified) -> Finding | None:
    reason = contradiction(said, found)
    # A text like none on record may still be the declared licence in words we do not have.
    if not reason or found.standing is Standing.NONE:
        return None
    return _finding(path, "contradiction", f"licence: {where} says `{show(said, 80)}`, {reason}")


def _licence(reading: LicenceReading) -> str | None:
    """Return what the folder's files are under; a changed text never bears the plain name."""
    if reading.main is None:
        return reading.declared or None
    _, found = reading.main
    if found.standing is Standing.MODIFIED:
        return "modified " + " and ".join(found.licences)
    if not reading.declared and found.standing is Standing.EXACT:
        return " AND ".join(found.licences)
    return reading.declared or None


def _source(snapshot: Snapshot, path: str) -> Source:
    entry = snapshot.manifest.find(path)
    return Source(kind="file", ref=path, sha256=None if entry is None else entry.sha256 or None)


def _finding(path: str, rule: str, detail: str) -> Finding:
    return Finding(
        path=path,
        verdict=VerdictKind.FLAGGED.value,
        rules=(rule,),
        detail=show(detail, _MOST_DETAIL),
    )
