"""What the scan says of files, in the fields in which clients read it.

Source: Hugging Face Hub API, `securityFileStatus` of trees and paths, `securityRepoStatus` of
infos (`huggingface_hub.hf_api.RepoFile`, `ModelInfo`). No virus scanner runs here, and the
field for one says so.
"""

from collections.abc import Callable, Iterable

from openweir.artifact import Verdict, VerdictKind
from openweir.hub.api.reply import Call
from openweir.hub.blobs import Blobs

__all__ = ["file_statuses", "repository_status"]

# So many files are looked through for one request; a later one finds the rest.
_AT_ONCE = 100
_WORDS = {
    VerdictKind.CLEAN: "safe",
    VerdictKind.FLAGGED: "suspicious",
    VerdictKind.REFUSED: "unsafe",
}


def file_statuses(
    call: Call, files: Iterable[tuple[str, int, str]], *, reads: Callable[[str], bool]
) -> dict[str, dict[str, object]]:
    """Return path -> `securityFileStatus`.

    Args:
        call: the request.
        files: (path, size, SHA-256) of those it asks for.
        reads: whether whoever asks may read a file: what was found in it quotes it.
    """
    listed = tuple(files)
    found = _verdicts(call, listed)
    return {path: _status(found.get(path), reads) for path, _, _ in listed}


def repository_status(call: Call, files: Iterable[tuple[str, int, str]]) -> dict[str, object]:
    """Return `securityRepoStatus`: whether all was looked through, and which files stand out."""
    listed = tuple(files)
    found = _verdicts(call, listed)
    odd = [verdict for verdict in found.values() if verdict.verdict is not VerdictKind.CLEAN]
    return {
        "scansDone": len(found) == len(listed),
        "filesWithIssues": [
            {"path": verdict.path, "level": _WORDS[verdict.verdict]}
            for verdict in sorted(odd, key=lambda verdict: verdict.path)
        ],
    }


def _verdicts(call: Call, files: tuple[tuple[str, int, str], ...]) -> dict[str, Verdict]:
    keys = {digest: Blobs.key(digest) for _, _, digest in files}
    return call.channel.scans.verdicts(files, key_of=keys, most=_AT_ONCE)


def _status(found: Verdict | None, reads: Callable[[str], bool]) -> dict[str, object]:
    told: dict[str, object] = {
        "status": "queued" if found is None else _WORDS[found.verdict],
        "avScan": None,
        "pickleImportScan": None,
    }
    if found is not None:
        word = _WORDS[found.verdict]
        told["openweirScan"] = {
            "status": word,
            "rules": list(found.rules),
            "message": found.detail if found.detail and reads(found.path) else "",
        }
        if "pickle" in found.rules:
            told["pickleImportScan"] = {"status": word, "pickleImports": []}
    return told
