"""Take a release over from MOT YAML: its components, each with the licence MOT would read."""

from openweir import digest
from openweir.artifact import show
from openweir.dossier.component import MOF_COMPONENTS
from openweir.dossier.dossier import Component
from openweir.dossier.exchange.name import hub_name
from openweir.dossier.exchange.taken import LeftOut, Taken
from openweir.dossier.fact import Certainty, Fact, Source
from openweir.dossier.openness.from_mot import release_from_mot_yaml
from openweir.dossier.openness.mof import licence_of
from openweir.dossier.openness.release import Item, Release
from openweir.errors import DossierError

__all__ = ["take_mot"]

_MAX_TEXT = 512
# People write into the licence field that there is nothing to license.
_NOT_THERE = ("component not include", "component component not include")
# `date` is often the day of the submission; the others are words without a predicate.
_NOT_TAKEN = {
    "version": "a dossier names versions by digest",
    "date": "the form does not say whether it is the day of release or of submission",
    "type": "no predicate",
    "architecture": "MOT's words for it are not class names",
    "treatment": "no predicate",
    "origin": "free words, not the names of parent models",
    "repository": "no predicate",
}


def take_mot(data: bytes, *, file: str) -> Taken:
    """Take one MOT YAML over.

    Submissions are typed by hand and not checked, so what they say is secondary.

    Args:
        data: the file's bytes.
        file: its name.

    Raises:
        DossierError: not YAML as it is read here, or not MOT's form with a name.
    """
    release = release_from_mot_yaml(data, where=file)
    if not release.name:
        raise DossierError("the release has no name", code="mot-name", where=file)
    sha256 = digest.sha256(data)
    left_out = [
        LeftOut(what=key, why=_NOT_TAKEN[key])
        for key, text in release.about
        if text and key in _NOT_TAKEN
    ]
    # INVARIANT: a name that stands twice counts as MOT counts it: the last one.
    items = {item.name: item for item in release.items}
    components = []
    for name, item in items.items():
        if name in MOF_COMPONENTS:
            components.append(_component(item, release))
        else:
            left_out.append(LeftOut(what=show(name), why="no component of the framework"))

    def fact(predicate: str, value: str, locator: str) -> Fact:
        return Fact(
            predicate=predicate,
            value=show(value, _MAX_TEXT),
            method="stated",
            certainty=Certainty.SECONDARY,
            source=Source(
                kind="publication",
                ref=f"Model Openness Tool, {show(file)}",
                sha256=sha256,
                locator=locator,
            ),
        )

    facts = []
    weights = next((c for c in components if c.name == "Model parameters (Final)"), None)
    if weights is not None and weights.licence is not None and weights.present == "yes":
        facts.append(fact("licence", weights.licence, "release.components: Model parameters"))
    if release.field("contact"):
        facts.append(fact("contact", release.field("contact"), "release.contact"))
    return Taken(
        form="mot",
        title=show(release.name, _MAX_TEXT),
        name=hub_name(release.field("huggingface")),
        facts=tuple(facts),
        components=tuple(components),
        left_out=tuple(left_out),
    )


def _component(item: Item, release: Release) -> Component:
    licence = licence_of(item, MOF_COMPONENTS[item.name], release)
    gone = licence.lower().startswith(_NOT_THERE)
    return Component(
        name=item.name,
        present="no" if gone else "yes",
        licence=None if gone or not licence else show(licence, _MAX_TEXT),
        certainty=Certainty.SECONDARY,
        reference=show(item.component_path, _MAX_TEXT) if item.component_path else None,
    )
