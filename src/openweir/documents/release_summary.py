"""The plain-language summary of a release, for those who will meet it downstream."""

from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType

from openweir.canonical import decimal_text
from openweir.decision import Decision, RequirementResult, Status
from openweir.documents.document import Document, Section, Sentence, Support, plain
from openweir.dossier import Certainty, Dossier, Estimate, Fact
from openweir.errors import DocumentError
from openweir.tier import Tier

__all__ = ["FORMS", "release_summary"]

_PERMITS = {
    Tier.SEALED: "Nothing leaves the house: nobody outside it may use this release yet.",
    Tier.TRUSTED_HOSTED: "Vetted organisations may use it through a hosted interface.",
    Tier.PUBLIC_HOSTED: "Anyone may use it through a hosted interface; the weights stay inside.",
    Tier.GATED_WEIGHTS: "Named recipients may have the weights after a request is granted.",
    Tier.OPEN_WEIGHTS: "Anyone may download the weights; copies cannot be taken back.",
    Tier.FULLY_OPEN: "Anyone may download weights, data and code; copies cannot be taken back.",
}

_SURENESS = {
    Certainty.READ: "read from the files",
    Certainty.COMPUTED: "computed",
    Certainty.VERIFIED: "read at its source",
    Certainty.QUOTED: "quoted from its source by someone else",
    Certainty.DECLARED: "stated by the releasing party",
    Certainty.SECONDARY: "from a second-hand source, not checked",
    Certainty.MEMORY: "not checked",
}

# What a reader asks first: predicate -> how the sentence begins.
_ABOUT = {
    "parameters": "Size",
    "architecture": "Architecture",
    "base-model": "Derived from",
    "training-compute": "Training compute",
    "licence": "Licence of the weights",
    "licence-conditions": "Conditions of that licence",
    "specialised-domain": "Specialised training data",
    "safety-evaluation": "Safety tests the maker published",
    "tamper-evaluation": "Tests after tampering that were published",
    "released-as": "How it was released in fact",
}


def release_summary(decision: Decision, dossier: Dossier) -> Document:
    """Fill in the summary.

    Raises:
        DocumentError: the decision is about another release than the dossier.
    """
    if (decision.name, decision.release_sha256) != (dossier.name, dossier.release_sha256):
        raise DocumentError(
            f"the decision is about `{decision.name}`, the dossier about `{dossier.name}`, "
            "or about other files of it",
            code="mismatch",
            where="decision.json",
            hint="decide again with `openweir decide CASE`",
        )
    return Document(
        form="release-summary",
        title=f"{plain(decision.name)}: release summary",
        sections=(
            Section(heading="What it is", sentences=_what(dossier)),
            Section(heading="Who may have it", sentences=_who(decision)),
            Section(heading="Why", sentences=_why(decision)),
            Section(heading="What is not known", sentences=_unknown(decision)),
            Section(heading="Until when", sentences=_until(decision)),
            Section(heading="How to check it yourself", sentences=_check(decision)),
            Section(heading="Where to report a problem", sentences=_report(dossier)),
        ),
    )


FORMS: MappingProxyType[str, Callable[[Decision, Dossier], Document]] = MappingProxyType(
    {"release-summary": release_summary}
)
"""Every form by its name."""


def _what(dossier: Dossier) -> tuple[Sentence, ...]:
    sentences = [_stated(dossier, predicate, beginning) for predicate, beginning in _ABOUT.items()]
    if dossier.release_sha256 is None:
        sentences.append(
            Sentence(
                text="No files were at hand: everything here comes from publications.",
                support=(Support(key="dossier release_sha256", text="none"),),
            )
        )
    return tuple(sentences)


def _stated(dossier: Dossier, predicate: str, beginning: str) -> Sentence:
    facts = tuple(dossier.facts_of(predicate))
    if not facts:
        return Sentence(
            text=f"{beginning}: not stated.",
            support=(Support(key=f"fact {predicate}", text="none in the dossier"),),
        )
    words = "; or ".join(f"{_value(fact)} ({_SURENESS[fact.certainty]})" for fact in facts)
    return Sentence(text=f"{beginning}: {words}.", support=tuple(_fact(fact) for fact in facts))


def _who(decision: Decision) -> tuple[Sentence, ...]:
    tier = decision.effective_tier
    sentences = [
        Sentence(
            text=f"Tier: {tier.word}. {_PERMITS[tier]}",
            support=(_decision("effective_tier", tier.word),),
        )
    ]
    if tier != decision.tier:
        sentences.append(
            Sentence(
                text=f"The evidence would carry {decision.tier.word}; its owner or an override "
                f"set {tier.word}.",
                support=(
                    _decision("tier", decision.tier.word),
                    _decision("effective_tier", tier.word),
                ),
            )
        )
    held = [item for item in decision.components if item.tier != tier]
    sentences += [
        Sentence(
            text=f"The component {plain(item.component)} is held at {item.tier.word}.",
            support=(_decision("components", f"{plain(item.component)}: {item.tier.word}"),),
        )
        for item in held
    ]
    return tuple(sentences)


