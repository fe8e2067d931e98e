"""The three scales evidence is placed on: how hard the attack, how deep the look, whose eyes."""

from enum import IntEnum

from openweir.errors import EvidenceError

__all__ = [
    "Access",
    "Independence",
    "Rung",
    "parse_access",
    "parse_independence",
    "parse_rung",
]


class Rung(IntEnum):
    """The attack-budget ladder: what was done to the model before it was asked."""

    A0 = 0  # prompts only
    A1 = 1  # weight edit without training
    A2 = 2  # fine-tuning on 10 to 100 examples
    A3 = 3  # hundreds to 1,000 steps
    A4 = 4  # about 10,000 steps
    A5 = 5  # resourced actor: RL, domain data, tools
    A6 = 6  # ecosystem: merges, distillation, later scaffolds


class Access(IntEnum):
    """What the evaluator could see (arXiv 2601.11916)."""

    AL1 = 1  # black box, minimal information
    AL2 = 2  # grey box, substantial information
    AL3 = 3  # white box, comprehensive information


class Independence(IntEnum):
    """How far the evaluator stands from the releasing party."""

    SELF = 0
    CONTRACTED = 1
    THIRD_PARTY = 2
    STATE = 3

    @property
    def word(self) -> str:
        """The word in files: `third-party`."""
        return self.name.lower().replace("_", "-")


def parse_rung(word: str, *, where: str = "") -> Rung:
    """Read `A0` to `A6`.

    Raises:
        EvidenceError: another word.
    """
    if word not in Rung.__members__:
        raise EvidenceError(
            f"`{word}` is not an attack rung",
            code="rung",
            where=where,
            hint="one of A0 (prompts only) to A6 (ecosystem)",
        )
    return Rung[word]


def parse_access(word: str, *, where: str = "") -> Access:
    """Read `AL1` to `AL3`.

    Raises:
        EvidenceError: another word.
    """
    if word not in Access.__members__:
        raise EvidenceError(
            f"`{word}` is not an access level",
            code="access",
            where=where,
            hint="AL1 black box, AL2 grey box, AL3 white box",
        )
    return Access[word]


def parse_independence(word: str, *, where: str = "") -> Independence:
    """Read `self`, `contracted`, `third-party` or `state`.

    Raises:
        EvidenceError: another word.
    """
    for level in Independence:
        if level.word == word:
            return level
    raise EvidenceError(
        f"`{word}` is not a degree of independence",
        code="independence",
        where=where,
        hint="one of " + ", ".join(i.word for i in Independence),
    )
