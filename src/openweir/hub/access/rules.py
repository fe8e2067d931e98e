"""Rules: what a gate asks of whom, published before anybody asks.

The European Union's exemption for open-source models survives a gate only where the gate is
open to everybody and takes personal data for nothing but the model's security (guidelines on
general-purpose AI models, paragraphs 79, 83 and 87): `facts` says which of these the rules
leave standing. What follows from them is for the policy and its readers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from openweir.canonical import Object, compact
from openweir.errors import HubError
from openweir.hub.access.form import Field, form_of, read_field
from openweir.hub.access.terms import require_terms

__all__ = ["GateRules", "Panel", "beside", "facts", "from_card"]

_MODES = ("manual", "auto")
_DATA = ("security-only", "stated")
_SECURITY_FIELDS = ("checkbox",)
_MAX_FIELDS = 20
_MAX_TEXT = 4000
_MAX_PROMPT = 64 * 1024
_MAX_LINE = 200
_MAX_LEVEL = 3
_MAX_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Who hears appeals: people without a role in the publisher's namespace.

    Attributes:
        members: accounts.
        votes: how many of them admit an applicant, whatever the publisher said.
    """

    members: tuple[str, ...]
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """What a gate asks.

    Attributes:
        mode: `manual`, or `auto` where whoever meets the rules is let in by them.
        data: `security-only` takes nothing of a person but the account, the declared purpose
            and checked boxes; `stated` takes the fields the rules name.
        criteria: who is let in, in words.
        purposes: terms of which a request names at least one; empty for any.
        conditions: terms that a request must accept, every one.
        level: how well a requester must be known, 0 to 3.
        fields: of the form.
        heading, description, prompt, button: what the card says around the form.
        reviewers: accounts that answer beside the publisher.
        panel: who hears appeals; None for nobody.
        days: how long a grant lasts unless it says otherwise; 0 for until revoked.
        eu_disallowed: whether the card turns people in the European Union away.
    """

    mode: str = "manual"
    data: str = "security-only"
    criteria: str = ""
    purposes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    level: int = 0
    fields: tuple[Field, ...] = ()
    heading: str = ""
    description: str = ""
    prompt: str = ""
    button: str = ""
    reviewers: tuple[str, ...] = ()
    panel: Panel | None = None
    days: int = 0
    eu_disallowed: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the rules as plain JSON values."""
        return {
            "mode": self.mode,
            "data": self.data,
            "criteria": self.criteria,
            "purposes": list(self.purposes),
            "conditions": list(self.conditions),
            "level": self.level,
            "fields": [field.to_json() for field in self.fields],
            "heading": self.heading,
            "description": self.description,
            "prompt": self.prompt,
            "button": self.button,
            "reviewers": list(self.reviewers),
            "panel": None
            if self.panel is None
            else {"members": list(self.panel.members), "votes": self.panel.votes},
            "days": self.days,
            "eu_disallowed": self.eu_disallowed,
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return compact(self.to_json())

    @classmethod
    def read(cls, read: Object) -> "GateRules":
        """Read rules.

        Raises:
            HubError: they contradict themselves or go out of bounds.
            CanonicalError: they are malformed.
        """
        panel = read.optional_object("panel")
        rules = cls(
            mode=read.text("mode", "manual"),
            data=read.text("data", "security-only"),
            criteria=read.text("criteria", ""),
            purposes=require_terms(_texts(read, "purposes"), "purpose", where="purposes"),
            conditions=require_terms(_texts(read, "conditions"), "condition", where="conditions"),
            level=read.integer("level", 0),
            fields=tuple(
                read_field(item)
                for item in (read.objects("fields") if "fields" in read.value else ())
            ),
            heading=read.text("heading", ""),
            description=read.text("description", ""),
            prompt=read.text("prompt", ""),
            button=read.text("button", ""),
            reviewers=_texts(read, "reviewers"),
            panel=None
            if panel is None
            else Panel(members=panel.texts("members"), votes=panel.integer("votes")),
            days=read.integer("days", 0),
            eu_disallowed=read.flag("eu_disallowed", False),
        )
        return _checked(rules)


def from_card(card: Mapping[str, object]) -> GateRules:
    """Return what the front matter of a model card says of the gate, as rules of their own.

    A field it names turns the data mode to `stated`, unless every one is a box to check.

    Args:
        card: the front matter as JSON values; hostile.

    Raises:
        HubError: the card's fields are malformed.
    """
    fields = form_of(card)
    only_boxes = all(field.type in _SECURITY_FIELDS for field in fields)
    prompt = _text(card, "extra_gated_prompt", _MAX_PROMPT)
    return _checked(
        GateRules(
            criteria=prompt[:_MAX_TEXT],
            fields=fields,
            data="security-only" if only_boxes else "stated",
            heading=_text(card, "extra_gated_heading", _MAX_LINE),
            description=_text(card, "extra_gated_description", _MAX_TEXT),
            prompt=prompt,
            button=_text(card, "extra_gated_button_content", _MAX_LINE),
            eu_disallowed=card.get("extra_gated_eu_disallowed") is True,
        )
    )


def beside(stated: GateRules, card: GateRules) -> GateRules:
    """Return the publisher's rules with what the card says beside them; theirs go first.

    Where they take data for security only, the card's fields for more are left out.

    Args:
        stated: by the publisher.
        card: as `from_card` read it.
    """
    fields = card.fields
    if stated.data == "security-only":
        fields = tuple(field for field in fields if field.type in _SECURITY_FIELDS)
    return _checked(
        replace(
            stated,
            criteria=stated.criteria or card.criteria,
            fields=stated.fields or fields,
            heading=stated.heading or card.heading,
            description=stated.description or card.description,
            prompt=stated.prompt or card.prompt,
            button=stated.button or card.button,
            eu_disallowed=stated.eu_disallowed or card.eu_disallowed,
        )
    )


def _text(card: Mapping[str, object], key: str, most: int) -> str:
    found = card.get(key)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > most:
        raise HubError(f"`{key}` is a text of at most {most} letters", code="bad-request")
    return found.strip()


def facts(rules: GateRules) -> dict[str, dict[str, str]]:
    """Return what the rules say about a gate's openness, each with the paragraph it bears on."""
    restricted = any(
        term in rules.conditions for term in ("DUO:0000018", "DUO:0000022", "DUO:0000028")
    )
    data = "yes" if rules.data == "security-only" else "no"
    return {
        "open_to_every_country": _fact(
            "no" if rules.eu_disallowed or "DUO:0000022" in rules.conditions else "yes", "79"
        ),
        "free_of_purpose_limits": _fact("no" if rules.purposes or restricted else "yes", "83"),
        "personal_data_for_security_only": _fact(data, "87"),
    }


