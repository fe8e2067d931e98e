"""What this hub does not do, said plainly and with what to do instead."""

import re

from starlette.requests import Request
from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.api.caller import named
from openweir.hub.api.reply import Call, refusal

__all__ = ["git", "no_such_repository", "not_implemented", "unrouted"]

# A name without a namespace is none of this hub's; clients must hear so, not that the
# endpoint is missing.
_BARE = re.compile(
    r"/api/(?:models|datasets|spaces)/[^/]+(?:/(?:revision|tree|refs|commits?|paths-info|preupload"
    r"|settings|branch|tag|like|discussions|super-squash|lfs-files|auth-check|xet-[a-z]+-token)"
    r"(?:/.*)?)?"
)
# The first that a path holds as a part; what the thing is called, and what serves instead.
_INSTEAD = {
    "discussions": ("discussions", "talk about a model where its publisher does"),
    "buckets": ("buckets", "keep files in a repository"),
    "webhooks": ("webhooks", "read the register to learn what changed"),
    "collections": ("collections", "list repositories by author or by tag"),
    "spaces": ("spaces", "this hub keeps models and data sets and runs nothing"),
    "kernels": ("kernels", "keep files in a model repository"),
    "jobs": ("jobs", "this hub runs nothing"),
    "scheduled-jobs": ("jobs", "this hub runs nothing"),
    "papers": ("papers", "link a paper from the model's card"),
    "daily_papers": ("papers", "link a paper from the model's card"),
    "like": ("likes", "nothing is counted here but access requests"),
    "likers": ("likes", "nothing is counted here but access requests"),
    "followers": ("followers", "watch the register to learn what changed"),
    "following": ("followers", "watch the register to learn what changed"),
    "leaderboard": ("leaderboards", "read the evidence of a release"),
    "models-tags-by-type": ("lists of tags", "the tags of a model are in its information"),
    "datasets-tags-by-type": ("lists of tags", "the tags of a data set are in its information"),
}


def no_such_repository(_call: Call) -> Response:
    """Say that there are no data sets, spaces or kernels by that name."""
    raise HubError("this hub has no such repository", code="repo-not-found")


def git(_call: Call) -> Response:
    """Say that there is no `git clone` here."""
    raise HubError(
        "this hub does not speak git itself",
        code="not-implemented",
        hint="use `hf download` and `hf upload`; Git LFS works by its batch API",
    )


def not_implemented(call: Call) -> Response:
    """Refuse the rest of the Hugging Face API."""
    path = call.request.url.path
    if _BARE.fullmatch(path):
        return no_such_repository(call)
    # The repository's own name is no word of the API.
    parts = path.split("/")
    words = parts[:3] + (parts[5:] if parts[2] in ("models", "datasets") else parts[3:])
    for word in words:
        if word in _INSTEAD:
            thing, hint = _INSTEAD[word]
            raise HubError(f"this hub keeps no {thing}", code="not-implemented", hint=hint)
    raise HubError(
        f"this hub does not speak `{path[:100]}`",
        code="not-implemented",
        hint="/api/openweir/openapi.json lists what it speaks",
    )


def unrouted(request: Request, status: int, headers: dict[str, str] | None = None) -> Response:
    """Return the answer to what no route takes: the page is not there, or not by this method."""
    path = request.url.path[:100]
    error = HubError(f"there is nothing at `{path}` here", code="no-such-page")
    if status == 405:
        error = HubError(f"`{path}` does not take {request.method[:20]}", code="method")
    return named(request, refusal(error, headers=headers))
