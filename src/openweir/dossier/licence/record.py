"""A licence on record: its pinned texts, how they may differ and stay the same, its terms."""

from dataclasses import dataclass, field
from types import MappingProxyType

from openweir.dossier.licence.term import Term

__all__ = ["Family", "Licence", "PackText"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackText:
    """One text of the pack.

    Attributes:
        text: its name in the pack.
        licence: the licence it is a text of.
        sha256: of its bytes.
        words: how many.
        sketch: of its pairs of words, as `write_sketch` writes it.
    """

    text: str
    licence: str
    sha256: str
    words: int
    sketch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One licence of one version.

    Attributes:
        licence: its SPDX id; where SPDX has none, the pack's own name for it.
        name: in full.
        kind: `licence`, `data` (made for data), `dedication` (to the public domain) or
            `policy` (on use, incorporated by a licence).
        family: the family it is a version of; "" for none.
        version: as its texts name it, where the family tells versions apart.
        spdx: whether `licence` is an SPDX id.
        texts: names of its texts in the pack; () when its text is not held.
        titles: what may stand above its text.
        optional: pairs of phrases; what stands from the first to the second may be left out whole.
        blanks: phrases of the text that stand for a name or a year.
        same: pairs of phrases that say the same in this text, as SPDX marks them.
        bullets: whether its list may be numbered or not.
        terms: by predicate, see `openweir.dossier.licence.term`.
    """

    licence: str
    name: str
    kind: str = "licence"
    family: str = ""
    version: str = ""
    spdx: bool = False
    texts: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    optional: tuple[tuple[str, str], ...] = ()
    blanks: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()
    bullets: bool = False
    terms: MappingProxyType[str, Term] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Licences that share a name and differ by version.

    Attributes:
        family: its name in the pack.
        name: in full.
        members: the licences of it on record.
        version: a pattern over the words of a text; its group is the version.
    """

    family: str
    name: str
    members: tuple[str, ...]
    version: str = ""
