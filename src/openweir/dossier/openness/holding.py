"""What is there of a system, in the coarse parts that OSAID and the EU exemption ask about."""

from collections.abc import Iterable
from dataclasses import dataclass

from openweir.dossier.dossier import Dossier
from openweir.dossier.fact import Estimate
from openweir.dossier.openness.from_osai import OsaiSystem
from openweir.dossier.openness.mof import licence_of
from openweir.dossier.openness.mof_rules import STRICT, mof_rules
from openweir.dossier.openness.release import Release

__all__ = ["Holding", "Part", "holding_from_dossier", "holding_from_mot", "holding_from_osai"]

# Part -> the framework's components it is made of, the one that carries the licence first.
_COMPONENTS = {
    "weights": ("Model parameters (Final)",),
    "training code": ("Training code", "Data preprocessing code"),
    "inference code": ("Inference code", "Model architecture"),
    "architecture": ("Model architecture", "Technical report", "Research paper"),
    "data information": ("Data card", "Datasets", "Technical report", "Research paper"),
    "usage information": ("Model card",),
}
_NOT_THERE = ("component not include", "component component not include")
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "weights": ("weights_endmodel",),
    "training code": ("trainingcode",),
    "inference code": (),  # the index judges documentation of code, not code to run the model
    "architecture": ("hardware_architecture",),
    "data information": ("datasources_basemodel", "datasources_endmodel", "datasheet"),
    "usage information": ("modelcard",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a system.

    Attributes:
        name: `weights`, `training code`, `inference code`, `architecture`,
            `data information`, `usage information`.
        present: `yes`, `partial`, `no` or `unknown`.
        licence: as declared; "" where none is known.
        seen: what this rests on, in plain words.
    """

    name: str
    present: str
    licence: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The parts of one system, and its training compute where that is known."""

    parts: tuple[Part, ...]
    compute_flop: Estimate | None = None

    def part(self, name: str) -> Part:
        """Return the part of that name; one that was never spoken of is unknown."""
        fallback = Part(name=name, present="unknown", seen="nothing is said of it")
        return next((part for part in self.parts if part.name == name), fallback)


def holding_from_mot(release: Release) -> Holding:
    """Return the parts of a release in MOT's form; what the form does not list is unknown."""
    by_name = mof_rules(STRICT).by_name
    items = {item.name: item for item in release.items if item.name in by_name}
    parts = []
    for name, components in _COMPONENTS.items():
        held = [component for component in components if component in items]
        if not held:
            parts.append(Part(name=name, present="unknown", seen="the submission does not list it"))
            continue
        licence = licence_of(items[held[0]], by_name[held[0]].kind, release)
        # People write into the licence field that there is nothing to license.
        gone = licence.lower().startswith(_NOT_THERE)
        parts.append(
            Part(
                name=name,
                present="no" if gone else "yes",
                licence="" if gone else licence,
                seen=f"the submission says `{licence}`"
                if gone
                else f"the submission lists {' and '.join(held)}",
            )
        )
    return Holding(parts=tuple(parts))


def holding_from_osai(system: OsaiSystem) -> Holding:
    """Return the parts of a system of the index; only the weights' licence is written there."""
    parts = []
    for name, parameters in _PARAMETERS.items():
        judged = {parameter: system.judged(parameter) for parameter in parameters}
        parts.append(
            Part(
                name=name,
                present=_presence(set(judged.values())),
                licence=system.licence if name == "weights" else "",
                seen=f"the index judges {', '.join(map(' '.join, judged.items()))}"
                if judged
                else "the index does not judge it",
            )
        )
    return Holding(parts=tuple(parts))


def holding_from_dossier(dossier: Dossier) -> Holding:
    """Return the parts of a dossier, with the hull of all its estimates of training compute."""
    parts = []
    for name, components in _COMPONENTS.items():
        found = [held for held in map(dossier.component, components) if held is not None]
        there = [held for held in found if held.present == "yes"]
        if there:
            present, licence = "yes", there[0].licence or ""
            seen = "the dossier has " + " and ".join(held.name for held in there)
        else:
            gone = bool(found) and all(held.present == "no" for held in found)
            present, licence = ("no" if gone else "unknown"), ""
            seen = "the dossier says it is not there" if gone else "the dossier has none"
        parts.append(Part(name=name, present=present, licence=licence, seen=seen))
    return Holding(parts=tuple(parts), compute_flop=_hull(dossier))


def _presence(judged: set[str]) -> str:
    if not judged or "" in judged:
        return "unknown"
    if len(judged) > 1:
        return "partial"
    return {"open": "yes", "closed": "no"}.get(judged.pop(), "partial")


def _hull(dossier: Dossier) -> Estimate | None:
    estimates: Iterable[object] = (fact.value for fact in dossier.facts_of("training-compute"))
    known = [value for value in estimates if isinstance(value, Estimate)]
    if not known:
        return None
    return Estimate(
        lower=min(value.lower for value in known), upper=max(value.upper for value in known)
    )