def _fact(answer: str, paragraph: str) -> dict[str, str]:
    source = "Guidelines on the scope of obligations for providers of general-purpose AI models"
    return {"answer": answer, "source": f"{source}, paragraph {paragraph}"}


def _texts(read: Object, key: str) -> tuple[str, ...]:
    return read.texts(key) if key in read.value else ()


def _checked(rules: GateRules) -> GateRules:
    panel = rules.panel
    odd = [
        (rules.mode not in _MODES, f"`mode` is one of {', '.join(_MODES)}"),
        (rules.data not in _DATA, f"`data` is one of {', '.join(_DATA)}"),
        (not 0 <= rules.level <= _MAX_LEVEL, "`level` is 0 to 3"),
        (not 0 <= rules.days <= _MAX_DAYS, f"`days` is 0 to {_MAX_DAYS}"),
        (len(rules.criteria) > _MAX_TEXT, f"`criteria` has at most {_MAX_TEXT} letters"),
        (len(rules.fields) > _MAX_FIELDS, f"at most {_MAX_FIELDS} fields"),
        (
            len({field.name for field in rules.fields}) != len(rules.fields),
            "a field's name stands once",
        ),
        (
            len(rules.prompt) > _MAX_PROMPT or len(rules.description) > _MAX_TEXT,
            f"`prompt` has at most {_MAX_PROMPT} letters, `description` {_MAX_TEXT}",
        ),
        (
            max(len(rules.heading), len(rules.button)) > _MAX_LINE,
            f"`heading` and `button` have at most {_MAX_LINE} letters",
        ),
        (
            rules.data == "security-only"
            and any(field.type not in _SECURITY_FIELDS for field in rules.fields),
            "`security-only` takes checkboxes only: say `stated` to ask for more about people",
        ),
        (
            rules.mode == "auto" and rules.level == _MAX_LEVEL,
            "level 3 is a named person's approval: it cannot be `auto`",
        ),
        (
            panel is not None
            and not (0 < panel.votes <= len(set(panel.members)) == len(panel.members) <= 99),
            "a panel has different members and asks for votes of some of them",
        ),
    ]
    for wrong, sentence in odd:
        if wrong:
            raise HubError(sentence, code="bad-request", where="gate rules")
    return rules
