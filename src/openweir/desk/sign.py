"""Sign a case's decision, and the model files it speaks of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from openweir.artifact import FileEntry, Manifest, read_manifest, walk
from openweir.attest import Envelope, Key, Statement, Trust, sign_model, signing_chain
from openweir.decision import Decision
from openweir.decision.replay import replay_fault
from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.decide import SIGNED_FOLDERS, read_files
from openweir.desk.home import Home
from openweir.desk.inspect import inspect
from openweir.desk.keys import load_key, read_bounded, read_trust, trust_key
from openweir.desk.plan_proof import require_registered
from openweir.desk.summaries import clear_summaries, sign_summaries
from openweir.digest import sha256
from openweir.errors import CaseError, OpenweirError, UsageError
from openweir.hub import Bundle, Check, check, check_files, decision_statement
from openweir.hub.accept import is_statement_file
from openweir.hub.orders import check_orders, read_orders
from openweir.hub.stages.plan import PLAN_FILE, StagePlan, require_fit
from openweir.policy import Policy
from openweir.register import Log, read_entries

__all__ = [
    "ENVELOPE",
    "LOG_PROOF",
    "MODEL_SIGNATURE",
    "CertificateFiles",
    "Signed",
    "Signer",
    "bundle_of",
    "sign",
]

ENVELOPE = "statements/decision.dsse.json"
MODEL_SIGNATURE = "statements/model.sig"
LOG_PROOF = "statements/decision.tlog-proof"
_MAX_CERTIFICATE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """The certificate of a signer's key, and those of its issuers from the nearest upwards."""

    leaf: Path
    chain: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signature on the decision; name and role are None for a key in no trust."""

    key_id: str
    name: str | None
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What signing left in the case.

    Attributes:
        model_signature: None when the case has no model files.
        approvals: whether the signatures that the decision asks for are there.
        summaries: names of the summaries for other tools, once the approvals are there.
        certified: whom the certificate in the model signature names; "" where none was given.
    """

    envelope: Path
    model_signature: Path | None
    statement_sha256: str
    signers: tuple[Signer, ...]
    approvals: Check
    summaries: tuple[str, ...] = ()
    certified: str = ""


def sign(
    root: Path,
    stated: str,
    *,
    home: Home,
    at: datetime,
    role: str | None = None,
    trust_it: bool = False,
    policies: Mapping[str, Policy] = MappingProxyType({}),
    known_digests: bool = False,
    certificate: CertificateFiles | None = None,
    progress: Callable[[int], object] | None = None,
) -> Signed:
    """Sign the decision of a case; the model files must be those it was made on (law 7).

    Args:
        root: the case.
        stated: name of a key in `home`, or path of a PEM file.
        home: keys and trust.
        at: the present instant.
        role: the role the signer signs in; must be the one the key is trusted in.
        policies: SHA-256 -> policy; the decision is made again from the case under them, and
            the dossier from the model folder.
        trust_it: also trust a key that is not trusted yet, in `role`.
        known_digests: sign the digests of the dossier without reading the files again; names
            and sizes are still compared.
        certificate: have the model signature name its signer by it, also where there is one.
        progress: called with the number of bytes just hashed.

    Raises:
        CaseError: no decision yet, a file changed since it was made, or a registered plan is
            not kept to.
        UsageError: no such key, or it signs in another role, or there is no file to sign
            by the certificate.
        AttestError: the certificate is not one that the key can sign with now.
    """
    case = CaseFolder.open(root)
    name, key = load_key(home, stated)
    chain, certified = _certificates(certificate, key, at)
    data = case.read("decision.json", made_by="decide")
    decision = Decision.from_bytes(data, where=str(case.path("decision.json")))
    _require_inputs(case, decision)
    require_registered(case, read_trust(home.trust))
    manifest = _require_files(case, decision, progress, known_digests=known_digests)
    _require_certifiable(manifest, certificate)
    _require_decided(case, decision, policies, read_trust(home.trust), manifest)
    _require_orders(case, decision, home, at)
    if case.path(PLAN_FILE).exists():
        # The decision names its digest; what cannot be carried out is better known before.
        require_fit(StagePlan.from_bytes(case.read(PLAN_FILE, made_by="decide")), decision)
    _settle_role(home, key, name=name, role=role, trust_it=trust_it)
    statement = decision_statement(decision, data)
    before = _envelope_of(case, statement)
    envelope = Envelope.sign(statement, key) if before is None else before.with_signature(key)
    signature = case.path(MODEL_SIGNATURE)
    if before is None:
        # Whatever the log proves is about an earlier decision.
        case.path(LOG_PROOF).unlink(missing_ok=True)
        signature.unlink(missing_ok=True)
        clear_summaries(case)
    if manifest is not None and (chain or not signature.exists()):
        write_atomically(signature, sign_model(manifest, key, name=decision.name, chain=chain))
    write_atomically(case.path(ENVELOPE), envelope.to_bytes())
    trust = read_trust(home.trust)
    checks = check(bundle_of(case), trust=trust, at=at)
    approvals = next(item for item in checks if item.name == "approvals")
    summaries = sign_summaries(case, decision, data, key) if approvals.ok else ()
    return Signed(
        envelope=case.path(ENVELOPE),
        model_signature=None if manifest is None else signature,
        statement_sha256=sha256(envelope.payload),
        signers=_signers(envelope, trust),
        approvals=approvals,
        summaries=summaries,
        certified=certified,
    )


