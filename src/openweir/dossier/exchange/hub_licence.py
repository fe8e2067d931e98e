"""Licence identifiers of the Hugging Face Hub, and how a licence is named on a card.

Source: hub-docs `repositories-licenses.md`, 22 August 2026: 83 identifiers.
"""

from openweir.dossier.openness.licence_name import licence_names

__all__ = ["HUB_LICENCES", "on_card"]

# fmt: off
HUB_LICENCES: frozenset[str] = frozenset({
    "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0",
    "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0",
    "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
    "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0",
    "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl",
    "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "isc", "h-research",
    "intel-research", "lppl-1.3c", "ms-pl", "apple-ascl", "apple-amlr", "mpl-2.0", "odc-by",
    "odbl", "openmdw-1.0", "openmdw-1.1", "openrail++", "osl-3.0", "postgresql", "ofl-1.1",
    "ncsa", "unlicense", "zlib", "pddl", "lgpl-lr", "deepfloyd-if-license",
    "fair-noncommercial-research-license", "llama2", "llama3", "llama3.1", "llama3.2",
    "llama3.3", "llama4", "grok2-community", "gemma", "unknown", "other",
})
# fmt: on
_NOT_NAMES = frozenset({"unknown", "other"})
# One version of the family has the Hub's name; another version is `other`.
_VERSIONED = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl", "c-uda-1.0": "c-uda"}


def on_card(licence: str) -> dict[str, str]:
    """Return how a card names a licence: by the Hub's identifier, or `other` and the words.

    Args:
        licence: an SPDX id, a Hub id or words; not empty.
    """
    # GPL-3.0-only and -or-later are two licences, and the Hub has one word for both.
    folded = licence_names().normal(licence).lower()
    folded = _VERSIONED.get(folded, folded)
    if folded in HUB_LICENCES - _NOT_NAMES:
        return {"license": folded}
    return {"license": "other", "license_name": licence}
