"""The rule sets by name, and the data files they are kept in."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from openweir.artifact import show
from openweir.canonical import Object
from openweir.digest import sha256
from openweir.errors import DossierError

__all__ = ["RULE_SETS", "RuleData", "RuleSet", "rule_data", "rule_set"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One way in which people class openness.

    Attributes:
        name: as given to `--rules`.
        title: what it is.
        data: its file under `data/`.
        reads: what it can be applied to: `components` (MOT YAML, a case), `judgements`
            (OSAI YAML), `table-2025` (the index's frozen table), `indicators` (FMTI sheets).
    """

    name: str
    title: str
    data: str
    reads: tuple[str, ...]


RULE_SETS: MappingProxyType[str, RuleSet] = MappingProxyType(
    {
        found.name: found
        for found in (
            RuleSet(
                name="mof-1.0/mot",
                title="Model Openness Framework 1.0 as the Model Openness Tool computes it",
                data="mof-mot.toml",
                reads=("components",),
            ),
            RuleSet(
                name="mof-1.0/strict",
                title="Model Openness Framework 1.0 with the tool's data repaired",
                data="mof-strict.toml",
                reads=("components",),
            ),
            RuleSet(
                name="osai-12",
                title="European Open Source AI Index, 12 parameters (since March 2026)",
                data="osai-12.toml",
                reads=("judgements",),
            ),
            RuleSet(
                name="osai-14",
                title="Opening up ChatGPT, 14 features (frozen March 2025)",
                data="osai-14.toml",
                reads=("table-2025",),
            ),
            RuleSet(
                name="osaid-1.0",
                title="Open Source AI Definition 1.0 as a checklist",
                data="osaid.toml",
                reads=("components", "judgements"),
            ),
            RuleSet(
                name="eu-open-source-exemption",
                title="EU AI Act Art. 53(2), 54(6): free and open-source exemption",
                data="eu-exemption.toml",
                reads=("components", "judgements"),
            ),
            RuleSet(
                name="fmti-2025",
                title="Foundation Model Transparency Index, December 2025: coverage",
                data="fmti-2025.toml",
                reads=("indicators",),
            ),
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleData:
    """One data file, parsed, with the digest that pins it."""

    sha256: str
    read: Object

    def source(self) -> dict[str, str]:
        """Return where the rules are from, for results: name, commit or date, digest."""
        read = self.read.object("source")
        kept = ("name", "repository", "commit", "date", "licence", "credit", "note")
        found = {key: read.text(key) for key in kept if key in read.value}
        return {**found, "sha256": self.sha256}


def rule_set(name: str) -> RuleSet:
    """Return the rule set of that name.

    Raises:
        DossierError: there is none; the hint lists them.
    """
    try:
        return RULE_SETS[name]
    except KeyError:
        raise DossierError(
            f"`{show(name)}` is not a rule set",
            code="unknown-rules",
            where="--rules",
            hint="one of " + ", ".join(RULE_SETS) + ", or all",
        ) from None


@cache
def rule_data(name: str) -> RuleData:
    """Return a data file of this package, such as `mof-mot.toml`; numbers are exact."""
    data = files("openweir.dossier.openness").joinpath("data", name).read_bytes()
    parsed = tomllib.loads(data.decode(), parse_float=Decimal)
    return RuleData(sha256=sha256(data), read=Object(parsed, name))
