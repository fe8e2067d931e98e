"""What a publication consists of: its statements, its files, and what it may follow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from openweir.canonical import Object
from openweir.decision import Decision
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.accept import Bundle
from openweir.hub.blobs import Blobs
from openweir.hub.channel import Channel
from openweir.hub.release import (
    STATEMENTS,
    ReleaseFile,
    files_of,
    git_blob_sha1,
    git_pointer_sha1,
    is_statement,
)
from openweir.hub.stages.plan import PLAN_FILE, StagePlan, require_fit
from openweir.hub.storage import Storage
from openweir.hub.store import ReleaseRow
from openweir.hub.summaries import SUMMARIES
from openweir.register import Proof

__all__ = [
    "Publication",
    "folder_of",
    "keys_of",
    "own_statements",
    "read_publication",
    "release_files",
    "require_newer",
]

_STAGING = "staging"
_LARGE_BYTES = 1024 * 1024
_WEIGHTS = (".safetensors", ".gguf", ".bin", ".onnx", ".pt", ".pth", ".h5", ".msgpack", ".npz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A publication under way.

    Attributes:
        id: opaque.
        owner: the account that opened it.
        opened_at: it is dropped a day later.
        bundle: decision, signatures and log proof.
        decision: read from the bundle.
        statements: (name, bytes) of the other files under `.openweir/`.
    """

    id: str
    owner: str
    opened_at: datetime
    bundle: Bundle
    decision: Decision
    statements: tuple[tuple[str, bytes], ...]


def read_publication(read: Object, publication_id: str, owner: str, at: datetime) -> Publication:
    """Read what a publisher sent.

    Args:
        read: the manifest.
        publication_id: its id.
        owner: the account that opened it.
        at: when.

    Raises:
        HubError: a file is no statement of a case, or not the one decided on.
        CanonicalError: it is malformed.
    """
    proof, signature = read.optional_text("log_proof"), read.optional_text("model_signature")
    bundle = Bundle(
        decision=_bytes(read.text("decision")),
        envelope=_bytes(read.text("envelope")),
        log_proof=None if proof is None else _bytes(proof),
        model_signature=None if signature is None else _bytes(signature),
    )
    decision = Decision.from_bytes(bundle.decision)
    named = read.optional_object("statements")
    statements = []
    for name in sorted(named.value) if named is not None else ():
        assert named is not None
        content = _bytes(named.text(name))
        if not is_statement(name) or name in STATEMENTS:
            raise HubError(f"`{name[:200]}` is not a statement of a case", code="statement")
        summary = name.startswith(SUMMARIES)  # made from the decision, and checked against it
        if not summary and dict(decision.inputs).get(name) != sha256(content):
            raise HubError(
                f"`{name}` is not the one the decision was made from",
                code="statement",
                hint="decide again, sign and publish",
            )
        statements.append((name, content))
    _require_plan(decision, dict(statements))
    return Publication(
        id=publication_id,
        owner=owner,
        opened_at=at,
        bundle=bundle,
        decision=decision,
        statements=tuple(statements),
    )


def _require_plan(decision: Decision, statements: Mapping[str, bytes]) -> None:
    """A plan that the decision names comes with it, and can be carried out."""
    if PLAN_FILE not in dict(decision.inputs):
        return
    if PLAN_FILE not in statements:
        raise HubError(
            f"the decision names `{PLAN_FILE}`, which did not come with it", code="statement"
        )
    require_fit(StagePlan.from_bytes(statements[PLAN_FILE]), decision)


def _bytes(content: str) -> bytes:
    try:
        return content.encode()
    except UnicodeEncodeError:
        raise HubError("a statement is not UTF-8 text", code="statement") from None


def own_statements(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of the statements that the publication itself consists of."""
    contents = (bundle.decision, bundle.envelope, bundle.log_proof, bundle.model_signature)
    for name, content in zip(STATEMENTS, contents, strict=True):
        if content is not None:
            yield name, content


def folder_of(publication_id: str) -> str:
    """Return the storage folder of a publication under way."""
    return f"{_STAGING}/{publication_id}"


def keys_of(
    decision: Decision, folder: str, storage: Storage, held: Mapping[str, int]
) -> dict[str, str]:
    """Return SHA-256 -> storage key of every file that may leave.

    Args:
        decision: of the publication.
        folder: where its uploads lie.
        storage: of the hub.
        held: SHA-256 -> size of what the namespace has shown before, which needs no upload.

    Raises:
        HubError: a file is neither uploaded nor held.
    """
    found = {}
    for file, _ in files_of(decision):
        key = f"{folder}/{file.sha256}"
        stamp = storage.stamp(key)
        if stamp is None and held.get(file.sha256) == file.size:
            key = Blobs.key(file.sha256)
            stamp = storage.stamp(key)
        if stamp is None or stamp.size != file.size:
            raise HubError(f"`{file.path}` was not uploaded", code="incomplete")
        found[file.sha256] = key
    return found


def release_files(
    decision: Decision, keys: Mapping[str, str], storage: Storage
) -> Iterator[ReleaseFile]:
    """Yield every file that may leave, as the hub will list it.

    Args:
        decision: of the publication.
        keys: as `keys_of` gives them.
        storage: of the hub.
    """
    for file, tier in files_of(decision):
        large = file.size > _LARGE_BYTES or file.path.endswith(_WEIGHTS)
        yield ReleaseFile(
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            git_sha1=git_pointer_sha1(file.sha256, file.size)
            if large
            else git_blob_sha1(b"".join(storage.pieces(keys[file.sha256]))),
            large=large,
            tier=tier,
        )


def require_newer(
    row: ReleaseRow, bundle: Bundle, current: ReleaseRow | None, channel: Channel
) -> None:
    """Refuse a decision older than the one in force: by its day, then by its place in the log."""
    if current is None or current.decision == row.decision:
        return
    older = row.as_of < current.as_of
    if row.as_of == current.as_of and bundle.log_proof and current.log_proof:
        mine = Proof.from_bytes(bundle.log_proof)
        theirs = Proof.from_bytes(channel.blobs.read(current.log_proof))
        same_log = _origin(mine) == _origin(theirs)
        older = same_log and mine.index < theirs.index
    if older:
        raise HubError(
            f"the decision of {row.as_of} is older than the one of {current.as_of} in force",
            code="older",
            hint="a release moves only to a newer decision",
        )


def _origin(proof: Proof) -> bytes:
    return proof.checkpoint.partition(b"\n")[0]
