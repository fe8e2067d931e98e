"""The front matter of a repository's card: bounded, as JSON values.

Source: Hugging Face Hub, model card metadata.
"""

import math
import re
from typing import Any

import yaml

from openweir.dossier.front_matter import read_front_matter
from openweir.errors import DossierError

__all__ = ["card_data"]

_BLOCK = re.compile(r"\s*---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
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
