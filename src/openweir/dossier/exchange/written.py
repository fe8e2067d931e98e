"""A dossier written in someone else's form."""

from dataclasses import dataclass

from openweir.dossier.exchange.taken import LeftOut

__all__ = ["Written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The bytes, and what the form has no honest place for.

    Attributes:
        form: `mot`, `osai`, `hf-card`, `cyclonedx`, `spdx3`.
        data: the whole file; the same dossier gives the same bytes.
        left_out: fields left empty, and what of the dossier could not be said.
    """

    form: str
    data: bytes
    left_out: tuple[LeftOut, ...] = ()
