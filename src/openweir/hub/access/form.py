"""The form of a gate as a model card states it: read with bounds, and answers checked by it.

Source: Hugging Face Hub, gated models (`extra_gated_prompt`, `extra_gated_fields`,
`extra_gated_heading`, `extra_gated_description`, `extra_gated_button_content`,
`extra_gated_eu_disallowed`). Fields of the type `ip_location` are passed over: this hub keeps
no addresses of people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from openweir.canonical import Object
from openweir.errors import HubError, OpenweirError
from openweir.instant import parse_day

__all__ = ["COUNTRIES", "EU", "FIELD_TYPES", "Field", "form_of", "read_field", "value_of"]

FIELD_TYPES = ("text", "checkbox", "date_picker", "country", "select")
_PASSED_OVER = "ip_location"
_MAX_FIELDS = 20
_MAX_NAME = 600  # a box to check holds the sentence that is agreed to
_MAX_OPTIONS = 100
_MAX_OPTION = 200
_MAX_VALUE = 1000
_EARLIEST, _LATEST = date(1900, 1, 1), date(2199, 12, 31)

# ISO 3166-1 alpha-2, officially assigned.
_ASSIGNED = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "
    "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ "
    "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP "
    "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG "
    "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
    "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE "
    "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
    "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM "
    "US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
COUNTRIES = frozenset(_ASSIGNED.split())
EU = frozenset(_EU.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form.

    Attributes:
        name: shown to people; for a box what they agree to.
        type: one of `FIELD_TYPES`.
        options: of a `select`; empty for others.
    """

    name: str
    type: str
    options: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the field as plain JSON values."""
        told: dict[str, object] = {"name": self.name, "type": self.type}
        return told | ({"options": list(self.options)} if self.options else {})


def read_field(read: Object) -> Field:
    """Read one field of published rules.

    Raises:
        HubError: it is of no known type, or out of bounds.
        CanonicalError: it is malformed.
    """
    options = read.texts("options") if "options" in read.value else ()
    return _checked(Field(name=read.text("name"), type=read.text("type"), options=options))


def form_of(card: Mapping[str, object]) -> tuple[Field, ...]:
    """Return the fields that a card's front matter asks for.

    Args:
        card: the front matter as JSON values; hostile.

    Raises:
        HubError: the fields are malformed or go out of bounds.
    """
    stated = card.get("extra_gated_fields")
    if stated is None:
        return ()
    if not isinstance(stated, dict):
        raise _bad("`extra_gated_fields` is a table of names and types")
    found = []
    for name, kind in stated.items():
        inner = kind if isinstance(kind, dict) else {"type": kind}
        if inner.get("type") == _PASSED_OVER:
            continue
        found.append(
            _checked(Field(name=str(name), type=str(inner.get("type")), options=_options(inner)))
        )
        if len(found) > _MAX_FIELDS:
            raise _bad(f"at most {_MAX_FIELDS} fields")
    return tuple(found)


def value_of(field: Field, value: object) -> str:
    """Return an answer to a field as it is kept.

    Args:
        field: of the form.
        value: what was sent; hostile.

    Raises:
        HubError: it is no answer to this field.
    """
    shown = field.name[:60]
    if field.type == "checkbox":
        if value not in (True, "true", "on", "1"):
            raise HubError(f"`{shown}` is to be agreed to", code="bad-request")
        return "true"
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _MAX_VALUE:
        raise HubError(f"`{shown}` is to be filled in", code="bad-request")
    text = value.strip()
    if field.type == "select" and text not in field.options:
        listed = ", ".join(field.options)
        raise HubError(f"`{shown}` is one of {listed[:300]}", code="bad-request")
    if field.type == "country" and text.upper() not in COUNTRIES:
        raise HubError(
            f"`{shown}` is a country by its two letters (ISO 3166-1), such as `PT`",
            code="bad-request",
        )
    if field.type == "date_picker":
        return _day(shown, text)
    return text.upper() if field.type == "country" else text


def _day(name: str, text: str) -> str:
    try:
        day = parse_day(text)
    except OpenweirError:
        day = None
    if day is None or not _EARLIEST <= day <= _LATEST:
        raise HubError(f"`{name}` is a day such as 2026-11-20", code="bad-request")
    return day.isoformat()


def _options(kind: Mapping[str, object]) -> tuple[str, ...]:
    stated = kind.get("options", ())
    if not isinstance(stated, (list, tuple)):
        raise _bad("`options` is a list")
    found = []
    for item in stated[: _MAX_OPTIONS + 1]:
        word = item.get("value", item.get("label")) if isinstance(item, dict) else item
        found.append(str(word))
    return tuple(dict.fromkeys(found))


def _checked(field: Field) -> Field:
    odd = [
        (
            field.type not in FIELD_TYPES,
            f"the field `{field.name[:40]}` is of no known type: {', '.join(FIELD_TYPES)}",
        ),
        (
            not 0 < len(field.name) <= _MAX_NAME or not field.name.isprintable(),
            f"a field's name is a line of at most {_MAX_NAME} letters",
        ),
        (
            field.type == "select" and not 0 < len(field.options) <= _MAX_OPTIONS,
            f"`{field.name[:40]}` has from 1 to {_MAX_OPTIONS} `options`",
        ),
        (
            field.type != "select" and bool(field.options),
            f"`{field.name[:40]}` is no `select` and has no `options`",
        ),
        (
            any(not 0 < len(one) <= _MAX_OPTION or not one.isprintable() for one in field.options),
            f"an option is a line of at most {_MAX_OPTION} letters",
        ),
    ]
    for wrong, sentence in odd:
        if wrong:
            raise _bad(sentence)
    return field


def _bad(sentence: str) -> HubError:
    return HubError(sentence, code="bad-request", where="gate form")
