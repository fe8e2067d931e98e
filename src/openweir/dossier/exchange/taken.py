"""What was taken from a file in someone else's form."""

from dataclasses import dataclass

from openweir.dossier.dossier import Component
from openweir.dossier.fact import Fact

__all__ = ["LeftOut", "Taken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that was not carried over.

    Attributes:
        what: the field or component, as the form it is in calls it.
        why: in plain words.
    """

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Facts and components of one release, ready to be declared in a case.

    Attributes:
        form: the form they were in: `epoch`, `mot`, `osai`, `hf-card`.
        title: the release, as the file calls it.
        name: `org/name` where the file links the release on a hub; else "".
        facts, components: in the order of the form.
        left_out: what the file says and a dossier cannot take over as it stands.
    """

    form: str
    title: str
    name: str = ""
    facts: tuple[Fact, ...] = ()
    components: tuple[Component, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