def _why(decision: Decision) -> tuple[Sentence, ...]:
    shown = [item for item in decision.requirements if item.status is Status.DEMONSTRATED]
    sentences = [
        Sentence(
            text=f"Policy {plain(decision.policy.id)} {plain(decision.policy.version)} was asked; "
            f"{len(shown)} of its {len(decision.requirements)} requirements are demonstrated.",
            support=(_decision("policy", f"pack with digest {decision.policy.sha256}"),),
        )
    ]
    sentences += [
        Sentence(text=f"Shown: {_sentence(item.text)}", support=(_requirement(item),))
        for item in shown
        if item.tier <= decision.tier
    ]
    for lack in decision.whynot[:1]:
        blocking = [item for item in decision.requirements if item.id in lack.blocking]
        sentences += [
            Sentence(
                text=f"For {lack.tier.word} it is not shown: {_sentence(item.text)}",
                support=(_requirement(item),),
            )
            for item in blocking
        ]
        if lack.alternative:
            sentences.append(
                Sentence(
                    text=f"Meanwhile: {_sentence(lack.alternative)}",
                    support=(_decision(f"whynot {lack.tier.word}", "alternative access"),),
                )
            )
    sentences += [
        Sentence(
            text=f"Refuted for {item.tier.word}: {_sentence(item.text)} "
            f"Reason: {_sentence(item.reason or 'not stated')}",
            support=(_requirement(item),),
        )
        for item in decision.requirements
        if item.status is Status.REFUTED
    ]
    if decision.tier < Tier.OPEN_WEIGHTS:
        cost = plain(decision.cost_of_withholding) or "not stated"
        sentences.append(
            Sentence(
                text=f"What is lost while it is held back: {_sentence(cost)}",
                support=(_decision("cost_of_withholding", "as the case states it"),),
            )
        )
    return tuple(sentences)


def _unknown(decision: Decision) -> tuple[Sentence, ...]:
    open_ = [item for item in decision.requirements if item.status is Status.UNDETERMINED]
    if not open_:
        return (
            Sentence(
                text="No requirement of the policy was left undetermined.",
                support=(_decision("requirements", "none undetermined"),),
            ),
        )
    alike: dict[tuple[str, str], list[RequirementResult]] = {}
    for item in open_:
        alike.setdefault((item.text, item.reason), []).append(item)
    return tuple(
        Sentence(
            text=f"Undetermined for {', '.join(item.tier.word for item in items)}: "
            f"{_sentence(text)} Reason: {_sentence(reason or 'not stated')}",
            support=tuple(_requirement(item) for item in items),
        )
        for (text, reason), items in alike.items()
    )


def _until(decision: Decision) -> tuple[Sentence, ...]:
    until, review = decision.valid_until.isoformat(), decision.review_by.isoformat()
    return (
        Sentence(
            text=f"The decision was made as of {decision.as_of.isoformat()} and holds until "
            f"{until}; it is looked at again by {review}.",
            support=(
                _decision("as_of", decision.as_of.isoformat()),
                _decision("valid_until", until),
                _decision("review_by", review),
            ),
        ),
    )


def _check(decision: Decision) -> tuple[Sentence, ...]:
    digest = decision.release_sha256
    if digest is None:
        return (
            Sentence(
                text="There are no files to check: the decision names no digest.",
                support=(_decision("subject", "release_sha256: none"),),
            ),
        )
    return (
        Sentence(
            text="Run: openweir verify FOLDER. It checks the files, the signatures, the public "
            "log and the dates, and says which fails.",
            support=(_decision("subject", f"release_sha256: {digest}"),),
        ),
    )


def _report(dossier: Dossier) -> tuple[Sentence, ...]:
    return (_stated(dossier, "contact", "Contact"),)


def _value(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Estimate):
        lower, upper = _number(value.lower), _number(value.upper)
        span = lower if value.lower == value.upper else f"{lower} to {upper}"
        return f"{span} {plain(fact.unit or '')}".rstrip()
    return plain("; ".join(value) if isinstance(value, tuple) else value)


def _number(number: Decimal) -> str:
    return decimal_text(number) if abs(number) < 10**6 else str(number.normalize())


def _fact(fact: Fact) -> Support:
    place = f", {plain(fact.source.locator)}" if fact.source.locator else ""
    return Support(
        key=f"fact {fact.predicate}", text=f"{plain(fact.source.ref)}{place} ({fact.certainty})"
    )


def _requirement(item: RequirementResult) -> Support:
    reason = f": {plain(item.reason)}" if item.reason else ""
    return Support(key=f"requirement {plain(item.id)}", text=f"{item.status.value}{reason}")


def _decision(key: str, text: str) -> Support:
    return Support(key=f"decision {key}", text=text)


def _sentence(text: str) -> str:
    words = plain(text).rstrip(".")
    return f"{words}."