def _certificates(
    stated: CertificateFiles | None, key: Key, at: datetime
) -> tuple[tuple[bytes, ...], str]:
    if stated is None:
        return (), ""
    data = [read_bounded(path, _MAX_CERTIFICATE) for path in (stated.leaf, *stated.chain)]
    return signing_chain(data, key.public, at=at, where=str(stated.leaf))


def _require_certifiable(manifest: Manifest | None, stated: CertificateFiles | None) -> None:
    if manifest is None and stated is not None:
        raise UsageError(
            "a certificate stands in the signature of model files, and this case has none",
            code="certificate",
            hint="leave --certificate out, or name the model folder in case.toml",
        )


def bundle_of(case: CaseFolder) -> Bundle:
    """Return the statements of a case; what is missing is empty or None."""
    return Bundle(
        decision=_optional(case, "decision.json") or b"",
        envelope=_optional(case, ENVELOPE) or b"",
        log_proof=_optional(case, LOG_PROOF),
        model_signature=_optional(case, MODEL_SIGNATURE),
    )


def _optional(case: CaseFolder, name: str) -> bytes | None:
    return case.read(name, made_by="sign") if case.path(name).exists() else None


def _require_inputs(case: CaseFolder, decision: Decision) -> None:
    inputs = dict(decision.inputs)
    binding = ("evidence/", *SIGNED_FOLDERS, PLAN_FILE)
    present = {name for name in read_files(case) if name.startswith(binding)}
    names = sorted(present | {name for name in inputs if is_statement_file(f".openweir/{name}")})
    for name in names:
        path = case.path(name)
        if name not in inputs:
            _refuse(case, f"`{name}` was added since the decision")
        if not path.is_file():
            _refuse(case, f"`{name}` is gone since the decision")
        if sha256(path.read_bytes()) != inputs[name]:
            _refuse(case, f"`{name}` changed since the decision")


def _require_decided(
    case: CaseFolder,
    decision: Decision,
    policies: Mapping[str, Policy],
    trust: Trust,
    manifest: Manifest | None,
) -> None:
    """Nobody signs by accident what the case does not say: read and decide once more."""
    if decision.policy.sha256 not in policies and decision.policy.sha256 in trust.policies:
        return
    dossier = case.read("dossier.json", made_by="inspect")
    if inspect(case.root, write=False, known=manifest).dossier.to_bytes() != dossier:
        _refuse(case, "dossier.json is not what `openweir inspect` reads from the model folder")
    fault = replay_fault(decision, read_files(case), policies, trust)
    if fault:
        _refuse(case, f"decision.json does not follow from the case: {fault}")


