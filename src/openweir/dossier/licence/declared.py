"""Compare what is declared with what the text is, and say where the two part."""

from openweir.dossier.licence.name import Named, named
from openweir.dossier.licence.pack import families
from openweir.dossier.licence.verdict import Difference, Identified, Part, Standing

__all__ = ["contradiction", "declared"]

_SHOWN = 160


def declared(name: str) -> Identified:
    """Return how a declaration stands on its own, with no text to compare.

    Args:
        name: as written; "" for nothing.
    """
    meant = named(name)
    if meant.licences:
        return Identified(
            standing=Standing.DECLARED_ONLY,
            parts=tuple(
                Part(standing=Standing.DECLARED_ONLY, licence=known) for known in meant.licences
            ),
            reason=f"besides, {meant.besides}" if meant.besides else "",
        )
    if meant.family:
        return Identified(
            standing=Standing.FAMILY,
            family=meant.family,
            reason=f"{families()[meant.family].name}: the version is not said",
        )
    return Identified(standing=Standing.NONE, reason=meant.reason)


def contradiction(name: str, found: Identified) -> str:
    """Return what parts a declared licence from the text found; "" when they agree.

    Args:
        name: as declared.
        found: what the text is.
    """
    meant = named(name)
    if meant.absent or not (meant.licences or meant.family):
        return ""
    if found.standing is Standing.NONE:
        return f"the text is like no licence on record, so not `{name}` word for word"
    if not _covers(meant, found):
        return f"the text is {_text_words(found)}"
    changed = [p for p in found.parts if p.standing in (Standing.MODIFIED, Standing.FAMILY)]
    if changed:
        return f"the text is {_text_words(found)}: {_first(changed[0])}"
    return ""


def _covers(meant: Named, found: Identified) -> bool:
    """Whether every licence of the text is one that is meant."""
    if meant.family:
        members = families()[meant.family].members
        return found.family == meant.family or all(one in members for one in found.licences)
    return all(one in meant.licences for one in found.licences)


def _text_words(found: Identified) -> str:
    names = " and ".join(found.licences)
    return {
        Standing.EXACT: f"word for word {names}",
        Standing.MODIFIED: f"{names}, modified",
        Standing.DECLARED_ONLY: f"only the name of {names}",
        Standing.FAMILY: f"another version of {names or found.family}",
    }.get(found.standing, names)


def _first(part: Part) -> str:
    if not part.residue:
        return "its version is not on record"
    first: Difference = part.residue[0]
    more = len(part.residue) - 1
    said = []
    if first.removed:
        said.append(f"without `{_short(first.removed)}`")
    if first.added:
        said.append(f"with `{_short(first.added)}`")
    rest = f", and {more} more places" if more else ""
    return f"line {first.line} {' and '.join(said)}{rest}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
