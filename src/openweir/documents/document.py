"""A document: sentences with what they rest on, and how they look in Markdown."""

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["Document", "Section", "Sentence", "Support", "plain"]

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~!&])")
_MAX_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What a sentence rests on.

    Attributes:
        key: `fact licence`, `requirement PE2@gated-weights`, `decision tier`.
        text: where that comes from and how surely it is known.
    """

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One statement; `support` is never empty."""

    text: str
    support: tuple[Support, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and its sentences."""

    heading: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A filled-in form.

    Attributes:
        form: which form, such as `release-summary`.
        title: of the document, without markup.
    """

    form: str
    title: str
    sections: tuple[Section, ...]

    def supports(self) -> tuple[Support, ...]:
        """Return everything the document rests on, once, in the order of first use."""
        found = {
            support: None
            for section in self.sections
            for sentence in section.sentences
            for support in sentence.support
        }
        return tuple(found)

    def to_json(self) -> dict[str, object]:
        """Return the document as plain JSON values; sources are indexes into `sources`."""
        numbers = {support: index for index, support in enumerate(self.supports())}
        return {
            "form": self.form,
            "title": self.title,
            "sections": [
                {
                    "heading": section.heading,
                    "sentences": [
                        {
                            "text": sentence.text,
                            "sources": [numbers[support] for support in sentence.support],
                        }
                        for sentence in section.sentences
                    ],
                }
                for section in self.sections
            ],
            "sources": [{"key": item.key, "text": item.text} for item in numbers],
        }

    def to_markdown(self) -> str:
        """Return the document with a bracket after each sentence and the list they point to."""
        numbers = {support: index for index, support in enumerate(self.supports(), start=1)}
        lines = [f"# {_escape(self.title)}", ""]
        for section in self.sections:
            lines += [f"## {_escape(section.heading)}", ""]
            for sentence in section.sentences:
                marks = ", ".join(str(numbers[support]) for support in sentence.support)
                lines.append(f"- {_escape(sentence.text)} [{marks}]")
            lines.append("")
        lines += ["## What each sentence rests on", ""]
        lines += [
            f"{number}. {_escape(item.key)}: {_escape(item.text)}"
            for item, number in numbers.items()
        ]
        return "\n".join(lines) + "\n"


def plain(text: str, limit: int = _MAX_CHARACTERS) -> str:
    """Return foreign text as one line: no control or direction characters, bounded.

    Args:
        text: from a case or a model card; may be hostile.
        limit: most characters kept; what is cut shows as an ellipsis.
    """
    spaced = " ".join(text[: 4 * limit].split())
    visible = "".join(mark for mark in spaced if unicodedata.category(mark)[0] != "C")
    return visible if len(visible) <= limit else visible[: limit - 1] + "…"


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
