"""Write a program in the language that was asked for."""

from openweir.errors import PolicyError
from openweir.policy.export.cedar import to_cedar
from openweir.policy.export.cel import to_cel
from openweir.policy.export.rego import to_rego
from openweir.policy.export.text import Export
from openweir.policy.program import Program

__all__ = ["LANGUAGES", "export"]

LANGUAGES = ("cedar", "cel", "rego")
"""What `export` writes."""


def export(program: Program, language: str) -> Export:
    """Write a program in another language.

    Raises:
        PolicyError: the language is none of `LANGUAGES`.
    """
    writers = {"cedar": to_cedar, "cel": to_cel, "rego": to_rego}
    if language not in writers:
        raise PolicyError(
            f"`{language[:80]}` is not a language policies are written in",
            code="language",
            hint="one of " + ", ".join(LANGUAGES),
        )
    return writers[language](program)
