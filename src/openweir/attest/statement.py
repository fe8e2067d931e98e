"""The statement: these bytes, and what is said of them (in-toto Statement v1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openweir.canonical import Object, compact, parse
from openweir.errors import AttestError

__all__ = ["PREDICATE_DECISION", "Statement", "Subject"]

PREDICATE_DECISION = "https://openweir.example/decision/v1"
_TYPE = "https://in-toto.io/Statement/v1"
_KEYS = {"_type", "subject", "predicateType", "predicate"}
_MAX_BYTES = 64 * 1024 * 1024
_HEX = re.compile(r"(?:[0-9a-f]{2}){16,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Bytes by name and digest.

    Attributes:
        digests: (algorithm, hexadecimal digest), sorted by algorithm, at least one.
    """

    name: str
    digests: tuple[tuple[str, str], ...]

    def digest(self, algorithm: str) -> str | None:
        """Return the digest by that algorithm, or None."""
        return dict(self.digests).get(algorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is said of the subjects.

    Attributes:
        subject: at least one.
        predicate_type: URI that says how to read the predicate.
        predicate: plain JSON values; treat it as read-only.
    """

    subject: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def to_bytes(self) -> bytes:
        """Return the RFC 8785 form: the payload that is signed and logged by digest."""
        return compact(
            {
                "_type": _TYPE,
                "subject": [
                    {"name": subject.name, "digest": dict(subject.digests)}
                    for subject in self.subject
                ],
                "predicateType": self.predicate_type,
                "predicate": self.predicate,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "statement") -> "Statement":
        """Read a statement of any predicate; unknown keys beside the four are refused.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            AttestError: not an in-toto Statement v1, no subject, or a digest is not hexadecimal.
        """
        read = Object(parse(data, where=where, max_bytes=_MAX_BYTES), where)
        if read.text("_type") != _TYPE:
            raise AttestError(
                f"`{read.text('_type')[:80]}` is not `{_TYPE}`", code="statement-type", where=where
            )
        extra = sorted(set(read.value) - _KEYS)
        if extra:
            raise AttestError(
                f"key `{extra[0][:80]}` does not belong into a statement",
                code="statement-key",
                where=where,
            )
        subjects = tuple(_subject(item) for item in read.objects("subject"))
        if not subjects:
            raise AttestError("a statement names at least one subject", code="subject", where=where)
        return cls(
            subject=subjects,
            predicate_type=read.text("predicateType"),
            predicate=read.object("predicate").value,
        )


def _subject(read: Object) -> Subject:
    digest = read.object("digest")
    digests = tuple((algorithm, digest.text(algorithm)) for algorithm in sorted(digest.value))
    if not digests or not all(_HEX.fullmatch(value) for _, value in digests):
        raise AttestError(
            "a subject has at least one digest, each in lower-case hexadecimal",
            code="subject",
            where=digest.where,
        )
    return Subject(name=read.text("name"), digests=digests)
