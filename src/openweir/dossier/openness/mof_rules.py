"""The two MOF rule sets as typed values, read from their data files."""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from openweir.canonical import Object
from openweir.dossier.openness.licence_name import LicenceNames, licence_names
from openweir.dossier.openness.rule_set import rule_data, rule_set

__all__ = ["MofComponent", "MofRules", "mof_rules"]

MOT, STRICT = "mof-1.0/mot", "mof-1.0/strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class MofComponent:
    """A component of the framework.

    Attributes:
        identity: MOT's number for it.
        kind: `code`, `data` or `document`: which licences suit it.
        first_class: the least demanding class that asks for it, 3 to 1.
        required: whether that class needs it.
    """

    identity: int
    name: str
    kind: str
    first_class: int
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MofRules:
    """What one MOF rule set goes by.

    Attributes:
        name: of the rule set.
        components: in the order results list them: class III first, required before optional.
        by_name: the same by name.
        needed: class -> numbers of all components it needs, those of the classes before included.
        unknown: the component that a name which is none counts as; None sets it apart.
        report, paper: the technical report, and the paper that may stand in for it.
        zero_until_complete: a class reports 0 while the class before it is incomplete.
        open_ids: licences that count as open.
        appropriate: kind -> licences that suit it; others only warn.
        names: reads written-out licence names as ids; None takes them as written.
    """

    name: str
    components: tuple[MofComponent, ...]
    by_name: MappingProxyType[str, MofComponent]
    needed: MappingProxyType[int, frozenset[int]]
    unknown: MofComponent | None
    report: MofComponent
    paper: MofComponent
    zero_until_complete: bool
    open_ids: frozenset[str]
    appropriate: MappingProxyType[str, frozenset[str]]
    names: LicenceNames | None


@cache
def mof_rules(name: str) -> MofRules:
    """Return `mof-1.0/mot` or `mof-1.0/strict`.

    Raises:
        DossierError: no such rule set.
    """
    base = rule_data(rule_set(MOT).data).read
    own = rule_data(rule_set(name).data).read
    strict = name == STRICT
    components = _components(base)
    by_identity = {component.identity: component for component in components}
    lists = base.object("licences")
    open_ids = {
        *lists.texts("osi"),
        *lists.texts("fsf"),
        *lists.texts("open_data"),
        *lists.texts("open"),
    }
    if strict:
        open_ids |= set(own.object("licences").texts("open"))
    suits = base.object("type_appropriate")
    more = own.object("type_appropriate")
    rules = own.object("rules")
    return MofRules(
        name=name,
        components=components,
        by_name=MappingProxyType({component.name: component for component in components}),
        needed=MappingProxyType(
            {
                level: frozenset(
                    component.identity
                    for component in components
                    if component.required and component.first_class >= level
                )
                for level in (3, 2, 1)
            }
        ),
        unknown=by_identity.get(rules.integer("unknown_component")),
        report=by_identity[base.object("rules").integer("technical_report")],
        paper=by_identity[base.object("rules").integer("research_paper")],
        zero_until_complete=rules.flag("zero_until_complete"),
        open_ids=frozenset(open_ids),
        appropriate=MappingProxyType(
            {
                kind: frozenset(suits.texts(kind)) | (frozenset(more.texts(kind)))
                for kind in ("code", "data", "document")
            }
        ),
        names=licence_names() if strict else None,
    )


def _components(base: Object) -> tuple[MofComponent, ...]:
    """Read the components, sorted as MOT lists them: by class, need, then weight."""
    rows = sorted(
        base.objects("component"),
        key=lambda row: (-row.integer("class"), not row.flag("required"), row.integer("weight")),
    )
    return tuple(
        MofComponent(
            identity=row.integer("id"),
            name=row.text("name"),
            kind=row.text("kind"),
            first_class=row.integer("class"),
            required=row.flag("required"),
        )
        for row in rows
    )
