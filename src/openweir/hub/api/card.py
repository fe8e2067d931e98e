"""The front matter of a repository's card: bounded, as JSON values, with what is wrong in it.

Source: Hugging Face Hub, model card metadata.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml
from starlette.responses import JSONResponse, PlainTextResponse, Response

from openweir.dossier.front_matter import read_front_matter
from openweir.errors import DossierError
from openweir.hub.api.reply import Call, found_json

__all__ = ["card_data", "card_tags", "validate_yaml"]

_BLOCK = re.compile(r"\s*---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TEXT = ("library_name", "pipeline_tag", "license_name", "license_link")
_TEXTS = ("license", "language", "tags", "datasets", "metrics", "base_model")
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def card_data(text: str) -> dict[str, Any] | None:
    """Return a card's front matter as JSON values; None where there is none.

    Raises:
        DossierError: it is not plain YAML, or too large.
    """
    # Counts before anything is built, and refuses aliases: see `dossier.front_matter`.
    if read_front_matter(text.lstrip(), where="README.md") is None:
        return None
    block = _BLOCK.match(text)
    try:
        found = None if block is None else yaml.load(block[1], Loader=_LOADER)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        # What stands behind a tag such as `!!bool`, PyYAML believes to be one.
        raise DossierError(
            "the front matter is not valid YAML", code="card-yaml", where="README.md"
        ) from None
    return {str(key): _plain(value) for key, value in (found or {}).items()}


def card_tags(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tags that clients search by: the card's own, its library, task and licence."""
    own = [tag for tag in _listed(data.get("tags")) if isinstance(tag, str)]
    told = [data.get("library_name"), data.get("pipeline_tag")]
    told += [f"license:{word}" for word in _listed(data.get("license"))]
    told += [f"base_model:{word}" for word in _listed(data.get("base_model"))]
    told += [f"dataset:{word}" for word in _listed(data.get("datasets"))]
    found = [*(word for word in told if isinstance(word, str)), *own]
    return tuple(dict.fromkeys(found))


def validate_yaml(call: Call) -> Response:
    """`POST /api/validate-yaml`: what is wrong with a card's front matter."""
    text = call.json().text("content")
    try:
        data = card_data(text)
    except DossierError as error:
        return _invalid(call, [error.message])
    faults = [] if data is None else _faults(data)
    if faults:
        return _invalid(call, faults)
    warnings = []
    if not data:
        warnings = [{"message": "the card has no front matter: say at least `license`"}]
    return found_json({"errors": [], "warnings": warnings})


def _faults(data: Mapping[str, Any]) -> list[str]:
    found = [f"`{key}` is one text" for key in _TEXT if not _is(data.get(key), str)]
    found += [
        f"`{key}` is a text or a list of texts"
        for key in _TEXTS
        if not all(_is(item, str) or item is False for item in _listed(data.get(key)))
    ]
    # Only a card that is checked pays for the licences.
    from openweir.dossier.exchange.hub_licence import HUB_LICENCES  # noqa: PLC0415

    if not {word for word in _listed(data.get("license")) if isinstance(word, str)} <= HUB_LICENCES:
        found.append(f'"license" must be one of {", ".join(sorted(HUB_LICENCES))}')
    index = data.get("model-index")
    if index is not None and not (
        isinstance(index, list)
        and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in index)
    ):
        found.append("`model-index` is a list of entries with a `name`")
    return found


def _invalid(call: Call, messages: list[str]) -> Response:
    if call.request.headers.get("accept", "").startswith("text/plain"):
        lines = [f"- Error: {message}" for message in messages]
        return PlainTextResponse("\n".join(lines), status_code=400)
    return JSONResponse(
        {
            "error": "the card's front matter is not valid",
            "errors": [{"message": message} for message in messages],
            "warnings": [],
        },
        status_code=400,
    )


def _is(value: Any, kind: type) -> bool:
    return value is None or isinstance(value, kind)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)
