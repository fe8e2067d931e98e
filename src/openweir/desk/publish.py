"""`openweir publish`: take a signed case to a hub."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from openweir.attest import Trust
from openweir.decision import Decision, ServedFile
from openweir.desk.case import CaseFolder
from openweir.desk.clock import now
from openweir.desk.home import Home
from openweir.desk.hub_client import HubClient
from openweir.desk.tokens import Tokens, address_of
from openweir.digest import sha256
from openweir.errors import CaseError, HubError, OpenweirError, UsageError
from openweir.hub import Bundle, check
from openweir.hub.release import files_of, is_statement, require_name
from openweir.tier import Tier
from openweir.trial import is_attacked

__all__ = ["Published", "publish", "total_bytes"]

_PIECE_BYTES = 1024 * 1024
_PUBLICATIONS = "api/openweir/publications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A release that is in force now.

    Attributes:
        url: of its page.
        commit: the revision clients see.
        tier: the effective tier the hub enforces.
    """

    name: str
    url: str
    commit: str
    tier: Tier


def publish(
    root: Path,
    *,
    hub: str,
    token: str | None,
    home: Home,
    progress: Callable[[int], object] = lambda _: None,
) -> Published:
    """Check a case as the hub will, send it, and have it released.

    Args:
        root: the case folder.
        hub: the hub's address.
        token: stated by the user; else `HF_TOKEN`, else the one kept in `home`.
        home: whose trust the local check uses.
        progress: called with the number of bytes just sent.

    Raises:
        HubError: refused (`hub.refused`) here or by the hub, or the hub is out of reach.
        CaseError: the case is not decided, signed and logged, or its files changed.
        UsageError: the hub wants a token.
    """
    address = address_of(hub)
    case = CaseFolder.open(root)
    bundle = _bundle(case)
    decision = Decision.from_bytes(bundle.decision, where=str(case.path("decision.json")))
    require_name(decision.name)
    _check(bundle, home)
    found = Tokens(home).find(address, stated=token)
    if found is None:
        raise UsageError(
            f"no token for {address}",
            code="token",
            hint="give --token, or set HF_TOKEN; `openweir hub token new USER` makes one",
        )
    model = case.declaration().model
    if model is not None and is_attacked(model):
        raise HubError(
            "attacked weights are never served",
            code="attacked",
            where=str(model),
            hint="publish the model as it was before the trial",
        )
    with HubClient(address, token=found) as client:
        opened = client.call("POST", _PUBLICATIONS, body=_manifest(case, bundle, decision))
        publication = opened.text("id")
        try:
            for file, _ in files_of(decision):
                source = _source(model, file)
                client.put(
                    f"{_PUBLICATIONS}/{publication}/files",
                    file.path,
                    content=_pieces(source, file, progress),
                    size=file.size,
                )
            done = client.call("POST", _PUBLICATIONS, publication, "commit")
        except OpenweirError:
            # Best effort: the hub drops what is left of it after a day by itself.
            with contextlib.suppress(OpenweirError):
                client.call("DELETE", _PUBLICATIONS, publication)
            raise
    return Published(
        name=done.text("name"),
        url=f"{address}/{done.text('name')}",
        commit=done.text("commit"),
        tier=Tier.parse(done.text("tier")),
    )


def total_bytes(root: Path) -> int:
    """Return how many bytes publishing a case would send.

    Raises:
        CaseError: the case is not decided.
    """
    data = CaseFolder.open(root).read("decision.json", made_by="decide")
    return sum(file.size for file, _ in files_of(Decision.from_bytes(data)))


def _bundle(case: CaseFolder) -> Bundle:
    def statement(name: str, made_by: str) -> bytes:
        return case.read(f"statements/{name}", made_by=made_by)

    signature = case.statements / "model.sig"
    return Bundle(
        decision=case.read("decision.json", made_by="decide"),
        envelope=statement("decision.dsse.json", "sign"),
        log_proof=statement("decision.tlog-proof", "register append"),
        model_signature=signature.read_bytes() if signature.is_file() else None,
    )


def _check(bundle: Bundle, home: Home) -> None:
    try:
        trust = Trust.from_text(home.trust.read_text(encoding="utf-8"), where=str(home.trust))
    except FileNotFoundError:
        raise UsageError(
            "you trust no key yet, so nothing can be checked",
            code="no-trust",
            where=str(home.trust),
            hint="openweir keys trust FILE.pub --name NAME --role ROLE",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the trust file: {error}", code="trust", where=str(home.trust)
        ) from None
    for found in check(bundle, trust=trust, at=now()):
        # What day it is, the hub decides: it may replay an earlier one.
        if not found.ok and found.name != "expiry":
            raise HubError(
                f"check `{found.name}` fails: {found.detail}",
                code="refused",
                hint="nothing was sent; sign and log the case as it is now",
            )


def _manifest(case: CaseFolder, bundle: Bundle, decision: Decision) -> dict[str, object]:
    statements: dict[str, str] = {}
    for name, digest in decision.inputs:
        if not is_statement(name):
            continue
        data = case.read(name, made_by="decide")
        if sha256(data) != digest:
            raise HubError(
                f"`{name}` is not the one the decision was made from",
                code="refused",
                where=str(case.root),
                hint="decide again, sign and publish",
            )
        statements[name] = _text(data)
    signature, proof = bundle.model_signature, bundle.log_proof
    return {
        "decision": _text(bundle.decision),
        "envelope": _text(bundle.envelope),
        "log_proof": None if proof is None else _text(proof),
        "model_signature": None if signature is None else _text(signature),
        "statements": statements,
    }


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise HubError("a statement of the case is not UTF-8 text", code="refused") from None


def _source(model: Path | None, file: ServedFile) -> Path:
    path = None if model is None else model / file.path
    if path is None or not path.is_file() or path.stat().st_size != file.size:
        raise CaseError(
            f"`{file.path}` is not the file that was decided on",
            code="changed",
            where=str(model or "case.toml: release.model"),
            hint="inspect, decide and sign again",
        )
    return path


def _pieces(source: Path, file: ServedFile, progress: Callable[[int], object]) -> Iterator[bytes]:
    left = file.size
    with source.open("rb") as stream:
        while left and (piece := stream.read(min(_PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
            progress(len(piece))
