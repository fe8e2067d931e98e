"""Which file of a repository a tag such as `Q8_0` means, for clients that let the hub choose.

`node-llama-cpp`, and `llama.cpp` before it listed trees by itself, name a model and a
quantization and ask which file that is; the bytes they fetch as everybody does. Whoever may
not read the file hears what its address would say.
Sources: llama.cpp, pull request 11195; node-llama-cpp 3.22.1, `parseModelUri`.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.api.drafts import draft_of
from openweir.hub.api.recorded import Right, record, record_answer
from openweir.hub.api.reply import Call, Handler, found_json, gate_error, refusal
from openweir.hub.api.resolve import may_read
from openweir.hub.gate import Answer
from openweir.hub.release import git_pointer

__all__ = ["login_first", "of_draft", "of_release"]

_LATEST = "latest"
# What `latest` means: the first of these that a name speaks of, else the first file.
_USUAL = (re.compile(r"Q4_K_M", re.IGNORECASE), re.compile(r"Q4", re.IGNORECASE))
_PART = re.compile(r"-([0-9]{5})-of-[0-9]{5}\.gguf", re.IGNORECASE | re.ASCII)
# Files beside a model that are none by themselves.
_BESIDE = ("mmproj", "imatrix")
# Of how many files the gate is asked before the first answer stands for all.
_MOST_ASKED = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file as this answer tells it."""

    path: str
    size: int
    sha256: str
    oid: str
    large: bool

    @property
    def base(self) -> str:
        return posixpath.basename(self.path).lower()


def login_first(handler: Handler) -> Handler:
    """Return the handler that asks who is not logged in for a token before saying what is not here.

    These clients try without one, and once more with theirs only after a 401. It is said of
    whatever is not there for anybody, too.
    """

    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except HubError as error:
            if call.principal is not None or error.code not in (
                "hub.repo-not-found",
                "hub.expired",
            ):
                raise
            found = refusal(error)
            found.status_code = 401
            found.headers["WWW-Authenticate"] = 'Bearer realm="openweir"'
            return found

    answer.__name__, answer.__doc__ = handler.__name__, handler.__doc__
    return answer


def of_draft(call: Call) -> Response:
    """`GET /v2/ORG/NAME/manifests/TAG`, for a member."""
    draft = draft_of(call, "main")
    files = [
        _File(path=path, size=entry.size, sha256=entry.sha256, oid=entry.oid, large=entry.large)
        for path, entry in call.channel.workspace.files(draft)
        if entry.sha256 is not None
    ]
    chosen = next(_meant(call, files), None)
    if chosen is None:
        raise _none(call)
    beside = _beside(chosen, files, reads=lambda _path: True)
    return _told(call, chosen, beside, draft.commit.oid)


def of_release(call: Call) -> Response:
    """`GET /v2/ORG/NAME/manifests/TAG`: which GGUF file a quantization means."""
    release = call.release()
    by_path = {file.path: file for file in release.files}
    files = [
        _File(
            path=file.path, size=file.size, sha256=file.sha256, oid=file.git_sha1, large=file.large
        )
        for file in release.files
    ]
    refusals: list[tuple[Answer, _File]] = []
    for file in islice(dict.fromkeys(_meant(call, files)), _MOST_ASKED):
        found = may_read(call, release, by_path[file.path])
        if found is Answer.SERVE:
            return _told(
                call,
                file,
                _beside(
                    file,
                    files,
                    reads=lambda path: may_read(call, release, by_path[path]) is Answer.SERVE,
                ),
                release.commit,
            )
        refusals.append((found, file))
    if not refusals:
        raise _none(call)
    found, first = refusals[0]
    refused = refusal(gate_error(found, call, release, first.path))
    record_answer(call, Right(), release.commit, first.path, refused.status_code)
    return refused


def _meant(call: Call, files: Iterable[_File]) -> Iterator[_File]:
    """Yield the files that a tag may mean, the likeliest first."""
    tag = "/".join(call.rest("manifests"))
    models = [file for file in sorted(files, key=lambda file: file.path) if _whole(file)]
    if tag.lower() == _LATEST:
        for pattern in _USUAL:
            yield from (file for file in models if pattern.search(file.path))
        yield from models
        return
    yield from (file for file in models if file.path == tag)
    word = re.compile(rf"(?:^|[-._/]){re.escape(tag)}(?:[-._/]|$)", re.IGNORECASE)
    yield from (file for file in models if word.search(file.path))


def _whole(file: _File) -> bool:
    """Whether a file is a model, or the first part of one."""
    part = _PART.search(file.base)
    return (
        file.base.endswith(".gguf")
        and not any(word in file.base for word in _BESIDE)
        and (part is None or int(part[1]) == 1)
    )


def _beside(chosen: _File, files: Iterable[_File], *, reads: Callable[[str], bool]) -> _File | None:
    """Return the projector that goes with a model: from its folder before from elsewhere."""
    folder = posixpath.dirname(chosen.path)
    projectors = sorted(
        (file for file in files if "mmproj" in file.base and file.base.endswith(".gguf")),
        key=lambda file: (posixpath.dirname(file.path) != folder, file.path),
    )
    return next((file for file in projectors[:_MOST_ASKED] if reads(file.path)), None)


def _told(call: Call, chosen: _File, beside: _File | None, commit: str) -> Response:
    found = {"ggufFile": _shown(chosen)}
    if beside is not None:
        found["mmprojFile"] = _shown(beside)
    record(call, "manifest", commit=commit, detail=chosen.path)
    return found_json(
        found, headers={"X-Repo-Commit": commit, "Cache-Control": "private, no-store"}
    )


def _shown(file: _File) -> dict[str, object]:
    found: dict[str, object] = {"rfilename": file.path, "size": file.size, "blobId": file.oid}
    if file.large:
        pointer = len(git_pointer(file.sha256, file.size))
        found["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": pointer}
    return found


def _none(call: Call) -> HubError:
    tag = "/".join(call.rest("manifests"))[:100]
    return HubError(f"`{call.name}` has no GGUF file for `{tag}`", code="entry-not-found")
