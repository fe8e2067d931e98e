"""Something to class: bytes of one of the forms people describe openness in, as a value."""

from dataclasses import dataclass

from openweir.dossier.dossier import Dossier
from openweir.dossier.openness.fmti import FmtiResult, coverage, is_fmti
from openweir.dossier.openness.from_dossier import release_from_dossier
from openweir.dossier.openness.from_mot import is_mot, release_from_mot
from openweir.dossier.openness.from_osai import (
    OsaiSystem,
    is_osai,
    is_osai_table,
    system_from_osai,
    systems_from_osai_table,
)
from openweir.dossier.openness.holding import (
    Holding,
    holding_from_dossier,
    holding_from_mot,
    holding_from_osai,
)
from openweir.dossier.openness.read_yaml import read_yaml
from openweir.dossier.openness.release import Release
from openweir.errors import DossierError

__all__ = ["Subject", "subject_from_dossier", "subjects_from_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One release or system, in the form it came in.

    Attributes:
        name, file: of the release or system, and of the file it is from.
        form: what it can be asked: `components`, `judgements`, `table-2025`, `indicators`.
        release: for `components`.
        system: for `judgements` and `table-2025`.
        sheet: for `indicators`.
        holding: its parts, for `components` and `judgements`.
    """

    name: str
    file: str
    form: str
    release: Release | None = None
    system: OsaiSystem | None = None
    sheet: FmtiResult | None = None
    holding: Holding | None = None


def subject_from_dossier(dossier: Dossier, *, file: str = "dossier.json") -> Subject:
    """Return a dossier as something to class."""
    return Subject(
        name=dossier.name,
        file=file,
        form="components",
        release=release_from_dossier(dossier),
        holding=holding_from_dossier(dossier),
    )


def subjects_from_file(data: bytes, *, file: str) -> tuple[Subject, ...]:
    """Read a file: MOT YAML, OSAI YAML, the index's table of 2025, or a sheet of FMTI scores.

    Args:
        data: the file's bytes.
        file: its name; the suffix tells YAML from CSV.

    Raises:
        DossierError: none of these forms, or malformed.
    """
    if file.lower().endswith(".csv"):
        return _from_table(data, file)
    document = read_yaml(data, where=file)
    if is_mot(document):
        release = release_from_mot(document, where=file)
        return (
            Subject(
                name=release.name,
                file=file,
                form="components",
                release=release,
                holding=holding_from_mot(release),
            ),
        )
    if is_osai(document):
        return (_judged(system_from_osai(document, file=file), "judgements"),)
    raise DossierError(
        "neither MOT's form (`framework`, `release`) nor a system of the index (`system`)",
        code="openness-form",
        where=file,
    )


def _from_table(data: bytes, file: str) -> tuple[Subject, ...]:
    if is_osai_table(data):
        return tuple(
            _judged(system, "table-2025") for system in systems_from_osai_table(data, where=file)
        )
    if is_fmti(data):
        stem = file.removesuffix(".csv").partition("_fmtransparencyreport")[0].replace("_", " ")
        return tuple(
            Subject(name=sheet.name, file=file, form="indicators", sheet=sheet)
            for sheet in coverage(data, name=stem, where=file)
        )
    raise DossierError(
        "neither the index's table of March 2025 nor a sheet of transparency scores",
        code="openness-form",
        where=file,
    )


def _judged(system: OsaiSystem, form: str) -> Subject:
    return Subject(
        name=system.name,
        file=system.file,
        form=form,
        system=system,
        holding=holding_from_osai(system) if form == "judgements" else None,
    )
