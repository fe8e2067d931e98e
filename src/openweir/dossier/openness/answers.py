"""What people answered where a rule set needs a person, read from `openness.toml`.

::

    [channel]                      # how the model is handed out
    verification = "open-to-all"   # none | open-to-all | discriminatory | unknown
    personal_data = "security-only"
    payment = "free"
    hosting = "anywhere"
    designated = false

    [[osaid]]                      # an element of the Open Source AI Definition
    element = "data-information"
    met = true
    by = "Ada Lovelace"
    on = "2026-11-20"
    reason = "the data card names every source and how it was filtered"
"""

import tomllib
from dataclasses import dataclass, field

from openweir.artifact import show
from openweir.canonical import Object
from openweir.dossier.openness.exemption import Channel
from openweir.dossier.openness.osaid import Judgement
from openweir.errors import DossierError
from openweir.instant import parse_day

__all__ = ["Answers", "answers_from_toml"]

_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """People's answers: judgements with names, and how the model is handed out."""

    judgements: tuple[Judgement, ...] = ()
    channel: Channel = field(default_factory=Channel)


def answers_from_toml(data: bytes, *, where: str = "openness.toml") -> Answers:
    """Read people's answers.

    Raises:
        CanonicalError: a key is missing or of the wrong type.
        DossierError: not TOML, an unknown key, or a word that is no answer.
        UsageError: a day is none.
    """
    if len(data) > _MAX_BYTES:
        raise DossierError(f"longer than {_MAX_BYTES} bytes", code="answers", where=where)
    try:
        top = Object(tomllib.loads(data.decode()), where)
    except (ValueError, RecursionError) as error:
        raise DossierError(
            f"not valid TOML: {str(error)[:200]}", code="answers", where=where
        ) from None
    _only(top, ("channel", "osaid"))
    stated = top.optional_object("channel")
    return Answers(
        judgements=tuple(_judgement(row) for row in top.objects("osaid")),
        channel=Channel() if stated is None else _channel(stated),
    )


def _channel(row: Object) -> Channel:
    words = ("verification", "personal_data", "payment", "hosting")
    _only(row, (*words, "between_microenterprises", "designated"))
    try:
        return Channel(
            **{word: row.text(word, "unknown") for word in words},
            between_microenterprises=row.flag("between_microenterprises", default=False),
            designated=row.flag("designated") if "designated" in row.value else None,
        )
    except DossierError as error:
        raise DossierError(
            error.message, code="channel", where=row.where, hint=error.hint
        ) from None


def _judgement(row: Object) -> Judgement:
    _only(row, ("element", "met", "by", "on", "reason"))
    return Judgement(
        element=row.text("element"),
        met=row.flag("met"),
        by=row.text("by"),
        on=parse_day(row.text("on"), where=f"{row.where}.on").isoformat(),
        reason=row.text("reason"),
    )


def _only(row: Object, known: tuple[str, ...]) -> None:
    """A misspelt key would be an answer that goes unheard."""
    for key in row.value:
        if key not in known:
            raise DossierError(
                f"`{show(key)}` is no key here",
                code="answers",
                where=row.where,
                hint="one of " + ", ".join(known),
            )
