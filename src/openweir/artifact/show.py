"""Show foreign text: file names, tensor names and values come from strangers."""

import unicodedata

__all__ = ["is_plain", "show"]

# Controls, format marks (bidi overrides among them), lone surrogates, line separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def is_plain(text: str) -> bool:
    """Whether every character of `text` is one that a reader sees as it is."""
    return not any(unicodedata.category(character) in _HIDDEN for character in text)


def show(text: str, limit: int = 80) -> str:
    r"""Return `text` safe for one line of a terminal: hidden characters escaped, cut at `limit`.

    >>> show("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    seen = "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _HIDDEN
        else character
        for character in text[:limit]
    )
    return seen + "..." if len(text) > limit else seen
