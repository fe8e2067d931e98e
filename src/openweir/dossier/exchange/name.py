"""A release's name on a hub, from a link to it."""

import re

from openweir.dossier.inspect import check_name
from openweir.errors import DossierError

__all__ = ["hub_name"]

_LINK = re.compile(
    r"https://(?:www\.)?huggingface\.co/([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)(?:/.*)?", re.ASCII
)
_NOT_MODELS = ("datasets/", "spaces/", "collections/", "papers/", "docs/", "blog/")


def hub_name(link: str) -> str:
    """Return `org/name` that a link to a model leads to, or "" for any other text."""
    found = _LINK.fullmatch(link.strip())
    if found is None or found[1].startswith(_NOT_MODELS):
        return ""
    try:
        return check_name(found[1], where="link")
    except DossierError:
        return ""
