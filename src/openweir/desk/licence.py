"""Say which licence a file, a folder or a name is, what it asks, and what parents ask of it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from openweir.artifact import show
from openweir.artifact.walk import Found, open_found, walk
from openweir.dossier import component_of
from openweir.dossier.card import Card, read_card
from openweir.dossier.licence import (
    Conflict,
    Covered,
    Identified,
    Standing,
    conditions_of,
    conflicts,
    contradiction,
    coverage,
    declared,
    every_licence,
    identify,
    named,
    sha256,
    terms_of,
)
from openweir.errors import DossierError, UsageError

__all__ = ["LicenceReport", "licence"]

_MOST_BYTES = 1024 * 1024
_CARD = "README.md"
_WITHOUT_TEXT = ("", "other", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceReport:
    """What was found of one file, folder or name.

    Attributes:
        subject: as asked for.
        kind: `text`, `folder` or `name`.
        found: what it is; for a folder, what holds for the whole of it.
        declared: what the card of a folder declares; "" for nothing.
        texts: the licence texts of a folder, by path.
        contradictions: where a text denies what is declared.
        coverage: of a folder's components.
        conflicts: with the licences of parents.
    """

    subject: str
    kind: str
    found: Identified
    declared: str = ""
    texts: tuple[tuple[str, Identified], ...] = ()
    contradictions: tuple[str, ...] = ()
    coverage: tuple[Covered, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences on record that it is, departs from or names."""
        every = [self.found, *(found for _, found in self.texts)]
        return tuple(dict.fromkeys(name for found in every for name in found.licences))

    @property
    def terms_hold(self) -> bool:
        """Whether the terms on record are those of what was found, not of what it departs from."""
        sure = (Standing.EXACT, Standing.DECLARED_ONLY)
        return self.found.standing in sure and bool(self.licences)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is asked beyond notices, as far as is known."""
        asked = conditions_of(self.licences)
        if self.found.standing is Standing.MODIFIED:
            places = sum(len(part.residue) for part in self.found.parts)
            return (*asked, f"the text was changed in {places} places: read them")
        return asked

    def to_json(self) -> dict[str, object]:
        """Return the report as plain JSON values."""
        return {
            "subject": self.subject,
            "kind": self.kind,
            **self.found.to_json(),
            "declared": self.declared,
            "files": [{"path": path, **found.to_json()} for path, found in self.texts],
            "contradictions": list(self.contradictions),
            "coverage": [covered.to_json() for covered in self.coverage],
            "terms_hold": self.terms_hold,
            "terms": {
                name: {term.predicate: term.to_json() for term in terms_of(name)}
                for name in self.licences
            },
            "names": {name: every_licence()[name] for name in self.licences},
            "conditions": list(self.conditions),
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "pack_sha256": sha256(),
        }


def licence(what: str, parents: Iterable[str] = ()) -> LicenceReport:
    """Say which licence something is.

    Args:
        what: a licence text's file, a model folder, or the name of a licence; a path goes first.
        parents: files or names: the licences of the models it was made from.

    Raises:
        UsageError: there is neither such a path nor such a licence.
        DossierError: a parent's licence is not known, or one of its own is not.
        ArtifactError: the folder cannot be used.
    """
    path = Path(what)
    if path.is_dir():
        report = _of_folder(what, path)
    elif path.is_file():
        report = LicenceReport(subject=what, kind="text", found=identify(_text_of(path)))
    else:
        report = LicenceReport(subject=what, kind="name", found=_of_name(what))
    stated = tuple(parents)
    if not stated:
        return report
    return LicenceReport(
        subject=report.subject,
        kind=report.kind,
        found=report.found,
        declared=report.declared,
        texts=report.texts,
        contradictions=report.contradictions,
        coverage=report.coverage,
        conflicts=_conflicts(report, stated),
    )


def _of_name(what: str) -> Identified:
    meant = named(what)
    if meant.reason == "not a name on record":
        near = difflib.get_close_matches(what, every_licence(), n=1, cutoff=0.6)
        raise UsageError(
            f"`{show(what)}` is neither a file, nor a folder, nor a licence on record",
            code="no-licence",
            hint=f"did you mean `{near[0]}`?" if near else "openweir licence LICENSE",
        )
    return declared(what)


def _of_folder(subject: str, root: Path) -> LicenceReport:
    files = walk(root).files
    stated = _declared(files)
    texts = tuple(
        (file.path, identify(_text(file)))
        for file in files
        if component_of(file.path) == "Licence"
        and not PurePosixPath(file.path).name.lower().startswith("notice")
    )
    top = [found for path, found in texts if "/" not in path and "policy" not in path.lower()]
    by_folder = {
        "" if str(PurePosixPath(path).parent) == "." else str(PurePosixPath(path).parent): found
        for path, found in reversed(texts)
        if "policy" not in PurePosixPath(path).name.lower()
    }
    return LicenceReport(
        subject=subject,
        kind="folder",
        found=top[0] if top else declared(stated),
        declared=stated,
        texts=texts,
        contradictions=tuple(
            f"{_CARD} says `{show(stated)}`, {path}: {reason}"
            for path, found in texts
            if "/" not in path
            and "policy" not in path.lower()
            and found.standing is not Standing.NONE
            and (reason := contradiction(stated, found))
        ),
        coverage=coverage(
            [(file.path, component_of(file.path), file.size) for file in files],
            {folder: found.in_words() for folder, found in by_folder.items()},
            declared(stated).in_words() if stated else "",
        ),
    )


def _declared(files: Iterable[Found]) -> str:
    card = next((file for file in files if file.path == _CARD), None)
    if card is None:
        return ""
    try:
        read: Card = read_card(_text(card), where=_CARD)
    except DossierError:
        return ""
    return read.licence_name if read.licence.lower() in _WITHOUT_TEXT else read.licence


def _conflicts(report: LicenceReport, parents: tuple[str, ...]) -> tuple[Conflict, ...]:
    asked = [_one_licence(parent) for parent in parents]
    if not report.terms_hold:
        raise DossierError(
            f"its own licence is `{report.found.in_words()}`, whose terms are not on record",
            code="licence-unknown",
            where=report.subject,
        )
    found = [one for own in report.found.licences for one in conflicts(own, asked)]
    return tuple(dict.fromkeys(found))


def _one_licence(parent: str) -> str:
    """Return the licence on record that a parent's file or name is."""
    path = Path(parent)
    found = identify(_text_of(path)) if path.is_file() else _of_name(parent)
    sure = (Standing.EXACT, Standing.DECLARED_ONLY)
    if found.standing not in sure or len(found.licences) != 1:
        raise DossierError(
            f"the licence of this parent is `{found.in_words()}`, not one on record",
            code="parent-licence",
            where=parent,
            hint="name a licence and its version, such as `Llama 3.1 Community License`",
        )
    return found.licences[0]


def _text_of(path: Path) -> str:
    with path.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise UsageError(
            f"longer than {_MOST_BYTES} bytes: no licence text is that long",
            code="too-long",
            where=str(path),
        )
    return data.decode("utf-8", errors="replace")


def _text(file: Found) -> str:
    with open_found(file) as stream:
        return stream.read(_MOST_BYTES).decode("utf-8", errors="replace")
