"""The hub's own log: a proof from it must agree with what the log holds now."""

from pathlib import Path

from openweir.attest import Envelope, Trust
from openweir.errors import HubError
from openweir.hub.accept import Bundle
from openweir.hub.statement import log_entry
from openweir.register import Log, Proof

__all__ = ["require_in_own_log"]


def require_in_own_log(bundle: Bundle, register: Path, *, trust: Trust) -> None:
    """Check a checked bundle once more against the log in `register`, if it is of that log.

    A proof alone shows that the log held the entry once; this shows that it still does,
    so a publication cannot rest on a branch of the log that its readers never see.

    Raises:
        HubError: the log holds something else at that index, or is shorter than the proof says.
        RegisterError: the log is damaged.
    """
    if bundle.log_proof is None or not (register / "checkpoint").is_file():
        return
    proof = Proof.from_bytes(bundle.log_proof)
    log = Log.open(register)
    head = log.checkpoint()
    origin = proof.checkpoint.partition(b"\n")[0]
    if origin != head.origin.encode():
        return
    statement, _ = Envelope.from_bytes(bundle.envelope).verify(trust.public_keys)
    if proof.index >= head.size or log.entry(proof.index) != log_entry(statement):
        raise HubError(
            "check `log` fails: the log that the hub publishes does not hold this decision",
            code="refused",
            hint="append it to that log: openweir register append CASE --register DIR",
        )
