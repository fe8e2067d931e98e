"""Write a system of the European Open Source AI Index.

The index judges (open, partial, closed); a dossier does not. A judgement is written
where one was taken from the index before, and `closed` where the dossier says that
the part is not there; every other `class` stays empty for a person to fill in.

Source: osai-index.eu/contribute; main-database 5a388e8, `a_submission_template.yaml`.
"""

import re

from openweir.dossier.component import MOF_COMPONENTS
from openweir.dossier.dossier import Component, Dossier
from openweir.dossier.exchange.agreed import agreed, agreed_licence
from openweir.dossier.exchange.taken import LeftOut
from openweir.dossier.exchange.written import Written
from openweir.dossier.openness.rule_set import rule_data
from openweir.dossier.openness.write_yaml import write_yaml

__all__ = ["PARTS", "judgements", "osai_yaml"]

PARTS: dict[str, str] = {
    "weights_endmodel": "Model parameters (Final)",
    "trainingcode": "Training code",
    "preprint": "Technical report",
    "paper": "Research paper",
    "modelcard": "Model card",
    "datasheet": "Data card",
}
"""Parameter of the index -> the one component it is about."""

assert set(PARTS.values()) <= set(MOF_COMPONENTS)

_LINK = re.compile(r"https?://[^\s\"<>\\^`{|}]+", re.ASCII)


def osai_yaml(dossier: Dossier) -> Written:
    """Return the index's form, filled in as far as the dossier reaches."""
    left_out: list[LeftOut] = []

    def one(field: str, predicate: str) -> str | None:
        found = agreed(dossier, predicate)
        if not found.texts:
            left_out.append(LeftOut(what=field, why=found.why))
        return found.text or None

    licence = agreed_licence(dossier)
    if not licence.texts:
        left_out.append(LeftOut(what="system.endmodellicense", why=licence.why))
    organisation, _, name = dossier.name.partition("/")
    document: dict[str, object] = {
        "system": {
            "name": name,
            "link": None,
            "type": one("system.type", "modalities"),
            "performanceclass": None,
            "basemodelname": one("system.basemodelname", "base-model"),
            "endmodelname": name,
            "endmodellicense": licence.text or None,
            "releasedate": one("system.releasedate", "release-date"),
            "notes": None,
        },
        "org": {
            "name": None if organisation == "local" else organisation,
            "link": None,
            "notes": None,
        },
    }
    judged = judgements(dossier)
    for row in rule_data("osai-12.toml").read.objects("parameter"):
        parameter = row.text("name")
        component = dossier.component(PARTS.get(parameter, ""))
        verdict = judged.get(parameter)
        if verdict is None and component is not None and component.present == "no":
            verdict = "closed"
        if verdict is None:
            left_out.append(LeftOut(what=f"{parameter}.class", why="a person has to judge it"))
        document[parameter] = {"class": verdict, "link": _link(component), "notes": None}
    return Written(form="osai", data=write_yaml(document), left_out=tuple(left_out))


def judgements(dossier: Dossier) -> dict[str, str]:
    """Return parameter -> class as the index judged; what was judged in two ways is left out."""
    found: dict[str, set[str]] = {}
    for fact in dossier.facts_of("openness-judgements"):
        for text in fact.value if isinstance(fact.value, tuple) else ():
            parameter, _, verdict = text.partition(": ")
            found.setdefault(parameter, set()).add(verdict)
    return {name: next(iter(words)) for name, words in found.items() if len(words) == 1}


def _link(component: Component | None) -> str | None:
    reference = "" if component is None else component.reference or ""
    return reference if _LINK.fullmatch(reference) else None
