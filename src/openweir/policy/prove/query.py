"""A question to a prover, and its answer, apart from any one prover."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from openweir import digest
from openweir.policy.prove.term import declare
from openweir.tier import Tier

__all__ = ["Answer", "Query", "script"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question.

    Attributes:
        name: what is asked: `I3 gated-weights`.
        text: a whole SMT-LIB script up to, not including, `(check-sat)`.
        holds_when: `unsat` for a law (nothing breaks it) or `sat` for an example.
        dossiers: suffixes of the symbolic dossiers in it; an example shows each of them.
    """

    name: str
    text: str
    holds_when: str = "unsat"
    dossiers: tuple[str, ...] = ("a",)

    @property
    def sha256(self) -> str:
        """Of the script, so that anyone can name the very question that was answered."""
        return digest.sha256(self.text.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a prover said.

    Attributes:
        status: `sat`, `unsat` or `unknown`.
        milliseconds: how long it took.
        values: of every variable, when satisfiable.
    """

    query: Query
    status: str
    milliseconds: int
    values: Mapping[str, int | bool] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the answer is the one the law wants; `unknown` never is."""
        return self.status == self.query.holds_when

    def tier(self, dossier: str, prefix: str = "") -> Tier:
        """Return the tier that the answer says a dossier of it has."""
        names = {tier: f"out_{prefix}adm{int(tier)}_{dossier}" for tier in Tier}
        return max(tier for tier in Tier if not tier or self.values.get(names[tier], False))


def script(
    variables: Iterable[tuple[str, str]], definitions: Iterable[str], assertions: Iterable[str]
) -> str:
    """Return a script in linear integer arithmetic."""
    lines = ["(set-logic QF_LIA)"]
    lines += [declare(symbol, sort) for symbol, sort in variables]
    lines += definitions
    lines += [f"(assert {part})" for part in assertions if part != "true"]
    return "\n".join(lines) + "\n"
