"""Decide a case: read its folder, judge it, keep the decision beside what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openweir.decision import Case, Decision, decide, read_case
from openweir.desk import clock
from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.pack import DEFAULT_PACK, load_pack
from openweir.errors import CaseError

__all__ = ["Outcome", "decide_case", "judge_case", "read_files"]

_MAX_EVIDENCE_BYTES = 4 * 1024 * 1024
_MAX_EVIDENCE_FILES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of deciding a case.

    Attributes:
        data: the bytes of decision.json.
        rejected: (file, reason) of evidence that could not be used.
        written: whether decision.json was written; it is not when nothing changed, or
            when the folder cannot be written to.
    """

    decision: Decision
    data: bytes
    rejected: tuple[tuple[str, str], ...]
    written: bool


def decide_case(root: Path, *, policy: str = DEFAULT_PACK, as_of: str | None = None) -> Outcome:
    """Decide the case at `root` and write decision.json if it changed.

    Args:
        root: the case folder.
        policy: name of a shipped pack, or a folder.
        as_of: YYYY-MM-DD; the present day in UTC by default.

    Raises:
        OpenweirError: the case, the policy or the day cannot be read.
    """
    decision, case = judge_case(root, policy=policy, as_of=as_of)
    path, data = root / "decision.json", decision.to_bytes()
    written = False
    if not _has(path, data):
        try:
            write_atomically(path, data)
            written = True
        except CaseError:
            pass  # an example on a read-only disk is still decided and printed
    return Outcome(decision=decision, data=data, rejected=case.rejected, written=written)


def judge_case(
    root: Path, *, policy: str = DEFAULT_PACK, as_of: str | None = None
) -> tuple[Decision, Case]:
    """Decide the case at `root` without writing anything.

    Raises:
        OpenweirError: the case, the policy or the day cannot be read.
    """
    day = clock.today(as_of)
    folder = CaseFolder.open(root)
    declaration = folder.declaration()
    files = read_files(folder)
    case = read_case(files, hold=declaration.hold, component_holds=declaration.component_holds)
    return decide(case, load_pack(policy), day), case


def read_files(folder: CaseFolder) -> Mapping[str, bytes]:
    """Return name -> bytes of every file a decision rests on.

    An evidence file that cannot be read, or is too large, comes back empty: it will be
    set aside with a reason, and its trial stays unanswered.

    Raises:
        CaseError: case.toml or dossier.json cannot be read; the hint names the command
            that makes the latter.
    """
    files = {
        "case.toml": folder.read("case.toml", made_by="init"),
        "dossier.json": folder.read("dossier.json", made_by="inspect"),
    }
    if folder.path("plan.json").exists():
        files["plan.json"] = folder.read("plan.json", made_by="plan")
    evidence = sorted(folder.path("evidence").glob("*.json"))
    if len(evidence) > _MAX_EVIDENCE_FILES:
        raise CaseError(
            f"{len(evidence)} evidence files are more than the {_MAX_EVIDENCE_FILES} allowed",
            code="too-many",
            where=str(folder.root),
        )
    for path in evidence:
        files[f"evidence/{path.name}"] = _bounded(path)
    return files


def _bounded(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size <= _MAX_EVIDENCE_BYTES:
            return path.read_bytes()
    except OSError:
        pass
    return b""


def _has(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
