"""Evidence: one trial's result on one claim, bound to the bytes it was obtained on."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from openweir.canonical import Object, decimal_text, parse, text
from openweir.digest import is_sha256
from openweir.errors import EvidenceError, UsageError
from openweir.evidence.bound import METHOD, Bound, bound_is_covered
from openweir.evidence.claim import parse_claim, parse_evaluation, parse_trial_id
from openweir.evidence.scale import (
    Access,
    Independence,
    Rung,
    parse_access,
    parse_independence,
    parse_rung,
)
from openweir.instant import parse_day

__all__ = [
    "Attack",
    "Conduct",
    "Evidence",
    "Method",
    "Result",
    "Source",
]

_SCHEMA = "openweir/evidence/1"
_LEAST_CONFIDENCE = Decimal("0.95")
_BINDINGS = ("log", "declared", "none")
_LONGEST_FILE = 1024 * 1024
_LONGEST_TEXT = 1_000
# The words of `dossier.Certainty`; rooms beside each other do not import each other.
_CERTAINTIES = ("read", "computed", "verified", "quoted", "declared", "secondary", "memory")


class Source(StrEnum):
    """Where the numbers come from."""

    LOG = "log"  # an eval log whose bytes were read
    PUBLICATION = "publication"  # a published figure; no log at hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Counts and what follows from them.

    Attributes:
        events: samples in which the claim's event happened.
        n: scored samples.
        unscored: samples without a score; they are never dropped silently.
        bound: the interval; unscored samples count as the worse outcome in it.
    """

    events: int
    n: int
    unscored: int
    bound: Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What was done to the model first; rung and budget in the trial's own words."""

    rung: Rung
    budget: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """Who ran the trial and with what access."""

    evaluator: str
    independence: Independence
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How the numbers were obtained.

    Attributes:
        tool, tool_version: `inspect_ai` `0.3.285`.
        task, task_version, metric: which question and which score counts as the event.
        model: the model as the log names it.
        log_sha256: of the log file; None for a publication.
        reference: the publication, for `Source.PUBLICATION`.
        certainty: of a publication, in the words of `dossier.Certainty`; `read` for a log.
    """

    source: Source
    tool: str
    tool_version: str
    task: str
    task_version: str
    metric: str
    model: str
    log_sha256: str | None
    reference: str | None
    certainty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One trial's answer.

    Attributes:
        trial: the id in the plan.
        claim: `<domain>.<endpoint>`, such as `cyber.capability`.
        evaluation: `PE1` without safeguards, `PE2` after modification, `PE3` after
            amplification, `PE4` proxy worst case, `SYS` whole system with safeguards.
        subject_sha256: `model_sha256` of the dossier the trial ran on; None if not known.
        binding: `log` when the log itself names the digest, `declared` when whoever
            imported it did, `none` when nothing binds the result to bytes.
        produced_on: the day the trial ended, YYYY-MM-DD.
    """

    trial: str
    claim: str
    evaluation: str
    subject_sha256: str | None
    binding: str
    attack: Attack
    result: Result
    conduct: Conduct
    method: Method
    produced_on: str

    def to_bytes(self) -> bytes:
        """Return the canonical file `evidence/<trial>.json`; its SHA-256 is the evidence digest."""
        bound = self.result.bound
        return text(
            {
                "schema": _SCHEMA,
                "trial": self.trial,
                "claim": self.claim,
                "evaluation": self.evaluation,
                "subject": {"sha256": self.subject_sha256, "binding": self.binding},
                "attack": {"rung": self.attack.rung.name, "budget": dict(self.attack.budget)},
                "result": {
                    "events": self.result.events,
                    "n": self.result.n,
                    "unscored": self.result.unscored,
                    "lower": decimal_text(bound.lower),
                    "upper": decimal_text(bound.upper),
                    "confidence": decimal_text(bound.confidence),
                    "method": bound.method,
                },
                "conduct": {
                    "evaluator": self.conduct.evaluator,
                    "independence": self.conduct.independence.word,
                    "access": self.conduct.access.name,
                },
                "method": {
                    "source": self.method.source.value,
                    "tool": self.method.tool,
                    "tool_version": self.method.tool_version,
                    "task": self.method.task,
                    "task_version": self.method.task_version,
                    "metric": self.method.metric,
                    "model": self.method.model,
                    "log_sha256": self.method.log_sha256,
                    "reference": self.method.reference,
                    "certainty": self.method.certainty,
                },
                "produced_on": self.produced_on,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> "Evidence":
        """Read an evidence file.

        The interval is computed again from the counts: one that is narrower than they
        allow is refused, so that editing a file by hand cannot raise a tier.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            EvidenceError: of another schema, or a value is out of its range.
        """
        read = Object(parse(data, where=where, max_bytes=_LONGEST_FILE), where)
        if read.text("schema") != _SCHEMA:
            raise EvidenceError(
                f"`{read.text('schema')}` is not the schema `{_SCHEMA}`", code="schema", where=where
            )
        subject, attack = read.object("subject"), read.object("attack")
        conduct, method = read.object("conduct"), read.object("method")
        found = cls(
            trial=parse_trial_id(read.text("trial"), where=f"{where}.trial"),
            claim=parse_claim(read.text("claim"), where=f"{where}.claim"),
            evaluation=parse_evaluation(read.text("evaluation"), where=f"{where}.evaluation"),
            subject_sha256=subject.optional_text("sha256"),
            binding=_word(subject, "binding", _BINDINGS),
            attack=Attack(
                rung=parse_rung(attack.text("rung"), where=f"{where}.attack.rung"),
                budget=tuple(
                    (_plain(key, attack.where), _text(attack.object("budget"), key))
                    for key in sorted(attack.object("budget").value)
                ),
            ),
            result=_result(read.object("result")),
            conduct=Conduct(
                evaluator=_text(conduct, "evaluator"),
                independence=parse_independence(
                    conduct.text("independence"), where=f"{where}.conduct.independence"
                ),
                access=parse_access(conduct.text("access"), where=f"{where}.conduct.access"),
            ),
            method=Method(
                source=Source(_word(method, "source", tuple(Source))),
                tool=_text(method, "tool"),
                tool_version=_text(method, "tool_version"),
                task=_text(method, "task"),
                task_version=_text(method, "task_version"),
                metric=_text(method, "metric"),
                model=_text(method, "model"),
                log_sha256=method.optional_text("log_sha256"),
                reference=method.optional_text("reference"),
                certainty=_word(method, "certainty", _CERTAINTIES),
            ),
            produced_on=_day(read, "produced_on"),
        )
        _check_origin(found, where)
        return found


def _result(read: Object) -> Result:
    result = Result(
        events=read.integer("events"),
        n=read.integer("n"),
        unscored=read.integer("unscored"),
        bound=Bound(
            lower=read.decimal("lower"),
            upper=read.decimal("upper"),
            confidence=read.decimal("confidence"),
            method=read.text("method"),
        ),
    )
    if not 0 <= result.events <= result.n or result.n == 0 or result.unscored < 0:
        raise EvidenceError(
            f"{result.events} events of {result.n} samples cannot be",
            code="counts",
            where=read.where,
            hint="0 <= events <= n, n > 0, unscored >= 0",
        )
    stated = result.bound
    if not 0 <= stated.lower <= stated.upper <= 1:
        raise EvidenceError(
            f"`{stated.lower}` to `{stated.upper}` is no interval of a proportion",
            code="interval",
            where=read.where,
        )
    if stated.method != METHOD:
        raise EvidenceError(
            f"`{stated.method[:40]}` is not a method whose intervals can be checked",
            code="bound-method",
            where=f"{read.where}.method",
            hint=f"use `{METHOD}`, as `openweir evidence add` does",
        )
    if not _LEAST_CONFIDENCE <= stated.confidence < 1:
        raise EvidenceError(
            f"evidence at a confidence of `{stated.confidence}` is too weak to count",
            code="confidence",
            where=f"{read.where}.confidence",
            hint=f"at least {_LEAST_CONFIDENCE} and less than 1",
        )
    if not bound_is_covered(stated, result.events, result.n, result.unscored, where=read.where):
        raise EvidenceError(
            f"`{stated.lower}` to `{stated.upper}` is narrower than"
            f" {result.events} of {result.n} samples allow",
            code="narrow-interval",
            where=read.where,
            hint="import the log again with `openweir evidence add`",
        )
    return result


def _check_origin(found: Evidence, where: str) -> None:
    """Refuse a record that contradicts itself about where its numbers come from."""
    subject, method = found.subject_sha256, found.method
    for name, digest in (("subject.sha256", subject), ("method.log_sha256", method.log_sha256)):
        if digest is not None and not is_sha256(digest):
            raise EvidenceError(
                f"`{digest[:80]}` is not a SHA-256 digest", code="digest", where=f"{where}.{name}"
            )
    wrong = ""
    if (subject is None) != (found.binding == "none"):
        wrong = "a binding other than `none` needs a subject digest, and a digest needs a binding"
    elif method.source is Source.LOG and method.log_sha256 is None:
        wrong = "evidence from a log names the log's digest"
    elif method.source is Source.PUBLICATION and (found.binding == "log" or not method.reference):
        wrong = "a publication has a reference, and no log that could bind it"
    if wrong:
        raise EvidenceError(wrong, code="origin", where=where)


def _text(read: Object, key: str) -> str:
    return _plain(read.text(key), f"{read.where}.{key}")


def _plain(found: str, where: str) -> str:
    """Return text that is safe to print on one line."""
    if len(found) > _LONGEST_TEXT or not found.isprintable():
        raise EvidenceError(
            "text is too long or holds control characters",
            code="text",
            where=where,
            hint=f"one printable line of at most {_LONGEST_TEXT} characters",
        )
    return found


def _word(read: Object, key: str, allowed: tuple[str, ...]) -> str:
    found = read.text(key)
    if found not in allowed:
        raise EvidenceError(
            f"`{found[:80]}` is not a {key}",
            code=key,
            where=f"{read.where}.{key}",
            hint="one of " + ", ".join(allowed),
        )
    return found


def _day(read: Object, key: str) -> str:
    found = read.text(key)
    try:
        return parse_day(found).isoformat()
    except UsageError as error:
        raise EvidenceError(
            error.message, code="day", where=f"{read.where}.{key}", hint=error.hint
        ) from None
