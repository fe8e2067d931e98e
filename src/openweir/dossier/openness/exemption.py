"""The EU AI Act's free and open-source exemption, paragraph by paragraph.

Answers are `yes` (the condition is met), `no`, `arguable` or `unknown`, each with the
paragraph of the guidelines it rests on. One `no` takes the exemption away. Limits
on use in the manner of RAIL licences are always arguable: paragraph 84 lets
safety-oriented limits stand, and whether a given list is one is a matter of argument.

Source: Regulation (EU) 2024/1689 Art. 51(2), 53(2), 54(6); guidelines C(2025) 5045, 72-92.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from openweir.artifact import show
from openweir.dossier.fact import Estimate
from openweir.dossier.openness.holding import Holding
from openweir.dossier.openness.rule_set import rule_data
from openweir.dossier.openness.terms import Terms, terms_of
from openweir.errors import DossierError

__all__ = ["Answer", "Channel", "Exemption", "Finding", "exemption"]


class Answer(StrEnum):
    """How a condition stands, the gravest first."""

    NO = "no"
    ARGUABLE = "arguable"
    UNKNOWN = "unknown"
    YES = "yes"


_WORDS = {
    "verification": ("none", "open-to-all", "discriminatory", "unknown"),
    "personal_data": ("none", "security-only", "other", "unknown"),
    "payment": ("free", "optional-extras", "required", "unknown"),
    "hosting": ("anywhere", "own-platform-only", "unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How the model is handed out.

    Attributes:
        verification: `none`, `open-to-all` (users are verified, nobody is left out
            unfairly), `discriminatory` (by country, research only), or `unknown`.
        personal_data: collected for access: `none`, `security-only`, `other`, `unknown`.
        payment: `free`, `optional-extras`, `required` (for the model, a dual licence or
            compulsory support), `unknown`.
        hosting: `anywhere`, `own-platform-only` (paid or ad-funded), `unknown`.
        between_microenterprises: whether only such deals are paid.
        designated: whether the model was designated as one with systemic risk; None if unknown.
    """

    verification: str = "unknown"
    personal_data: str = "unknown"
    payment: str = "unknown"
    hosting: str = "unknown"
    between_microenterprises: bool = False
    designated: bool | None = None

    def __post_init__(self) -> None:
        """Refuse words that are none of these."""
        for field, words in _WORDS.items():
            if getattr(self, field) not in words:
                raise DossierError(
                    f"`{show(getattr(self, field))}` is no answer for `{field}`",
                    code="channel",
                    hint="one of " + ", ".join(words),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition: paragraph, answer, and why."""

    paragraph: str
    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Whether the exemption holds on the facts stated.

    Attributes:
        findings: in the order of the paragraphs.
        owed: what is owed in any case, by paragraph 75.
    """

    findings: tuple[Finding, ...]
    owed: tuple[str, ...]

    @property
    def answer(self) -> Answer:
        """The gravest answer among the findings."""
        return _gravest(self.findings)

    @property
    def licence(self) -> Answer:
        """The gravest answer among the findings on the licence, paragraphs 80 to 84."""
        return _gravest(
            tuple(found for found in self.findings if found.paragraph in _LICENCE_PARAGRAPHS)
        )


_LICENCE_PARAGRAPHS = frozenset({"80", "81", "82", "83", "84"})


def exemption(holding: Holding, channel: Channel | None = None) -> Exemption:
    """Go through the conditions.

    Args:
        holding: the parts of the system, the licence of the weights as declared, the compute.
        channel: how it is handed out; what is not said stays unknown.
    """
    channel = channel or Channel()
    read = rule_data("eu-exemption.toml").read
    threshold = Decimal(read.object("rules").text("systemic_risk_flop"))
    return Exemption(
        findings=(
            _systemic(holding.compute_flop, channel, threshold),
            _access(channel),
            *_licence(holding.part("weights").licence),
            *_money(channel),
            *_published(holding),
        ),
        owed=tuple(f"Art. {row.text('id')}: {row.text('text')}" for row in read.objects("owed")),
    )


def _systemic(compute: Estimate | None, channel: Channel, threshold: Decimal) -> Finding:
    """Paragraphs 73 and 74, with Art. 51(2): presumed strictly above 1e25 FLOP."""
    if channel.designated:
        return _found("73-74", Answer.NO, "designated as a model with systemic risk")
    if compute is None:
        return _found("73-74", Answer.UNKNOWN, "training compute is not known")
    if compute.lower > threshold:
        return _found("73-74", Answer.NO, f"training compute is above {threshold} FLOP")
    if compute.upper > threshold:
        return _found("73-74", Answer.UNKNOWN, f"training compute straddles {threshold} FLOP")
    if channel.designated is None:
        return _found("73-74", Answer.UNKNOWN, "not said whether it was designated")
    return _found("73-74", Answer.YES, f"at most {threshold} FLOP and not designated")


def _access(channel: Channel) -> Finding:
    return {
        "none": _found("79", Answer.YES, "anyone can get it"),
        "open-to-all": _found("79", Answer.YES, "users are verified, nobody is left out unfairly"),
        "discriminatory": _found("79", Answer.NO, "access leaves people out unfairly"),
        "unknown": _found("79", Answer.UNKNOWN, "not said who can get it"),
    }[channel.verification]


def _licence(licence: str) -> tuple[Finding, ...]:
    """Paragraphs 80 to 84 on the licence of the weights, as declared."""
    terms = terms_of(licence) if licence else None
    if terms is None or terms.for_data:
        said = f"`{licence}`" if licence else "no licence"
        why = f"{said}: its terms for a model are not on record"
        return tuple(_found(paragraph, Answer.UNKNOWN, why) for paragraph in ("80", "81", "82"))
    found = [
        _use(terms),
        _found("81", _yes(terms.modify), f"{terms.title}: {_permits(terms.modify)} modification"),
        _found(
            "82",
            _yes(terms.redistribute),
            f"{terms.title}: {_permits(terms.redistribute)} distribution",
        ),
    ]
    against = [reason for reason in terms.refusals() if reason not in _ELSEWHERE]
    if against:
        found.append(_found("83", Answer.NO, f"{terms.title}: {'; '.join(against)}"))
    conditions = (*terms.limits(), *terms.duties())
    if conditions:
        found.append(_found("84", Answer.ARGUABLE, f"{terms.title}: {'; '.join(conditions)}"))
    return tuple(found)


_ELSEWHERE = frozenset({"no modification", "no redistribution"})


def _use(terms: Terms) -> Finding:
    if terms.limits_outputs:
        return _found("80", Answer.NO, f"{terms.title}: outputs may not improve other models")
    if terms.excludes:
        return _found("80", Answer.NO, f"{terms.title}: {terms.excludes}")
    if terms.refusals():
        return _found("80", Answer.NO, f"{terms.title}: see paragraph 83")
    if terms.limits() or terms.duties():
        return _found("80", Answer.ARGUABLE, f"{terms.title}: see paragraph 84")
    return _found("80", Answer.YES, f"{terms.title}: {terms.basis}")


def _money(channel: Channel) -> tuple[Finding, ...]:
    """Paragraphs 85 to 89."""
    if channel.payment == "required" and channel.between_microenterprises:
        payment = _found("89", Answer.YES, "only microenterprises pay one another")
    else:
        payment = {
            "free": _found("85", Answer.YES, "nothing is asked for it"),
            "optional-extras": _found("85", Answer.YES, "paid services are optional"),
            "required": _found("85", Answer.NO, "it must be paid for"),
            "unknown": _found("85", Answer.UNKNOWN, "not said whether anything is asked for it"),
        }[channel.payment]
    return (
        payment,
        {
            "anywhere": _found("86", Answer.YES, "not tied to the maker's own platform"),
            "own-platform-only": _found("86", Answer.NO, "only on the maker's paid or ad platform"),
            "unknown": _found("86", Answer.UNKNOWN, "not said where it is offered"),
        }[channel.hosting],
        {
            "none": _found("87", Answer.YES, "no personal data are asked for"),
            "security-only": _found("87", Answer.YES, "personal data serve security only"),
            "other": _found("87", Answer.NO, "personal data are collected beyond security"),
            "unknown": _found("87", Answer.UNKNOWN, "not said which personal data are asked for"),
        }[channel.personal_data],
    )


def _published(holding: Holding) -> tuple[Finding, ...]:
    """Paragraphs 90 to 92."""
    answers = {"yes": Answer.YES, "no": Answer.NO}
    return tuple(
        _found(paragraph, answers.get(part.present, Answer.UNKNOWN), f"{part.name}: {part.seen}")
        for paragraph, part in (
            ("90", holding.part("weights")),
            ("91", holding.part("architecture")),
            ("92", holding.part("usage information")),
        )
    )


def _found(paragraph: str, answer: Answer, reason: str) -> Finding:
    return Finding(paragraph=paragraph, answer=answer, reason=reason)


def _yes(permitted: bool) -> Answer:
    return Answer.YES if permitted else Answer.NO


def _permits(permitted: bool) -> str:
    return "permits" if permitted else "no right of"


def _gravest(findings: tuple[Finding, ...]) -> Answer:
    # INVARIANT: nothing found is unknown, never yes.
    given = {found.answer for found in findings}
    return next((answer for answer in Answer if answer in given), Answer.UNKNOWN)
