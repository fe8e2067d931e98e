"""The outside summaries of a decision, signed: SLSA VSA v1 for each channel, in-toto SVR.

They are for tools that know nothing of Openweir. They exist once everyone whose signature
the decision asks for has given it, so that no single key makes a summary say `PASSED`.
"""

from openweir.attest import Envelope, Key
from openweir.decision import Decision
from openweir.desk.case import CaseFolder, write_atomically
from openweir.errors import OpenweirError
from openweir.hub.summaries import check_summaries, summaries_of

__all__ = ["check_summaries", "clear_summaries", "read_summaries", "sign_summaries"]

_FOLDER = "statements/summaries"
_MAX_BYTES = 64 * 1024 * 1024


def sign_summaries(case: CaseFolder, decision: Decision, data: bytes, key: Key) -> tuple[str, ...]:
    """Sign every summary of an approved decision; a further key adds its signature.

    Args:
        case: where they go.
        decision: as read from `data`, signed as it asks.
        data: the bytes of `decision.json`.
        key: whose signature they get.

    Returns:
        Their names in the case.
    """
    names = []
    for name, statement in summaries_of(decision, data):
        path = case.path(f"{_FOLDER}/{name}")
        envelope = Envelope(payload=statement.to_bytes(), signatures=())
        if path.is_file():
            try:
                kept = Envelope.from_bytes(path.read_bytes())
                envelope = kept if kept.payload == envelope.payload else envelope
            except OpenweirError:
                pass  # whatever it was, it is written anew
        write_atomically(path, envelope.with_signature(key).to_bytes())
        names.append(f"{_FOLDER}/{name}")
    return tuple(names)


def clear_summaries(case: CaseFolder) -> None:
    """Remove the summaries of an earlier decision."""
    for path in case.listed(_FOLDER, "*.dsse.json"):
        path.unlink(missing_ok=True)


def read_summaries(case: CaseFolder) -> tuple[tuple[str, bytes], ...]:
    """Return (name, bytes) of every summary that lies in a case; none is verified yet."""
    found = []
    for path in case.listed(_FOLDER, "*.dsse.json"):
        with path.open("rb") as stream:
            found.append((path.name, stream.read(_MAX_BYTES)))
    return tuple(found)
