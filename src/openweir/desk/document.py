"""Fill in a document from a case."""

from pathlib import Path

from openweir.decision import Decision
from openweir.desk.case import CaseFolder, write_atomically
from openweir.documents import FORMS, Document
from openweir.dossier import Dossier
from openweir.errors import DocumentError

__all__ = ["document"]


def document(case: Path, *, form: str, output: Path | None = None) -> Document:
    """Return the form filled in from the case's decision and dossier.

    Args:
        case: the case folder.
        form: a name in `openweir.documents.FORMS`.
        output: where its Markdown is written; nowhere by default.

    Raises:
        CaseError: the folder is no case, or has no dossier or decision yet.
        DocumentError: there is no such form, or the decision is about something else.
    """
    if form not in FORMS:
        raise DocumentError(
            f"`{form}` is not a form", code="form", hint="one of " + ", ".join(sorted(FORMS))
        )
    folder = CaseFolder.open(case)
    dossier = Dossier.from_bytes(
        folder.read("dossier.json", made_by="inspect"), where=str(folder.path("dossier.json"))
    )
    decision = Decision.from_bytes(
        folder.read("decision.json", made_by="decide"), where=str(folder.path("decision.json"))
    )
    filled = FORMS[form](decision, dossier)
    if output is not None:
        write_atomically(output, filled.to_markdown().encode())
    return filled
