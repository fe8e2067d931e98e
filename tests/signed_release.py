"""A small signed and logged release for tests, built from the public functions of the rooms."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from hub_world import weights
from openweir.artifact import FileEntry, Manifest
from openweir.attest import Envelope, Key, Trust, TrustedKey, TrustedLog, sign_model
from openweir.decision import (
    Approvals,
    ComponentDecision,
    Decision,
    PolicyReference,
    ServedFile,
)
from openweir.digest import dirhash
from openweir.evidence import Plan
from openweir.hub import Bundle, decision_statement, log_entry
from openweir.register import Log
from openweir.tier import Tier

NAME = "velmar/botanist"
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
FILES = {
    ".gitattributes": b"*.safetensors filter=lfs\n",
    "README.md": b"# Botanist\n",
    "config.json": b"{}\n",
    "sub/model.safetensors": weights(bytes(64)),
}
INPUTS = {
    "dossier.json": b'{"d": 1}\n',
    "evidence/one.json": b'{"e": 1}\n',
    "plan.json": Plan(subject_sha256=None, trials=()).to_bytes(),
}
ALICE, BOB, EVE = Key.generate(), Key.generate(), Key.generate()


def sha(data: bytes) -> str:
    """Return the SHA-256 of data in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def decision_of(
    files: dict[str, bytes] | None = None,
    *,
    tier: Tier = Tier.GATED_WEIGHTS,
    approvals: Approvals | None = None,
    inputs: dict[str, bytes] | None = None,
) -> Decision:
    """Return a decision over files, all in one component."""
    files = FILES if files is None else files
    served = tuple(
        ServedFile(path=path, size=len(data), sha256=sha(data))
        for path, data in sorted(files.items())
    )
    whole = dirhash((file.path, file.sha256) for file in served) if served else None
    return Decision(
        name=NAME,
        release_sha256=whole,
        model_sha256=whole,
        as_of=date(2026, 11, 20),
        policy=PolicyReference(id="openweir-baseline", version="1", sha256="ab" * 32),
        tier=tier,
        effective_tier=tier,
        release_state="decided",
        valid_until=date(2027, 5, 19),
        review_by=date(2027, 5, 19),
        cost_of_withholding="",
        approvals=approvals or Approvals(signatures=2, roles=("developer", "reviewer")),
        components=(ComponentDecision(component="Model", tier=tier, files=served),)
        if served
        else (),
        requirements=(),
        whynot=(),
        inputs=tuple(
            sorted(
                (name, sha(data)) for name, data in (INPUTS if inputs is None else inputs).items()
            )
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A bundle and all that is needed to check it."""

    decision: Decision
    bundle: Bundle
    trust: Trust
    log: Log

    def changed(self, **changes: bytes | None) -> Bundle:
        """Return the bundle with some of its parts replaced."""
        return replace(self.bundle, **changes)


def people(**roles: Key) -> Trust:
    """Return a trust with one key per role, named after it."""
    trust = Trust(policies=("ab" * 32,))
    for role, key in roles.items():
        trust = trust.with_key(TrustedKey(name=f"the {role}", role=role, key=key.public))
    return trust


def release_in(
    root: Path, decision: Decision | None = None, keys: tuple[Key, ...] = (ALICE, BOB)
) -> Release:
    """Return a release signed by some keys and logged in a new log at `root`."""
    decision = decision or decision_of()
    data = decision.to_bytes()
    statement = decision_statement(decision, data)
    envelope = Envelope.sign(statement, keys[0])
    for key in keys[1:]:
        envelope = envelope.with_signature(key)
    log = Log.create(root, origin="example.com/log")
    log.append([b"something else"])
    (index,) = log.append([log_entry(statement)])
    log.append([b"something later"])
    entries = tuple(
        FileEntry(path=file.path, size=file.size, sha256=file.sha256)
        for part in decision.components
        for file in part.files
    )
    bundle = Bundle(
        decision=data,
        envelope=envelope.to_bytes(),
        log_proof=log.prove(index).to_bytes(),
        model_signature=sign_model(Manifest(files=entries), keys[0], name=NAME)
        if entries
        else None,
    )
    trusted = TrustedLog(origin="example.com/log", verifier_key=str(log.verifier))
    trust = people(developer=ALICE, reviewer=BOB).with_log(trusted)
    return Release(decision=decision, bundle=bundle, trust=trust, log=log)


def write_files(root: Path, files: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def write_download(root: Path, release: Release, files: dict[str, bytes] | None = None) -> None:
    """Write a release as a downstream user gets it: model files and `.openweir/`."""
    bundle = release.bundle
    write_files(root, FILES if files is None else files)
    statements = {
        **INPUTS,
        "decision.json": bundle.decision,
        "decision.dsse.json": bundle.envelope,
        "decision.tlog-proof": bundle.log_proof or b"",
        "model.sig": bundle.model_signature or b"",
    }
    write_files(root / ".openweir", statements)
