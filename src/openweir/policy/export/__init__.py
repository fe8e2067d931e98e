"""Exports: a policy's program in the languages of other engines.

In: a `Program`. Out: `Export`, the files to hand over; each engine reads the records of
`openweir.decision.record` and must name the same failing rules. Never: writes a rule
that something missing, of another type or malformed could satisfy.

Source: reference policy.md, section 2.3: the traps each export is guarded against.
"""

from openweir.errors import PolicyError
from openweir.policy.export.cedar import to_cedar
from openweir.policy.export.cel import to_cel
from openweir.policy.export.guard import refuse_unguarded
from openweir.policy.export.rego import to_rego
from openweir.policy.export.text import Export
from openweir.policy.program import Program

__all__ = ["LANGUAGES", "Export", "export", "refuse_unguarded", "to_cedar", "to_cel", "to_rego"]

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
