"""What can still be done about a release that turned out to have a flaw."""

from openweir.tier import Tier

__all__ = ["levers"]

_CHANNEL = "take it out of your own channel (publish a decision with a lower tier)"
_KNOWN = "tell the recipients you know"
_SPEECH = (
    "publish an advisory with its severity; derivatives inherit it",
    "withdraw your endorsement in the register",
)
_AFTER = (
    "ask hubs to block its digests and derivatives to be taken down",
    "offer mitigation: guards, detectors, a patched version",
    "deprecate it, and hold the next version to a lower tier",
)


def levers(tier: Tier) -> tuple[str, ...]:
    """Return what is left to do at a tier, the most direct first.

    From `open-weights` on nothing reaches copies that others hold, so nothing here
    claims it.

    Source: framework section 5, what is left after public weights.
    """
    if tier is Tier.SEALED:
        return ("mend it before anyone has it", _SPEECH[0])
    if not tier.weights_leave:
        return ("halt the hosted interface", "revoke the access of users or tenants", *_SPEECH)
    if not tier.irreversible:
        return (
            "stop new grants and revoke open ones; copies already handed over stay where they are",
            "call on the contract with each recipient",
            _KNOWN,
            *_SPEECH,
        )
    return (*_SPEECH, _CHANNEL, _KNOWN, *_AFTER)
