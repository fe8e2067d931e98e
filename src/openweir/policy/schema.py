"""The JSON Schema and the reference page of the policy language, made from its form."""

from collections.abc import Iterator

from openweir.policy.form import ATOMS, FORMULA_KEYS, NOTE, SECTIONS, Key, Section
from openweir.policy.policy import Vocabulary
from openweir.tier import Tier

__all__ = ["json_schema", "reference_page"]

_TIERS = [tier.word for tier in Tier]
_TEXT = {"type": "string", "minLength": 1}
_WORDS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}]}
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ID = {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"}
_COUNT = {"type": "integer", "minimum": 1}
_NUMBER = {"type": "number"}


def json_schema(vocabulary: Vocabulary) -> dict[str, object]:
    """Return the JSON Schema (2020-12) of `policy.toml` read as JSON, days as text.

    It says what an editor can check while one types; whether quotes, digests, units,
    ladder rows and names fit each other, `openweir policy check` says.
    """
    kinds = _kinds(vocabulary)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Openweir policy pack, policy.toml, language 1",
        "type": "object",
        "additionalProperties": False,
        "required": ["policy", "requirement", "approval"],
        "properties": {name: _section(form, kinds) for name, form in SECTIONS.items()},
        "$defs": {"formula": _formula(kinds)},
    }


def _kinds(vocabulary: Vocabulary) -> dict[str, object]:
    """Return what each kind of key may hold."""

    def among(words: tuple[str, ...] | list[str]) -> dict[str, object]:
        return {"enum": list(words)}

    def several(words: tuple[str, ...]) -> dict[str, object]:
        one = among(words)
        many = {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}
        return {"anyOf": [one, many]}

    signers = {
        "type": "object",
        "additionalProperties": False,
        "required": ["signatures", "roles"],
        "properties": {"signatures": _COUNT, "roles": several(vocabulary.roles)},
    }
    source: dict[str, object] = dict.fromkeys(("doc", "locator", "quote"), _TEXT)
    loosening = {"type": "object", "properties": {"id": _TEXT, "text": _TEXT}}
    return {
        "text": _TEXT,
        "id": _ID,
        "day": {"type": "string", "format": "date"},
        "digest": _DIGEST,
        "flag": {"type": "boolean"},
        "true": {"const": True},
        "count": _COUNT,
        "number": _NUMBER,
        "proportion": {"type": "number", "minimum": 0, "maximum": 1},
        "tier": among(_TIERS),
        "breach": among(["revisit", *_TIERS]),
        "triggers": among(["release", "incident", "request"]),
        "directions": among(["upper-is-risk", "lower-is-risk"]),
        "units": among(["proportion"]),
        "words": _WORDS,
        "roles": several(vocabulary.roles),
        "certainties": several(vocabulary.certainties),
        "evaluations": several(vocabulary.evaluations),
        "predicates": among(sorted(vocabulary.predicates)),
        "components": among(vocabulary.components),
        "formula": {"$ref": "#/$defs/formula"},
        "value": {"anyOf": [_NUMBER, _TEXT, _table({"ladder": _TEXT}, ["ladder"])]},
        "source": _table(source, list(source)),
        "signers": signers,
        "light": _table(
            {"use": _TEXT, "signatures": _COUNT, "roles": several(vocabulary.roles)},
            ["use", "signatures", "roles"],
        ),
        "loosenings": {"type": "array", "items": loosening},
    }


