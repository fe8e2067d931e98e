"""From what is written in a licence field to the licence on record that it names.

A name is compared whole, without regard to case and spaces. What is not on the list is
unknown, whatever it looks like.
"""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from openweir.dossier.licence.pack import every_licence, load_toml

__all__ = ["Named", "named"]

_MOST_CHARACTERS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a name stands for.

    Attributes:
        licences: the licences it names; () when it names none on record.
        family: a family, where the version is not said; "" else.
        besides: what it names besides, in words.
        reason: why it names no licence; "" when it does.
        absent: whether it says that there is no licence.
    """

    licences: tuple[str, ...] = ()
    family: str = ""
    besides: str = ""
    reason: str = ""
    absent: bool = False

    @property
    def known(self) -> bool:
        """Whether it names exactly one licence on record and nothing else."""
        return len(self.licences) == 1 and not self.besides


def named(name: str) -> Named:
    """Return what a name stands for.

    >>> named("apache 2.0").licences
    ('Apache-2.0',)
    >>> named("Apache-ish").reason
    'not a name on record'
    """
    if len(name) > _MOST_CHARACTERS:
        return Named(reason="longer than any name")
    return _names().get(_folded(name), Named(reason="not a name on record"))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


@cache
def _names() -> MappingProxyType[str, Named]:
    """Return every name, folded, and what it stands for."""
    found: dict[str, Named] = {}
    for known, name in every_licence().items():
        for said in (known, name):
            found[_folded(said)] = Named(licences=(known,))
    for row in load_toml("aliases.toml").objects("alias"):
        several = row.texts("several")
        meant = Named(
            licences=several or ((row.text("licence"),) if "licence" in row.value else ()),
            family=row.text("family", ""),
            besides=row.text("besides", ""),
            reason=row.text("unknown", "") or row.text("no_licence", ""),
            absent="no_licence" in row.value,
        )
        found.update({_folded(name): meant for name in row.texts("names")})
    return MappingProxyType(found)
