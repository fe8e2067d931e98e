"""The front matter of a repository's card: the tags it gives, and what is wrong in it.

Source: Hugging Face Hub, model card metadata.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from openweir.errors import DossierError
from openweir.hub.api.reply import Call, found_json
from openweir.hub.card import card_data

__all__ = ["card_facts", "card_tags", "validate_yaml"]

_TEXT = ("library_name", "pipeline_tag", "license_name", "license_link")
_TEXTS = ("license", "language", "tags", "datasets", "metrics", "base_model")
_INVALID = {
    "X-Error-Code": "Card",
    "X-Error-Message": "the card's front matter is not valid",
}


def card_tags(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tags that clients search by: the card's own, its library, task and licence."""
    own = [tag for tag in _listed(data.get("tags")) if isinstance(tag, str)]
    told = [data.get("library_name"), data.get("pipeline_tag")]
    told += [f"license:{word}" for word in _listed(data.get("license"))]
    told += [f"base_model:{word}" for word in _listed(data.get("base_model"))]
    told += [f"dataset:{word}" for word in _listed(data.get("datasets"))]
    found = [*(word for word in told if isinstance(word, str)), *own]
    return tuple(dict.fromkeys(found))


def card_facts(text: str | None) -> dict[str, object]:
    """Return what information and lists say by a card: its data, tags, library and task."""
    return {} if text is None else dict(_facts(text))


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


@lru_cache(maxsize=1024)
def _facts(text: str) -> Mapping[str, object]:
    try:
        data = card_data(text)
    except DossierError:
        return {}  # what is wrong with it, `validate-yaml` told at its upload
    if not data:
        return {}
    told = {
        key: data[key] for key in ("library_name", "pipeline_tag") if isinstance(data.get(key), str)
    }
    return {"cardData": data, "tags": list(card_tags(data)), **told}


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
        return PlainTextResponse("\n".join(lines), status_code=400, headers=_INVALID)
    return JSONResponse(
        {
            "error": "the card's front matter is not valid",
            "code": "hub.card",
            "errors": [{"message": message} for message in messages],
            "warnings": [],
        },
        status_code=400,
        headers=_INVALID,
    )


def _is(value: Any, kind: type) -> bool:
    return value is None or isinstance(value, kind)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
