"""Decide a case: read its folder, judge it, keep the decision beside what it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from openweir.decision import (
    Case,
    Decision,
    Instruction,
    decide_together,
    read_case,
)
from openweir.desk import clock
from openweir.desk.case import CaseFolder, Declaration, write_atomically
from openweir.desk.home import Home
from openweir.desk.pack import DEFAULT_PACK, load_pack
from openweir.desk.plan_log import check_registered
from openweir.desk.signed_evidence import evidence_signers, unsigned
from openweir.desk.supersession import Replacement
from openweir.dossier import Dossier
from openweir.errors import CaseError, OpenweirError
from openweir.policy import Policy

if TYPE_CHECKING:
    from openweir.attest import Trust

__all__ = [
    "SIGNED_FOLDERS",
    "Outcome",
    "Standing",
    "decide_case",
    "judge_case",
    "read_files",
    "standing",
]

_MAX_EVIDENCE_BYTES = 4 * 1024 * 1024
_MAX_EVIDENCE_FILES = 10_000
_INSPECTED = ("file", "computation")  # sources of facts that case.toml need not state
SIGNED_FOLDERS = ("exceptions/", "orders/", "overrides/")
"""Folders of a case in which others than its owner may have a word, signed."""

_INSTRUCTIONS = ("orders/", "overrides/")
_MAX_SIGNED_FILES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of deciding a case.

    Attributes:
        data: the bytes of decision.json.
        rejected: (file, reason) of evidence that could not be used.
        written: whether decision.json was written; it is not when nothing changed, or
            when the folder cannot be written to.
        outdated: whether case.toml states another name or other facts than the dossier.
        notes: what a reader should know of how the evidence came to be here.
    """

    decision: Decision
    data: bytes
    rejected: tuple[tuple[str, str], ...]
    written: bool
    outdated: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A case as it lies in its folder, and what it is to be decided under.

    Attributes:
        case: with the overrides, orders and exceptions whose signatures hold.
        as_of: the day.
        outdated: whether case.toml states another name or other facts than the dossier.
        notes: what a reader should know of how the evidence came to be here.
    """

    case: Case
    policies: tuple[Policy, ...]
    as_of: date
    outdated: bool
    notes: tuple[str, ...] = ()

    def decide(self) -> Decision:
        """Return the decision."""
        return decide_together(self.case, self.policies, self.as_of)


def decide_case(
    root: Path,
    *,
    policy: str | Sequence[str] | None = None,
    as_of: str | None = None,
    home: Home | None = None,
) -> Outcome:
    """Decide the case at `root` and write decision.json if it changed.

    Args:
        root: the case folder.
        policy: name of a shipped pack, or a folder, the baseline by default; of several
            the least tier counts.
        as_of: YYYY-MM-DD; the present day in UTC by default.
        home: whose signatures on overrides and orders count; the user's own by default.

    Raises:
        OpenweirError: the case, the policy or the day cannot be read.
    """
    found = standing(root, policy=policy, as_of=as_of, home=home)
    decision = found.decide()
    path, data = root / "decision.json", decision.to_bytes()
    written = False
    if not _has(path, data):
        try:
            write_atomically(path, data)
            written = True
        except CaseError:
            pass  # an example on a read-only disk is still decided and printed
    return Outcome(
        decision=decision,
        data=data,
        rejected=found.case.rejected,
        written=written,
        outdated=found.outdated,
        notes=found.notes,
    )


def judge_case(
    root: Path,
    *,
    policy: str | Sequence[str] | None = None,
    as_of: str | None = None,
    home: Home | None = None,
) -> tuple[Decision, Case]:
    """Decide the case at `root` without writing anything.

    Raises:
        OpenweirError: the case, the policy or the day cannot be read.
    """
    found = standing(root, policy=policy, as_of=as_of, home=home)
    return found.decide(), found.case


def standing(
    root: Path,
    *,
    policy: str | Sequence[str] | None = None,
    as_of: str | None = None,
    home: Home | None = None,
) -> Standing:
    """Read the case at `root` and the policies it is to be decided under.

    Raises:
        OpenweirError: the case, the policy or the day cannot be read.
    """
    day = clock.today(as_of)
    folder = CaseFolder.open(root)
    declaration = folder.declaration()
    replaced = check_registered(folder, home=home)
    files = read_files(folder)
    case = read_case(files, hold=declaration.hold, component_holds=declaration.component_holds)
    packs = (policy,) if isinstance(policy, str) else tuple(policy or (DEFAULT_PACK,))
    policies = tuple(load_pack(pack) for pack in packs)
    return Standing(
        case=_with_signed(case, files, policies, day, home),
        policies=policies,
        as_of=day,
        outdated=_outdated(declaration, case.dossier),
        notes=(
            *_replaced(replaced),
            *unsigned(case.evidence, evidence_signers(folder, home=home), root),
        ),
    )


def _replaced(found: tuple[Replacement, ...]) -> Iterator[str]:
    for one in found:
        who = " and ".join(f"{name} ({role})" for name, role in one.signers)
        yield f"{one.trial} was replaced on {one.on} by {who}: {one.reason[:200]}"


def _with_signed(
    case: Case,
    files: Mapping[str, bytes],
    policies: Sequence[Policy],
    as_of: date,
    home: Home | None,
) -> Case:
    """Return the case with the overrides, orders and exceptions whose signatures hold."""
    if not any(name.startswith(SIGNED_FOLDERS) for name in files):
        return case
    # Only a case with signed files pays for loading cryptography.
    from openweir.decision.exception import read_grants  # noqa: PLC0415
    from openweir.desk.keys import read_trust  # noqa: PLC0415

    trust = read_trust((home or Home.find()).trust)
    instructions, unused = _instructions(files, trust)
    grants, ungranted = read_grants(
        files, dossier=case.dossier, policies=policies, trust=trust, as_of=as_of
    )
    return replace(
        case,
        instructions=instructions,
        grants=grants,
        rejected=(*case.rejected, *unused, *ungranted),
    )


def _outdated(declaration: Declaration, dossier: Dossier) -> bool:
    # Contradictions are marked by the inspection, not stated.
    stated = {replace(fact, contradicted_by=()) for fact in declaration.facts}
    held = {replace(fact, contradicted_by=()) for fact in dossier.facts}
    gone = {fact for fact in held - stated if fact.source.kind not in _INSPECTED}
    return declaration.name != dossier.name or not stated <= held or bool(gone)


def _instructions(
    files: Mapping[str, bytes], trust: "Trust"
) -> tuple[tuple[Instruction, ...], tuple[tuple[str, str], ...]]:
    """Return the overrides and orders whose signatures hold, and (file, reason) of the others."""
    from openweir.attest import Envelope  # noqa: PLC0415 - as above
    from openweir.decision.instruction import read_instruction  # noqa: PLC0415 - as above

    names = sorted(name for name in files if name.startswith(_INSTRUCTIONS))
    found: list[Instruction] = []
    rejected: list[tuple[str, str]] = []
    for name in names:
        try:
            envelope = Envelope.from_bytes(files[name], where=name)
            found.append(read_instruction(envelope, trust, file=name))
        except OpenweirError as error:
            rejected.append((name, " ".join(error.message.split())[:200]))
    return tuple(found), tuple(rejected)


def read_files(folder: CaseFolder) -> Mapping[str, bytes]:
    """Return name -> bytes of every file a decision rests on.

    An evidence file that cannot be read, or is too large, comes back empty: it will be
    set aside with a reason, and its trial stays unanswered.

    Raises:
        CaseError: case.toml or dossier.json cannot be read (the hint names the command
            that makes the latter), or a file's name is not UTF-8.
    """
    files = {
        "case.toml": folder.read("case.toml", made_by="init"),
        "dossier.json": folder.read("dossier.json", made_by="inspect"),
    }
    if folder.path("plan.json").exists():
        files["plan.json"] = folder.read("plan.json", made_by="plan")
    if folder.path("stages.json").exists():
        # The decision names its digest, so that nobody opens the release by another plan.
        files["stages.json"] = folder.read("stages.json", made_by="decide")
    evidence = folder.listed("evidence", "*.json")
    if len(evidence) > _MAX_EVIDENCE_FILES:
        raise CaseError(
            f"{len(evidence)} evidence files are more than the {_MAX_EVIDENCE_FILES} allowed",
            code="too-many",
            where=str(folder.root),
        )
    for path in evidence:
        files[f"evidence/{path.name}"] = _bounded(path)
    for part in SIGNED_FOLDERS:
        signed = folder.listed(part, "*.dsse.json")
        if len(signed) > _MAX_SIGNED_FILES:
            # Passing over some of them could pass over an order.
            raise CaseError(
                f"{len(signed)} files under {part} are more than the {_MAX_SIGNED_FILES} allowed",
                code="too-many",
                where=str(folder.root),
                hint="take out those that have run out",
            )
        for path in signed:
            files[f"{part}{path.name}"] = _bounded(path)
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
