"""The outside summaries of a decision: SLSA VSA v1 for each channel, in-toto SVR.

They are for tools that know nothing of Openweir, and say what the decision says: whoever
serves or reads them makes them again from it and compares.
"""

from collections.abc import Iterator, Mapping

from openweir.attest import APPROVING_ROLES, Envelope, Statement, Trust
from openweir.decision import Decision
from openweir.decision.rationale import svr_statement, vsa_statement
from openweir.digest import sha256
from openweir.errors import OpenweirError
from openweir.hub.accept import Check
from openweir.tier import Tier

__all__ = ["SUMMARIES", "check_summaries", "summaries_of", "summary_fault"]

SUMMARIES = "summaries/"
"""The folder they lie in, below `.openweir/` and `statements/`."""


def check_summaries(
    decision: Decision, data: bytes, found: Mapping[str, bytes], *, trust: Trust
) -> tuple[Check, ...]:
    """Check that summaries say what the decision says, signed by someone who may approve.

    Args:
        decision: as read from `data`.
        data: the bytes of `decision.json`.
        found: name -> envelope; hostile until checked.
        trust: whose signatures count.

    Returns:
        The check `summaries`; nothing where there are none.
    """
    if not found:
        return ()
    expected = dict(summaries_of(decision, data))
    for name in sorted({*expected, *found}):
        fault = summary_fault(expected.get(name), found.get(name), trust)
        if fault:
            return (Check(name="summaries", ok=False, detail=f"`{name[:80]}` {fault}"),)
    detail = f"{len(found)} summaries for other tools (VSA, SVR) say what the decision says"
    return (Check(name="summaries", ok=True, detail=detail),)


def summary_fault(expected: Statement | None, data: bytes | None, trust: Trust) -> str:
    """Return what is wrong with one summary; "" for nothing."""
    if expected is None:
        return "is not a summary of this decision"
    if data is None:
        return "is missing beside the others"
    try:
        statement, keys = Envelope.from_bytes(data).verify(trust.public_keys)
    except OpenweirError as error:
        return f"does not verify: {error.message}"
    if all(person.role not in APPROVING_ROLES for person in trust.signers(keys)):
        return "is signed by nobody who may approve a release"
    same = statement.to_bytes() == expected.to_bytes()
    return "" if same else "says other things than the decision"


def summaries_of(decision: Decision, data: bytes) -> Iterator[tuple[str, Statement]]:
    """Yield (name, statement) of every summary of a decision, unsigned."""
    digest = sha256(data)
    for tier in Tier:
        if tier is not Tier.SEALED:
            yield f"vsa-{tier.word}.dsse.json", vsa_statement(decision, digest, tier)
    yield "svr.dsse.json", svr_statement(decision, digest)
