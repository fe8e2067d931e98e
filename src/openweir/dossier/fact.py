"""A fact: one thing known about a release, with where it comes from and how surely."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from openweir.canonical import Object, decimal_text
from openweir.errors import DossierError

__all__ = ["Certainty", "Estimate", "Fact", "Source", "Value", "parse_certainty"]


class Certainty(StrEnum):
    """How surely a fact is known; a policy says which of these count."""

    READ = "read"  # read from the release's own files by this tool
    COMPUTED = "computed"  # computed from facts that are known
    VERIFIED = "verified"  # the primary text or data was read
    QUOTED = "quoted"  # a verbatim quote of the primary, relayed by a secondary source
    DECLARED = "declared"  # stated by the releasing party in the case
    SECONDARY = "secondary"  # a secondary page or summary was read
    MEMORY = "memory"  # not checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact was found.

    Attributes:
        kind: `file`, `publication`, `statement` or `computation`.
        ref: path, title or name.
        sha256: of the bytes at `ref`, where known.
        locator: JSON pointer, page, section or line inside `ref`.
    """

    kind: str
    ref: str
    sha256: str | None = None
    locator: str | None = None

    @property
    def place(self) -> str:
        """The source in one word: `ref@sha256#locator`, as far as each is known."""
        digest = "" if self.sha256 is None else f"@{self.sha256}"
        return self.ref + digest + ("" if self.locator is None else f"#{self.locator}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An exact interval: the value lies between `lower` and `upper`, both included."""

    lower: Decimal
    upper: Decimal

    def __post_init__(self) -> None:
        """Refuse what is no interval."""
        if not (self.lower.is_finite() and self.upper.is_finite() and self.lower <= self.upper):
            raise DossierError(
                f"`{self.lower}` to `{self.upper}` is not an interval", code="interval"
            )

    @classmethod
    def exactly(cls, number: Decimal | int) -> "Estimate":
        """Return the interval that holds one number."""
        return cls(lower=Decimal(number), upper=Decimal(number))


Value = str | bool | tuple[str, ...] | Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement about a release.

    Attributes:
        subject: `release`, or the path of a file, or `component:<name>`.
        predicate: what is stated, from `openweir.dossier.vocabulary`.
        value: text, yes/no, texts, or an exact interval.
        unit: of an interval: `FLOP`, `parameter`, `token`, `byte`, `accelerator-hour`.
        source: where it was found.
        method: how it was obtained: `read`, `6ND`, `ceiling`, `stated`.
        certainty: how surely it is known.
        observed_on: the day it was found, YYYY-MM-DD, where it may change.
        contradicted_by: places (`ref@sha256#locator`) of facts that cannot be true beside
            this one, sorted; both are kept.
    """

    predicate: str
    value: Value
    source: Source
    method: str
    certainty: Certainty
    subject: str = "release"
    unit: str | None = None
    observed_on: str | None = None
    contradicted_by: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the fact as plain JSON values; intervals as `{lower, upper}` decimal text."""
        found: dict[str, object] = {
            "subject": self.subject,
            "predicate": self.predicate,
            "value": _value_to_json(self.value),
            "source": _source_to_json(self.source),
            "method": self.method,
            "certainty": self.certainty.value,
        }
        if self.unit is not None:
            found["unit"] = self.unit
        if self.observed_on is not None:
            found["observed_on"] = self.observed_on
        if self.contradicted_by:
            found["contradicted_by"] = list(self.contradicted_by)
        return found

    @classmethod
    def from_json(cls, read: Object) -> "Fact":
        """Read a fact written by `to_json`.

        Raises:
            DossierError: a field is missing or of the wrong kind.
        """
        source = read.object("source")
        certainty = parse_certainty(read.text("certainty"), where=f"{read.where}.certainty")
        return cls(
            subject=read.text("subject", "release"),
            predicate=read.text("predicate"),
            value=_value_from_json(read),
            unit=read.optional_text("unit"),
            source=Source(
                kind=source.text("kind"),
                ref=source.text("ref"),
                sha256=source.optional_text("sha256"),
                locator=source.optional_text("locator"),
            ),
            method=read.text("method"),
            certainty=certainty,
            observed_on=read.optional_text("observed_on"),
            contradicted_by=read.texts("contradicted_by"),
        )


def parse_certainty(word: str, *, where: str = "") -> Certainty:
    """Read how surely something is known.

    Raises:
        DossierError: the word is none of the seven.
    """
    try:
        return Certainty(word)
    except ValueError:
        raise DossierError(
            f"`{word[:80]}` is not a certainty",
            code="certainty",
            where=where,
            hint="one of " + ", ".join(Certainty),
        ) from None


def _value_to_json(value: Value) -> object:
    if isinstance(value, Estimate):
        return {"lower": decimal_text(value.lower), "upper": decimal_text(value.upper)}
    return list(value) if isinstance(value, tuple) else value


def _value_from_json(read: Object) -> Value:
    found = read.value.get("value")
    if isinstance(found, (str, bool)):
        return found
    if isinstance(found, list):
        return read.texts("value")
    if isinstance(found, dict):
        interval = read.object("value")
        found = Estimate(lower=interval.decimal("lower"), upper=interval.decimal("upper"))
        if found.lower < 0:
            # Less than no compute would pass every upper limit.
            raise DossierError(
                "a quantity cannot be negative", code="negative", where=interval.where
            )
        return found
    raise DossierError(
        "a fact's value is text, true or false, a list of texts, or an interval",
        code="value",
        where=f"{read.where}.value",
    )


def _source_to_json(source: Source) -> dict[str, str]:
    found = {"kind": source.kind, "ref": source.ref}
    if source.sha256 is not None:
        found["sha256"] = source.sha256
    if source.locator is not None:
        found["locator"] = source.locator
    return found