def _require_orders(case: CaseFolder, decision: Decision, home: Home, at: datetime) -> None:
    """An order that the user's own register holds binds whether or not its file is kept."""
    if not (home.register / "checkpoint").is_file():
        return
    log = Log.open(home.register)
    orders = read_orders(read_entries(log.checkpoint().size, log.fetch))
    found = check_orders(decision, orders, at.date())
    if not found.ok:
        raise CaseError(
            found.detail,
            code="order-missing",
            where=str(case.root),
            hint=f"openweir register orders {case.root} takes it over; then decide again",
        )


def _refuse(case: CaseFolder, message: str) -> None:
    raise CaseError(
        message,
        code="changed",
        where=str(case.root),
        hint=f"decide again: openweir decide {case.root}",
    )


def _require_files(
    case: CaseFolder,
    decision: Decision,
    progress: Callable[[int], object] | None,
    *,
    known_digests: bool,
) -> Manifest | None:
    model = case.declaration().model
    if decision.release_sha256 is None:
        if model is not None:
            raise CaseError(
                "the decision was made without the model's files",
                code="no-files-decided",
                where=str(case.root),
                hint=f"run `openweir inspect {case.root}` and decide again",
            )
        return None
    if model is None:
        raise CaseError(
            "the decision speaks of files, and case.toml names no model folder",
            code="no-model",
            where=str(case.root),
            hint='add model = "FOLDER" under [release]',
        )
    manifest = _known(decision, model) if known_digests else read_manifest(model, progress)
    found = ((file.path, file.size, file.sha256) for file in manifest.files)
    wrong = [item for item in check_files(decision, found, complete=True) if not item.ok]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise CaseError(
            f"{wrong[0].detail}{more}: these are not the files that were decided on",
            code="changed",
            where=str(model),
            hint=f"run `openweir inspect {case.root}` and decide again",
        )
    return manifest


def _known(decision: Decision, model: Path) -> Manifest:
    """Return the decided digests under the names and sizes that the folder has now."""
    decided = {file.path: file.sha256 for part in decision.components for file in part.files}
    return Manifest(
        files=tuple(
            FileEntry(path=found.path, size=found.size, sha256=decided.get(found.path, ""))
            for found in walk(model).files
        )
    )


def _settle_role(home: Home, key: Key, *, name: str, role: str | None, trust_it: bool) -> None:
    known = read_trust(home.trust).whose(key.public)
    if known is not None and known.revoked is not None:
        raise UsageError(
            f"the key of `{known.name}` is {known.revoked.reason} since {known.revoked.since}",
            code="revoked",
            hint="sign with the key that took its place: openweir keys list",
        )
    if known is None and trust_it:
        trust_key(home, key.public, name=name, role=role or "developer")
    elif known is not None and role not in (None, known.role):
        raise UsageError(
            f"key `{known.name}` is trusted as `{known.role}`, not as `{role}`",
            code="role",
            hint="a key has one role; another role takes another person's key",
        )
    elif known is None and role is not None:
        raise UsageError(
            "the key is trusted in no role yet",
            code="role",
            hint=f"add --trust to trust it as `{role}`",
        )


def _envelope_of(case: CaseFolder, statement: Statement) -> Envelope | None:
    """Return the envelope in the case if it is about this very statement."""
    data = _optional(case, ENVELOPE)
    if data is None:
        return None
    try:
        envelope = Envelope.from_bytes(data)
    except OpenweirError:
        return None
    return envelope if envelope.payload == statement.to_bytes() else None


def _signers(envelope: Envelope, trust: Trust) -> tuple[Signer, ...]:
    people = {item.key.id: item for item in trust.keys}
    return tuple(
        Signer(
            key_id=item.keyid,
            name=people[item.keyid].name if item.keyid in people else None,
            role=people[item.keyid].role if item.keyid in people else None,
        )
        for item in envelope.signatures
    )
