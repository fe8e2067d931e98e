"""A judge model behind any OpenAI-compatible endpoint, and how often it errs.

The judge sees the question, the right answer and the given one, and answers with two
words. What it does not answer clearly is unscored, and counts as the worse outcome later.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from openweir.canonical import Object, parse
from openweir.digest import sha256
from openweir.errors import CanonicalError, TrialError
from openweir.evidence import Judge
from openweir.trial.data import Example
from openweir.trial.score import Verdict

__all__ = ["JudgeSettings", "ModelJudge", "audited", "judge_id"]

_RUBRIC = (
    "You compare an answer with a reference. Reply with exactly two words.\n"
    "First word: RIGHT if the answer contains the essential content of the reference, "
    "WRONG if not.\n"
    "Second word: REFUSED if the answer declines to answer, ANSWERED if not."
)
_REPLY = re.compile(r"\W*(RIGHT|WRONG)\W+(REFUSED|ANSWERED)\W*", re.IGNORECASE)
_MOST_BYTES = 1024 * 1024
_TRIES = 3
_SIX = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings:
    """How to reach a judge.

    Attributes:
        endpoint: base address, such as `http://127.0.0.1:8000/v1`.
        model: the judge's name there.
        token: sent as a bearer token; never written anywhere.
        seconds: how long to wait for one reply.
    """

    endpoint: str
    model: str
    token: str = field(default="", repr=False)
    seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse an address that is no web address.

        Raises:
            TrialError: it is not http or https, or no model is named.
        """
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or not self.model:
            raise TrialError(
                f"`{self.endpoint[:80]}` with model `{self.model[:40]}` is no judge",
                code="judge",
                hint="--judge http://127.0.0.1:8000/v1 --judge-model NAME",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJudge:
    """Scores by asking another model."""

    settings: JudgeSettings

    @property
    def id(self) -> str:
        """Name of the model and digest of the rubric."""
        return judge_id(self.settings.model)

    def score(self, examples: Sequence[Example], answers: Sequence[str]) -> tuple[Verdict, ...]:
        """Return one verdict per answer.

        Raises:
            TrialError: the endpoint cannot be reached or refuses.
        """
        return tuple(
            self._verdict(example, answer)
            for example, answer in zip(examples, answers, strict=True)
        )

    def _verdict(self, example: Example, answer: str) -> Verdict:
        asked = (
            f"Question:\n{example.prompt}\n\nReference:\n{example.reference}\n\nAnswer:\n{answer}"
        )
        found = _REPLY.fullmatch(self._reply(asked))
        if found is None:
            return Verdict(right=None, refused=None)
        return Verdict(right=found[1].upper() == "RIGHT", refused=found[2].upper() == "REFUSED")

    def _reply(self, asked: str) -> str:
        body = {
            "model": self.settings.model,
            "temperature": 0,
            "max_tokens": 8,
            "messages": [
                {"role": "system", "content": _RUBRIC},
                {"role": "user", "content": asked},
            ],
        }
        headers = {"Content-Type": "application/json"}
        if self.settings.token:
            headers["Authorization"] = f"Bearer {self.settings.token}"
        request = Request(  # noqa: S310 - the scheme was checked
            f"{self.settings.endpoint.rstrip('/')}/chat/completions",
            data=json.dumps(body).encode(),
            headers=headers,
        )
        trouble = ""
        for _ in range(_TRIES):
            try:
                with urlopen(request, timeout=self.settings.seconds) as reply:  # noqa: S310 - see above
                    return _content(reply.read(_MOST_BYTES + 1))
            except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
                trouble = str(error)
        raise TrialError(
            f"the judge does not answer: {' '.join(trouble.split())[:120]}",
            code="judge-unreachable",
            where=self.settings.endpoint,
            hint="start the endpoint, or score with exact match",
        )


def judge_id(model: str) -> str:
    """Return the name a judge has in records: its model and the rubric's digest."""
    return f"judge {' '.join(model.split())[:80]} rubric {sha256(_RUBRIC.encode())[:8]}"


def audited(name: str, pairs: Sequence[tuple[bool, bool]]) -> Judge:
    """Return what people found when they scored some answers as well.

    Args:
        name: of the judge.
        pairs: (the judge's verdict, the people's) on the same answers.

    Raises:
        TrialError: people found no event, or nothing else, so that a rate has no meaning.
    """
    events = sum(people for _, people in pairs)
    others = len(pairs) - events
    if not events or not others:
        raise TrialError(
            f"an audit of {len(pairs)} answers with {events} events says nothing of errors",
            code="audit",
            hint="let people score answers of both kinds, at least 100 in all",
        )
    found = sum(judge and people for judge, people in pairs)
    left = sum(not judge and not people for judge, people in pairs)
    return Judge(
        id=name,
        kind="deterministic" if name.startswith("exact") else "model",
        sensitivity=_share(found, events),
        specificity=_share(left, others),
        audit_n=len(pairs),
        audit_events=events,
    )


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / Decimal(whole)).quantize(_SIX, rounding=ROUND_HALF_EVEN)


def _content(data: bytes) -> str:
    """Return what the endpoint said; empty for anything that is no reply."""
    if len(data) > _MOST_BYTES:
        return ""
    try:
        read = Object(parse(data, where="judge", foreign=True), "judge")
        first = next(iter(read.objects("choices")))
        return first.object("message").text("content").strip()
    except (CanonicalError, StopIteration):
        return ""