def _table(properties: object, required: list[str]) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _described(keys: tuple[Key, ...], kinds: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in keys:
        kind = kinds[key.kind]
        assert isinstance(kind, dict)
        found[key.name] = {**kind, "description": key.meaning}
    return found


def _section(form: Section, kinds: dict[str, object]) -> dict[str, object]:
    if form.shape == "sets":
        return {"type": "object", "description": form.meaning, "additionalProperties": _WORDS}
    properties = _described(form.keys, kinds)
    if form.formula:
        properties.update(_join_keys())
    one = _table(properties, [key.name for key in form.keys if key.needed])
    if form.formula:
        one["oneOf"] = _one_of()
    if form.shape == "one":
        return {**one, "description": form.meaning}
    if form.shape == "name":
        return {"type": "object", "description": form.meaning, "additionalProperties": one}
    return {"type": "array", "description": form.meaning, "items": one}


def _join_keys() -> dict[str, object]:
    several = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/formula"}}
    return {
        "all": several,
        "any": several,
        "at-least": {"description": "How many of `of`; or a limit on a claim or fact."},
        "of": several,
        "use": _TEXT,
        "fact": _TEXT,
        "component": _TEXT,
        "claim": _TEXT,
    }


def _one_of() -> list[dict[str, object]]:
    leading = [key for key in FORMULA_KEYS if key != "at-least"]
    return [{"required": [key]} for key in leading]


def _formula(kinds: dict[str, object]) -> dict[str, object]:
    joins = _join_keys()
    several = joins["all"]
    return {
        "description": "What must be shown. There is no NOT.",
        "oneOf": [
            _table({"all": several}, ["all"]),
            _table({"any": several}, ["any"]),
            _table({"at-least": _COUNT, "of": several}, ["at-least", "of"]),
            _table({"use": _TEXT}, ["use"]),
            *(
                {
                    **_table(_described(keys, kinds), [key.name for key in keys if key.needed]),
                    "description": meaning,
                }
                for meaning, keys in ATOMS.values()
            ),
        ],
    }


def reference_page(vocabulary: Vocabulary) -> str:
    """Return the generated part of the reference page, as Markdown."""
    return "\n".join(_page(vocabulary)).rstrip("\n") + "\n"


def _page(vocabulary: Vocabulary) -> Iterator[str]:
    for name, form in SECTIONS.items():
        yield f"## {_heading(name, form)}\n"
        yield form.meaning + "\n"
        if form.keys or form.formula:
            yield from _rows(form.keys)
        if form.formula:
            yield "| a formula | yes | [below](#formulas) |"
        yield ""
    yield "## Formulas\n"
    yield 'There is no "not": a rule can only ask for more to be shown.\n'
    yield "| written | holds when |"
    yield "|---|---|"
    yield "| `all = [...]` | every one holds |"
    yield "| `any = [...]` | at least one holds |"
    yield "| `at-least = 2, of = [...]` | at least so many hold |"
    yield '| `use = "NAME"` | the `[[definition]]` of that name holds |'
    yield from (f"| `{name} = ...` | [{name}](#{name}) |" for name in ATOMS)
    yield ""
    for name, (meaning, keys) in ATOMS.items():
        yield f"### `{name}`\n"
        yield meaning + "\n"
        yield from _rows(keys)
        yield ""
    yield "## `loosenings.toml`\n"
    yield NOTE.meaning.partition(": ")[2].capitalize() + "\n"
    yield from _rows(NOTE.keys)
    yield ""
    yield from _vocabulary(vocabulary)


def _heading(name: str, form: Section) -> str:
    written = {
        "one": f"[{name}]",
        "sets": f"[{name}]",
        "list": f"[[{name}]]",
        "name": f"[{name}.NAME]",
    }
    return f"`{written[form.shape]}`"


def _rows(keys: tuple[Key, ...]) -> Iterator[str]:
    yield "| key | needed | meaning |"
    yield "|---|---|---|"
    for key in keys:
        yield f"| `{key.name}` | {'yes' if key.needed else 'no'} | {key.meaning} |"


def _vocabulary(vocabulary: Vocabulary) -> Iterator[str]:
    yield "## Words\n"
    for title, words in (
        ("tiers", tuple(_TIERS)),
        ("certainties", vocabulary.certainties),
        ("evaluations", vocabulary.evaluations),
        ("rungs, from the weakest", vocabulary.rungs),
        ("independence, from the least", vocabulary.independences),
        ("access, from the least", vocabulary.accesses),
        ("roles", vocabulary.roles),
        ("components", vocabulary.components),
    ):
        yield f"- {title}: " + ", ".join(f"`{word}`" for word in words)
    yield "\n| fact | kind | unit |"
    yield "|---|---|---|"
    for name in sorted(vocabulary.predicates):
        kind, unit = vocabulary.predicates[name]
        yield f"| `{name}` | {kind} | {unit or ''} |"
