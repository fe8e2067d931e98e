"""Write a case's dossier in the form of another tool."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import MappingProxyType

from openweir.desk.case import CaseFolder, write_atomically
from openweir.documents.bom import cyclonedx, spdx3
from openweir.dossier import Dossier
from openweir.dossier.exchange import LeftOut, Written, hf_card, osai_yaml
from openweir.dossier.openness import mot_yaml
from openweir.dossier.openness.from_dossier import release_from_dossier
from openweir.errors import UsageError
from openweir.instant import parse_day

__all__ = ["FORMS", "export"]


def export(
    case: Path, *, form: str, output: Path | None = None, as_of: str | None = None
) -> Written:
    """Write the dossier of a case in another form; no clock is read.

    Args:
        case: the case folder, with a `dossier.json`.
        form: a name in `FORMS`.
        output: where it is written; nowhere by default.
        as_of: the day a bill of materials is dated by; `spdx3` needs one.

    Raises:
        UsageError: no such form, a malformed day, or no day for `spdx3`.
        CaseError: the folder is no case, has no dossier, or the target cannot be written.
        DossierError: the dossier is malformed.
    """
    if form not in FORMS:
        raise UsageError(
            f"`{form}` is not a form that can be written",
            code="form",
            hint="one of " + ", ".join(sorted(FORMS)),
        )
    day = None if as_of is None else parse_day(as_of, where="--as-of")
    folder = CaseFolder.open(case)
    dossier = Dossier.from_bytes(
        folder.read("dossier.json", made_by="inspect"), where=str(folder.path("dossier.json"))
    )
    written = FORMS[form](dossier, day)
    if output is not None:
        write_atomically(output, written.data)
    return written


def _cyclonedx(dossier: Dossier, as_of: date | None) -> Written:
    return cyclonedx(dossier, as_of=as_of)


def _spdx3(dossier: Dossier, as_of: date | None) -> Written:
    if as_of is None:
        raise UsageError(
            "an SPDX document states the day it was made",
            code="as-of",
            hint="add --as-of YYYY-MM-DD",
        )
    return spdx3(dossier, as_of=as_of)


def _mot(dossier: Dossier, _: date | None) -> Written:
    release = release_from_dossier(dossier)
    listed = {item.name for item in release.items}
    return Written(
        form="mot",
        data=mot_yaml(release),
        left_out=tuple(
            LeftOut(
                what=component.name,
                why="no component of the framework"
                if component.present == "yes"
                else f"present: {component.present}",
            )
            for component in dossier.components
            if component.name not in listed
        ),
    )


def _osai(dossier: Dossier, _: date | None) -> Written:
    return osai_yaml(dossier)


def _hf_card(dossier: Dossier, _: date | None) -> Written:
    return hf_card(dossier)


FORMS: MappingProxyType[str, Callable[[Dossier, date | None], Written]] = MappingProxyType(
    {
        "cyclonedx": _cyclonedx,
        "hf-card": _hf_card,
        "mot": _mot,
        "osai": _osai,
        "spdx3": _spdx3,
    }
)
"""Every form by its name."""
