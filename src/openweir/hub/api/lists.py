"""The lists of repositories: one's own drafts and everybody's releases, by name or by time."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.api.drafts import kind_of
from openweir.hub.api.listing import expanded, expands, info_json, page_size
from openweir.hub.api.reply import Call, found_json
from openweir.hub.api.repository import card_of, release_json
from openweir.hub.repository.repositories import Kind

__all__ = ["repositories"]

_FIRST_CHUNK, _CHUNK = 50, 500
# Sorting by time looks at all that is visible; past this the answer is asked for narrower.
_MOST_SORTED = 20_000
_TIMES = {
    "lastModified": "lastModified",
    "last_modified": "lastModified",
    "createdAt": "createdAt",
    "created_at": "createdAt",
    "downloads": "downloads",
    "likes": "likes",
    "trendingScore": "likes",
    "trending_score": "likes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a list is narrowed to."""

    author: str
    search: str
    tags: frozenset[str]
    gated: bool | None

    def named(self, name: str) -> bool:
        author = name.partition("/")[0].lower()
        if self.author and author != self.author:
            return False
        return self.search in name.lower()

    def fits(self, item: dict[str, object]) -> bool:
        tags = item.get("tags")
        if self.gated is not None and bool(item["gated"]) != self.gated:
            return False
        return not self.tags or self.tags <= set(tags if isinstance(tags, list) else ())


def repositories(call: Call) -> Response:
    """`GET /api/KIND?author&search&filter&gated&limit&sort&cursor&expand`: what one sees."""
    query = call.request.query_params
    sort, cursor, limit = query.get("sort"), query.get("cursor", ""), page_size(call)
    if sort is not None and sort not in _TIMES:
        raise HubError(f"lists are not sorted by `{sort[:40]}`", code="bad-request")
    if sort is None:
        page: list[dict[str, object]] = []
        for item in _visible(call, after=cursor):
            if len(page) == limit:
                return _page(call, page, str(page[-1]["id"]))
            page.append(item)
        return _page(call, page, None)
    every: list[dict[str, object]] = []
    for item in _visible(call, after=""):
        every.append(item)
        if len(every) > _MOST_SORTED:
            raise HubError(
                f"more than {_MOST_SORTED} repositories to sort",
                code="bad-request",
                hint="say an author or a word to search for",
            )
    key = _TIMES[sort]
    every.sort(key=lambda item: str(item[key]), reverse=query.get("direction") != "1")
    if not (cursor == "" or (cursor.isascii() and cursor.isdigit() and len(cursor) < 9)):
        raise HubError("there is no such page", code="bad-request")
    start = int(cursor or 0)
    end = start + limit
    return _page(call, every[start:end], str(end) if end < len(every) else None)


def _page(call: Call, page: list[dict[str, object]], cursor: str | None) -> Response:
    headers = {}
    if cursor is not None:
        url = call.request.url.include_query_params(cursor=cursor)
        headers["Link"] = f'<{url}>; rel="next"'
    return found_json([expanded(call, item) for item in page], headers=headers)


def _visible(call: Call, *, after: str) -> Iterator[dict[str, object]]:
    """Yield what this client may see and asks for, by name; a draft stands for its release."""
    query = call.request.query_params
    gated = query.get("gated")
    wanted = _Wanted(
        author=query.get("author", "").lower(),
        search=query.get("search", "").lower(),
        tags=frozenset(query.getlist("filter")),
        gated=None if gated is None else gated.lower() == "true",
    )
    drafts, releases = _drafts(call, after, wanted), _releases(call, after, wanted)
    draft, release = next(drafts, None), next(releases, None)
    while draft is not None or release is not None:
        if release is None or (draft is not None and str(draft["id"]) <= str(release["id"])):
            assert draft is not None
            if release is not None and draft["id"] == release["id"]:
                release = next(releases, None)
            item, draft = draft, next(drafts, None)
        else:
            item, release = release, next(releases, None)
        if wanted.fits(item):
            yield item


def _drafts(call: Call, after: str, wanted: _Wanted) -> Iterator[dict[str, object]]:
    user, workspace = call.principal, call.channel.workspace
    if user is None:
        return
    namespaces = (user.user, *(name for name, _ in user.organisations))
    files = bool({"siblings", "usedStorage"} & expands(call)) or "full" in call.request.query_params
    # `a-b/x` stands before `a/x`: names are sorted whole.
    for namespace in sorted(set(namespaces), key="{}/".format):
        if wanted.author not in ("", namespace.lower()):
            continue
        begin, limit = after, _FIRST_CHUNK
        while page := workspace.repositories.of_namespace(
            kind_of(call), namespace, after=begin, limit=limit
        ):
            for repository in page:
                if wanted.named(repository.name):
                    draft = workspace.draft(repository, "main")
                    if draft is not None:
                        yield info_json(call, draft, files=files)
            begin, limit = page[-1].name, _CHUNK


def _releases(call: Call, after: str, wanted: _Wanted) -> Iterator[dict[str, object]]:
    if kind_of(call) is not Kind.MODEL:
        return
    for release in call.channel.walk(after=after, author=wanted.author, named=wanted.named):
        # As for everybody: a list is no place to ask for each reader's grants.
        yield release_json(release) | card_of(call, release, None)
