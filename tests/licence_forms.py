"""Licence texts in the forms people hand them on, and the ways people change them."""

import html
import re
import textwrap

HEADER = "Copyright (c) 2025 Example Corporation. All rights reserved.\n\n"


def rewrapped(text: str) -> str:
    """Wrap each paragraph at another width."""
    return "\n\n".join(textwrap.fill(" ".join(p.split()), 100) for p in text.split("\n\n"))


def flowed(text: str) -> str:
    """Run all paragraphs together and wrap them narrowly; long addresses break."""
    return textwrap.fill(" ".join(text.split()), 60)


def crlf(text: str) -> str:
    """End lines as Windows does."""
    return text.replace("\n", "\r\n")


def as_html(text: str) -> str:
    """Make a page of it."""
    parts = "\n".join(f"<p>{html.escape(p)}</p>" for p in re.split(r"\n\s*\n", text))
    return f"<!DOCTYPE html>\n<html><head><meta charset='utf-8'></head>\n<body>\n{parts}\n</body></html>"


def headed(text: str) -> str:
    """Put a copyright notice above it."""
    return HEADER + text


def everything(text: str) -> str:
    """Do all of it at once."""
    return crlf(as_html(rewrapped(headed(text))))


FORMS = (rewrapped, flowed, crlf, as_html, headed, everything)

RESTRICTIONS = (
    "The Software may not be used for military purposes.",
    "Commercial use is not permitted.",
    "You may not use this model if your company has more than 100 million monthly active users.",
    "Use is limited to academic research.",
    "This licence does not apply in the European Union.",
    "Any product must display the name of the Licensor.",
    "Outputs may not be used to train other models.",
    "The licensor may revoke this licence at any time.",
    "Copyright (c) 2025 Acme. Commercial use requires a paid license.",
    "non-commercial only",
)


def inserted(text: str, words: str, place: int) -> str:
    """Insert words at the beginning (0), after a sentence, or at the end (-1)."""
    ends = [found.end() for found in re.finditer(r"[.;:]\s", text)] or [len(text) // 2]
    at = {0: 0, -1: len(text)}.get(place, ends[place % len(ends)])
    return f"{text[:at]}\n{words}\n{text[at:]}"
