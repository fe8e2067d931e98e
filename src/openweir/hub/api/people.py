"""Accounts and organisations as clients ask for them: one's own, and those one belongs to.

Who else has an account here is nobody's business, so a stranger's name and one that nobody
has get the same answer.
"""

from collections.abc import Iterable

from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.accounts import Organisation
from openweir.hub.api.reply import Call, found_json
from openweir.hub.repository.repositories import Kind, Repository
from openweir.instant import format_instant

__all__ = ["likes", "members", "organisation", "own_repositories", "user", "whoami"]

_PAGE = 200
_SEEN_AT_ONCE = 1000


def whoami(call: Call) -> Response:
    """`GET /api/whoami-v2`: whose token this is."""
    asks = call.user()
    profile = call.channel.accounts.profile(asks)
    token = {"displayName": profile.label, "role": "write" if asks.may_write else "read"}
    return found_json(
        {
            "type": "user",
            "id": asks.user,
            "name": asks.user,
            "fullname": profile.full_name,
            "email": None,
            "orgs": [
                {"type": "org", "name": name, "fullname": full, "roleInOrg": role}
                for name, full, role in profile.organisations
            ],
            "avatarUrl": "",
            "isPro": False,
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


def likes(_call: Call) -> Response:
    """`GET /api/users/USER/likes`: nothing, since nothing is liked here."""
    return found_json([])


def user(call: Call) -> Response:
    """`GET /api/users/USER/overview`: of oneself only."""
    asks, name = call.user(), call.request.path_params["user"]
    if name != asks.user:
        raise _nobody(name)
    profile = call.channel.accounts.profile(asks)
    return found_json(
        {
            "user": asks.user,
            "fullname": profile.full_name,
            "type": "user",
            "isPro": False,
            "numModels": _count(call, Kind.MODEL, asks.user),
            "numDatasets": _count(call, Kind.DATASET, asks.user),
            "numSpaces": 0,
            "orgs": [{"name": name, "fullname": full} for name, full, _ in profile.organisations],
        }
    )


def organisation(call: Call) -> Response:
    """`GET /api/organizations/NAME/overview`: of one that one belongs to."""
    found = _own(call)
    return found_json(
        {
            "name": found.name,
            "fullname": found.full_name,
            "type": "org",
            "numUsers": len(found.members),
            "numModels": _count(call, Kind.MODEL, found.name),
            "numDatasets": _count(call, Kind.DATASET, found.name),
            "numSpaces": 0,
        }
    )


def members(call: Call) -> Response:
    """`GET /api/organizations/NAME/members`: who belongs to it, for those who do."""
    return found_json(
        [{"user": name, "fullname": name, "role": role} for name, role in _own(call).members]
    )


def own_repositories(call: Call) -> Response:
    """`GET /api[/organizations/NAME]/settings/repositories`: what one keeps here, by pages."""
    asks = call.user()
    namespace = asks.user
    if "organisation" in call.request.path_params:
        namespace = _own(call).name
    word, _, after = call.request.query_params.get("cursor", "model:").partition(":")
    if word not in tuple(Kind):
        raise HubError("there is no such page", code="bad-request")
    page: list[dict[str, object]] = []
    for kind in tuple(Kind)[tuple(Kind).index(Kind(word)) :]:
        for repository in _of(call, kind, namespace, after):
            if len(page) == _PAGE:
                url = call.request.url.include_query_params(cursor=f"{kind.value}:{after}")
                return found_json(page, headers={"Link": f'<{url}>; rel="next"'})
            page.append(_stored(call, repository))
            after = repository.name
        after = ""
    return found_json(page)


def _stored(call: Call, repository: Repository) -> dict[str, object]:
    workspace = call.channel.workspace
    draft = workspace.draft(repository, "main")
    files = () if draft is None else workspace.files(draft)
    return {
        "id": repository.name,
        "type": repository.kind.value,
        "updatedAt": format_instant(repository.updated_at).replace("Z", ".000Z"),
        "visibility": "private" if repository.private else "public",
        "storage": sum(entry.size for _, entry in files),
    }


def _of(call: Call, kind: Kind, namespace: str, after: str) -> Iterable[Repository]:
    repositories = call.channel.workspace.repositories
    while page := repositories.of_namespace(kind, namespace, after=after, limit=_SEEN_AT_ONCE):
        yield from page
        after = page[-1].name


def _count(call: Call, kind: Kind, namespace: str) -> int:
    return sum(1 for _ in _of(call, kind, namespace, ""))


def _own(call: Call) -> Organisation:
    asks, name = call.user(), call.request.path_params["organisation"]
    found: tuple[Organisation, ...] = ()
    if name in dict(asks.organisations):
        found = call.channel.accounts.organisations(name)
    if not found:
        raise _nobody(name)
    return found[0]


def _nobody(name: str) -> HubError:
    return HubError(f"there is nobody called `{name[:96]}` that you may see", code="unknown-user")
