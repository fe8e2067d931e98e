"""Take a file over, whichever of the known forms it is in."""

from openweir.dossier.exchange.from_card import take_card
from openweir.dossier.exchange.from_epoch import is_epoch, take_epoch
from openweir.dossier.exchange.from_mot import take_mot
from openweir.dossier.exchange.from_osai import take_osai
from openweir.dossier.exchange.taken import Taken
from openweir.dossier.openness.from_mot import is_mot
from openweir.dossier.openness.from_osai import is_osai
from openweir.dossier.openness.read_yaml import read_yaml
from openweir.errors import DossierError, UsageError

__all__ = ["TAKEN_FORMS", "take"]

TAKEN_FORMS = ("epoch", "mot", "osai", "hf-card")
"""Forms that can be taken over, as `--from` names them."""


def take(data: bytes, *, file: str, form: str | None = None, row: str | None = None) -> Taken:
    """Take a file over.

    Args:
        data: its bytes.
        file: its name; the suffix tells YAML, CSV and Markdown apart.
        form: one of `TAKEN_FORMS`; found out by default.
        row: the model meant, in a table of many.

    Raises:
        UsageError: no such form, or a row is named that there is not.
        DossierError: the file is in no known form, or malformed.
    """
    if form is not None and form not in TAKEN_FORMS:
        raise UsageError(
            f"`{form}` is not a form that can be taken over",
            code="form",
            hint="one of " + ", ".join(TAKEN_FORMS),
        )
    form = form or _form(data, file)
    if row is not None and form != "epoch":
        raise UsageError(f"a file in the form `{form}` has no rows", code="row", where=file)
    if form == "epoch":
        return take_epoch(data, file=file, row=row)
    if form == "mot":
        return take_mot(data, file=file)
    return take_osai(data, file=file) if form == "osai" else take_card(data, file=file)


def _form(data: bytes, file: str) -> str:
    suffix = file.lower().rpartition(".")[2]
    if suffix == "csv" and is_epoch(data):
        return "epoch"
    if suffix == "md":
        return "hf-card"
    if suffix in ("yml", "yaml"):
        document = read_yaml(data, where=file)
        if is_mot(document):
            return "mot"
        if is_osai(document):
            return "osai"
    raise DossierError(
        "in none of the forms that can be taken over",
        code="form",
        where=file,
        hint="say which it is: --from " + "|".join(TAKEN_FORMS),
    )
