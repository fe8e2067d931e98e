"""See what is due for a case, and which advisories touch it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openweir import digest
from openweir.decision import Decision
from openweir.desk.case import CaseFolder
from openweir.dossier import Dossier
from openweir.errors import OpenweirError, WatchError
from openweir.evidence import Evidence
from openweir.watch import Advisory, Hit, Subject, Trigger, due, levers, match

__all__ = ["Watch", "watch"]

_MAX_ADVISORY_BYTES = 4 * 1024 * 1024
_MAX_ADVISORIES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What came after a decision.

    Attributes:
        advisories_read: how many were looked through.
        levers: what can still be done at the tier in force; empty when nothing hit.
    """

    decision: Decision
    as_of: date
    triggers: tuple[Trigger, ...]
    hits: tuple[Hit, ...]
    advisories_read: int
    levers: tuple[str, ...]

    @property
    def anything_due(self) -> bool:
        """Whether someone should act."""
        return bool(self.triggers or self.hits)


def watch(case: Path, *, advisories: Path | None = None, as_of: date) -> Watch:
    """Look at a case as of a day.

    Args:
        case: the case folder, with its decision.
        advisories: a folder of OSV files (`*.json`), looked through to any depth.
        as_of: the day that is asked about.

    Raises:
        CaseError: the folder is no case, or has no decision yet.
        WatchError: the advisories cannot be read, or one is malformed.
    """
    folder = CaseFolder.open(case)
    decision = Decision.from_bytes(
        folder.read("decision.json", made_by="decide"), where=str(folder.path("decision.json"))
    )
    found = () if advisories is None else _read(advisories)
    hits = match(found, _subject(folder, decision))
    return Watch(
        decision=decision,
        as_of=as_of,
        triggers=due(
            decision, evidence=_evidence(folder), inputs=_inputs(folder, decision), as_of=as_of
        ),
        hits=hits,
        advisories_read=len(found),
        levers=levers(decision.effective_tier) if hits else (),
    )


def _inputs(folder: CaseFolder, decision: Decision) -> tuple[tuple[str, str], ...]:
    """Return what the case holds now of the files a decision rests on, and any added since."""
    named = {name for name, _ in decision.inputs if _inside(name)}
    added = {name for name, _ in folder.evidence_files()} | {"plan.json"}
    return tuple(
        (name, digest.sha256(folder.path(name).read_bytes()))
        for name in sorted(named | added)
        if folder.path(name).is_file()
    )


def _inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")


def _evidence(folder: CaseFolder) -> tuple[tuple[str, Evidence], ...]:
    """Return what evidence can be read; it only names the oldest trial.

    A file that cannot be read must not hide that the decision expired, and when it was
    altered since, its digest tells.
    """
    found = []
    for name, data in folder.evidence_files():
        with suppress(OpenweirError):
            found.append((digest.sha256(data), Evidence.from_bytes(data, where=name)))
    return tuple(found)


def _subject(folder: CaseFolder, decision: Decision) -> Subject:
    parents: tuple[str, ...] = ()
    if folder.path("dossier.json").is_file():
        dossier = Dossier.from_bytes(
            folder.read("dossier.json", made_by="inspect"), where=str(folder.path("dossier.json"))
        )
        stated = (fact.value for fact in dossier.facts_of("base-model"))
        parents = tuple(
            name for value in stated for name in (value if isinstance(value, tuple) else ())
        )
    return Subject(
        name=decision.name,
        files=tuple(
            (file.path, file.sha256) for part in decision.components for file in part.files
        ),
        parents=parents,
    )


def _read(folder: Path) -> tuple[Advisory, ...]:
    if not folder.is_dir():
        raise WatchError(
            "there is no such folder of advisories",
            code="no-folder",
            where=str(folder),
            hint="name a folder of OSV files, such as --advisories advisories",
        )
    paths = sorted(path for path in folder.rglob("*.json") if path.is_file())
    if len(paths) > _MAX_ADVISORIES:
        raise WatchError(
            f"{len(paths)} advisories are more than the {_MAX_ADVISORIES} that are read",
            code="too-many",
            where=str(folder),
            hint="name a smaller folder",
        )
    found = []
    for path in paths:
        if path.stat().st_size > _MAX_ADVISORY_BYTES:
            raise WatchError(
                f"an advisory of {path.stat().st_size} bytes is too long",
                code="too-long",
                where=str(path),
                hint=f"at most {_MAX_ADVISORY_BYTES} bytes are read",
            )
        found.append(Advisory.from_bytes(path.read_bytes(), where=str(path)))
    return tuple(found)
