"""From the words people write to a licence id, where that is beyond doubt."""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from openweir.dossier.openness.rule_set import rule_data

__all__ = ["LicenceNames", "licence_names"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceNames:
    """Known SPDX ids, and the written-out names taken for one of them.

    Attributes:
        known: ids of the pinned SPDX list, as SPDX writes them.
        folded: every id and alias in lower case -> the id.
    """

    known: frozenset[str]
    folded: MappingProxyType[str, str]

    def normal(self, written: str) -> str:
        """Return the id meant, or the words unchanged where no id is meant beyond doubt.

        Source: SPDX 2.3 annex D: ids match whatever their case.
        """
        if written in self.known:
            return written
        return self.folded.get(" ".join(written.split()).lower(), written)


@cache
def licence_names() -> LicenceNames:
    """Return the names in `mof-mot.toml` (SPDX ids) and `mof-strict.toml` (aliases)."""
    known = rule_data("mof-mot.toml").read.object("licences").texts("known")
    aliases = rule_data("mof-strict.toml").read.object("aliases")
    folded = {name.lower(): name for name in known}
    folded |= {written.lower(): aliases.text(written) for written in aliases.value}
    return LicenceNames(known=frozenset(known), folded=MappingProxyType(folded))
