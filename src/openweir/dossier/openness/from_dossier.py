"""Read a dossier as a release of the Model Openness Framework."""

from openweir.dossier.dossier import Component, Dossier
from openweir.dossier.openness.mof_rules import MOT, mof_rules
from openweir.dossier.openness.release import Item, Release

__all__ = ["release_from_dossier"]


def release_from_dossier(dossier: Dossier) -> Release:
    """Return what the framework can see of a dossier.

    Only components that are there (`present` is `yes`) under one of the
    framework's names count; a component without a licence of its own is
    unlicensed, whatever the release as a whole declares.
    """
    known = mof_rules(MOT).by_name
    producer, _, _ = dossier.name.partition("/")
    about = [("producer", producer)]
    dates = [fact.value for fact in dossier.facts_of("release-date")]
    about += [("date", value) for value in dates[:1] if isinstance(value, str)]
    return Release(
        name=dossier.name,
        items=tuple(
            _item(component)
            for component in dossier.components
            if component.present == "yes" and component.name in known
        ),
        about=tuple(about),
    )


def _item(component: Component) -> Item:
    return Item(
        name=component.name,
        licence=component.licence or "",
        component_path=component.reference,
    )
