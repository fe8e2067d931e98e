"""Refuse Cedar text that reads a slot it has not asked for with `has` before.

A reader of exactly the Cedar that `to_cedar` writes. What it cannot read it refuses, so
a construct that nobody thought of here cannot pass unseen. Negation is read only as
`!x.isEmpty()`: law 2, nothing negative over evidence.
"""

import re
from collections.abc import Iterator

from openweir.errors import PolicyError

__all__ = ["refuse_unguarded"]

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?[0-9]+)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>&&|\|\||<=|>=|==|::|[-@()\[\]{},;.<>!+])"""
)
_MOST_DEPTH = 200


def refuse_unguarded(text: str) -> None:
    """Check every policy of a Cedar text.

    Args:
        text: policies as `to_cedar` writes them.

    Raises:
        PolicyError: a slot is read without a guard, or the text is not of the form that
            can be checked; `where` names the policy.
    """
    reader = _Reader(list(_tokens(text)))
    while reader.more():
        reader.policy()


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise PolicyError(f"cannot read `{text[at : at + 20]}`", code="export-text")
        at = found.end()
        if found.lastgroup is not None:
            yield found.group()


class _Reader:
    """Reads tokens from left to right; each condition gives the slots it has asked for."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._where = "the first policy"
        self._depth = 0

    def more(self) -> bool:
        return self._at < len(self._tokens)

    def policy(self) -> None:
        for word in ("@", "id", "("):
            self._take(word)
        self._where = self._next()
        self._take(")")
        if self._peek() == "permit":
            for word in ("permit", "(", "principal", ",", "action", ",", "resource", ")", ";"):
                self._take(word)
            return
        for word in ("forbid", "(", "principal", ",", "action", "in", "["):
            self._take(word)
        while self._next() != "]":
            continue
        for word in (",", "resource", ")", "unless", "{"):
            self._take(word)
        self._any(frozenset())
        for word in ("}", ";"):
            self._take(word)

    def _any(self, asked: frozenset[str]) -> frozenset[str]:
        """Read alternatives: what only one of them asked for is not known after them."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            self._fail("the condition is too deep")
        found = [self._all(asked)]
        while self._peek() == "||":
            self._take("||")
            found.append(self._all(asked))
        self._depth -= 1
        return frozenset.intersection(*found)

    def _all(self, asked: frozenset[str]) -> frozenset[str]:
        asked = self._sum(asked)
        while self._peek() == "&&":
            self._take("&&")
            asked = self._sum(asked)
        return asked

    def _sum(self, asked: frozenset[str]) -> frozenset[str]:
        found = self._one(asked)
        while self._peek() == "+":
            self._take("+")
            self._one(asked)
            found = asked
        if self._peek() in ("<=", "<", ">=", ">"):
            self._next()
            self._number()
        return found

    def _one(self, asked: frozenset[str]) -> frozenset[str]:
        match self._peek():
            case "(":
                self._take("(")
                found = self._counted(asked) if self._peek() == "if" else self._any(asked)
                self._take(")")
                return found
            case "!":
                self._take("!")
                self._slot(asked)
                for word in ("isEmpty", "(", ")"):
                    self._take(word)
                return asked
            case "[":
                return self._among(asked)
            case "context":
                if self._tokens[self._at + 1 : self._at + 2] == ["has"]:
                    self._at += 2
                    return asked | {self._next()}
                self._slot(asked, field=True)
                return asked
            case other:
                return self._fail(f"cannot read `{other}`")

    def _counted(self, asked: frozenset[str]) -> frozenset[str]:
        self._take("if")
        self._any(asked)
        for word in ("then", "1", "else", "0"):
            self._take(word)
        return asked

    def _among(self, asked: frozenset[str]) -> frozenset[str]:
        while self._next() != "]":
            continue
        self._take(".")
        if self._next() not in ("contains", "containsAll"):
            self._fail("expected contains or containsAll")
        self._take("(")
        self._slot(asked, field=True)
        self._take(")")
        return asked

    def _slot(self, asked: frozenset[str], *, field: bool = False) -> None:
        for word in ("context", "["):
            self._take(word)
        name = self._next()
        if name not in asked:
            self._fail(f"{name} is read without a guard", code="unguarded")
        self._take("]")
        self._take(".")
        if field:
            self._next()
        else:
            self._next()
            self._take(".")

    def _number(self) -> None:
        if not self._next().lstrip("-").isdigit():
            self._fail("expected a number")

    def _peek(self) -> str:
        return self._tokens[self._at] if self.more() else ""

    def _next(self) -> str:
        found = self._peek()
        if not found:
            self._fail("the text ends too early")
        self._at += 1
        return found

    def _take(self, word: str) -> None:
        if self._next() != word:
            self._fail(f"expected `{word}`")

    def _fail(self, message: str, *, code: str = "export-text") -> frozenset[str]:
        raise PolicyError(
            f"the Cedar text cannot be handed over: {message}",
            code=code,
            where=self._where,
            hint="Cedar skips a rule that errs, so each slot is read behind `context has`",
        )
