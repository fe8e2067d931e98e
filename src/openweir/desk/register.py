"""Keep the public log: start it, append signed decisions, prove and audit."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from openweir.attest import Envelope, Statement, Trust, TrustedLog
from openweir.canonical import Object, parse
from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.fetch import is_url, register_fetch
from openweir.desk.home import Home
from openweir.desk.keys import read_trust, write_trust
from openweir.desk.sign import ENVELOPE, LOG_PROOF, bundle_of
from openweir.digest import is_sha256, sha256
from openweir.errors import CaseError, OpenweirError, UsageError
from openweir.hub import check, log_entry
from openweir.register import (
    Audit,
    Checkpoint,
    Damage,
    Fetch,
    Log,
    Proof,
    VerifierKey,
    audit,
    directory_fetch,
    directory_listing,
    read_entries,
)

__all__ = [
    "Appended",
    "append",
    "audit_register",
    "init",
    "prove_case",
    "prove_index",
    "register_at",
    "trusted_logs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Where a decision stands in the log.

    Attributes:
        added: whether the log grew; False when it held the statement already.
        proof: the file in the case.
    """

    index: int
    checkpoint: Checkpoint
    statement_sha256: str
    proof: Path
    added: bool


def init(root: Path, *, home: Home, origin: str | None = None) -> Log:
    """Start a log with a new key, and trust it.

    Args:
        root: the log's folder.
        home: where trust lies.
        origin: the log's name; a random local one by default.

    Raises:
        RegisterError: there is a log already, or the name cannot be used.
    """
    log = Log.create(root, origin=origin or f"openweir.local/register-{secrets.token_hex(4)}")
    _trust(log, home)
    return log


def append(root: Path, *, register: Path, home: Home, at: datetime) -> Appended:
    """Append the signed decision of a case; the log is started on first use.

    The same statement again is left where it is. The envelope is kept beside the log,
    and the proof goes into the case.

    Raises:
        CaseError: the decision is not signed as it asks.
        RegisterError: another process is appending, or the log is damaged.
    """
    case = CaseFolder.open(root)
    statement = _signed_statement(case, read_trust(home.trust), at)
    log = Log.open(register) if (register / "checkpoint").exists() else init(register, home=home)
    size = log.checkpoint().size
    entry = log_entry(statement)
    (index,) = log.append([entry], once=True)
    digest = sha256(statement.to_bytes())
    envelope = case.read(ENVELOPE, made_by="sign")
    write_atomically(register / "statements" / f"{digest}.dsse.json", envelope)
    proof = log.prove(index)
    write_atomically(case.path(LOG_PROOF), proof.to_bytes())
    return Appended(
        index=index,
        checkpoint=log.checkpoint(),
        statement_sha256=digest,
        proof=case.path(LOG_PROOF),
        added=index >= size,
    )


def prove_case(root: Path, *, register: Path, home: Home, at: datetime) -> tuple[Path, Proof]:
    """Write a fresh proof for a case's decision into the case.

    Raises:
        CaseError: the decision is not signed, or not in this log.
    """
    case = CaseFolder.open(root)
    statement = _signed_statement(case, read_trust(home.trust), at)
    log = Log.open(register)
    index = log.find(log_entry(statement))
    if index is None:
        raise CaseError(
            "the signed decision is not in this log",
            code="not-logged",
            where=str(register),
            hint=f"openweir register append {root}",
        )
    proof = log.prove(index)
    write_atomically(case.path(LOG_PROOF), proof.to_bytes())
    return case.path(LOG_PROOF), proof


def prove_index(index: int, *, register: Path) -> Proof:
    """Return the proof of one entry.

    Raises:
        RegisterError: the log has no such entry.
    """
    return Log.open(register).prove(index)


def audit_register(stated: str | Path, *, trust: Trust) -> Audit:
    """Recompute a whole log, and compare the statements kept beside it.

    Args:
        stated: folder, or address of a log or of a hub that publishes one.
        trust: which logs count.

    Raises:
        UsageError: there is no log at this place, or it cannot be reached.
    """
    fetch = register_at(stated)
    if isinstance(stated, str) and is_url(stated):
        return audit(fetch, trusted_logs(trust))
    root = Path(stated)
    if not (root / "checkpoint").exists():
        raise UsageError(
            f"there is no log at `{root}`",
            code="no-log",
            hint="openweir register append CASE starts one",
        )
    found = audit(fetch, trusted_logs(trust), listing=directory_listing(root))
    if found.checkpoint is None or found.damage:
        return found
    return Audit(checkpoint=found.checkpoint, damage=_statements(root, found.checkpoint, fetch))


def register_at(stated: str | Path) -> Fetch:
    """Return a fetch over a log's folder or address; of a hub's address, over its log."""
    if isinstance(stated, str) and is_url(stated):
        whole = stated if urlsplit(stated).path.strip("/") else f"{stated.rstrip('/')}/register"
        return register_fetch(whole)
    return directory_fetch(Path(stated))


def trusted_logs(trust: Trust) -> tuple[tuple[str, VerifierKey], ...]:
    """Return (origin, key) of every trusted log.

    Raises:
        RegisterError: a verifier key in the trust file is malformed.
    """
    return tuple(
        (log.origin, VerifierKey.parse(log.verifier_key, where="trust.toml")) for log in trust.logs
    )


def _trust(log: Log, home: Home) -> None:
    verifier = log.verifier
    trusted = TrustedLog(origin=verifier.name, verifier_key=str(verifier))
    write_trust(home.trust, read_trust(home.trust).with_log(trusted))


def _signed_statement(case: CaseFolder, trust: Trust, at: datetime) -> Statement:
    """Return the statement that people signed, once it is signed as the decision asks."""
    case.read("decision.json", made_by="decide")
    bundle = bundle_of(case)
    for found in check(bundle, trust=trust, at=at):
        if found.name in {"signature", "approvals", "decision"} and not found.ok:
            raise CaseError(
                f"not ready for the log: {found.detail}",
                code="not-signed",
                where=str(case.root),
                hint=f"openweir sign {case.root} --key KEY",
            )
    return Envelope.from_bytes(bundle.envelope).verify(trust.public_keys)[0]


def _statements(root: Path, head: Checkpoint, fetch: Fetch) -> tuple[Damage, ...]:
    """Compare each statement kept beside the log with the digest that its entry holds."""
    damage = []
    for index, data in enumerate(read_entries(head.size, fetch)):
        try:
            entry = Object(parse(data), "entry")
            digest = entry.text("statement_sha256")
        except OpenweirError:
            continue  # entries are opaque to the log: this one is not a decision's
        name = f"statements/{digest}.dsse.json"
        path = root / name
        if not is_sha256(digest) or not path.is_file():
            continue  # keeping statements beside the log is a convenience, not the log
        try:
            held = path.read_bytes()
            envelope = Envelope.from_bytes(held)
            right = sha256(envelope.payload) == digest and envelope.to_bytes() == held
        except (OSError, OpenweirError):
            right = False
        if not right:
            damage.append(
                Damage(path=name, detail=f"is not the statement that entry {index} names")
            )
    return tuple(damage)
