"""What a signed release must show before anybody serves or uses it.

`check` looks at the statements, `check_files` at the files. Both answer with
checks, each one plain sentence; neither raises because of what it was given,
and whatever cannot be checked counts as failed (law 8).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from openweir.artifact import show
from openweir.attest import (
    APPROVING_ROLES,
    IGNORED_PATHS,
    Envelope,
    ModelSignature,
    PublicKey,
    Statement,
    Trust,
    TrustedKey,
    is_ignored,
)
from openweir.decision import Decision, ServedFile
from openweir.decision.instruction import lift_fault
from openweir.digest import dirhash, sha256
from openweir.errors import OpenweirError
from openweir.hub.statement import decision_statement, log_entry
from openweir.register import LogPolicy, Proof, VerifierKey

__all__ = ["Bundle", "Check", "check", "check_files", "is_statement_file", "read_signers"]

_STATEMENT_FILES = frozenset((
    "decision.json", "decision.dsse.json", "decision.tlog-proof", "model.sig",
    "dossier.json", "plan.json", "stages.json", "case.toml",
))  # fmt: skip
_STATEMENT_FOLDERS = {
    "evidence": ".json",
    "exceptions": ".dsse.json",
    "summaries": ".dsse.json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The statements of a release as bytes.

    Attributes:
        decision: `decision.json`.
        envelope: `decision.dsse.json`; empty if there is none, which fails `signature`.
        log_proof: `decision.tlog-proof`; None fails the check `log`.
        model_signature: `model.sig`; None fails the check `model signature` unless the
            decision names no files.
    """

    decision: bytes
    envelope: bytes
    log_proof: bytes | None = None
    model_signature: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: `signature`, `approvals`, `decision`, `log`, `expiry`, `model signature`, `files`.
        detail: one plain sentence, what holds or what is wrong.
    """

    name: str
    ok: bool
    detail: str


def check(
    bundle: Bundle, *, trust: Trust, at: datetime, log_policy: LogPolicy | None = None
) -> tuple[Check, ...]:
    """Check the statements of a release.

    Args:
        bundle: what came with it; hostile until checked.
        trust: whose keys and which logs count.
        at: the instant to check for, aware.
        log_policy: the witnesses that must have cosigned the log's checkpoint; its logs count
            as well. None asks for no witness.

    Returns:
        `signature`, `approvals`, `decision`, `log`, `expiry`, `model signature`, in this order;
        acceptable only if every one is ok.
    """
    signed = _Signed.read(bundle, trust)
    return (
        signed.outcome,
        _guarded("approvals", lambda: _approvals(signed)),
        _guarded("decision", lambda: _decision(signed, bundle, trust)),
        _guarded("log", lambda: _log(signed, bundle, trust, log_policy)),
        _guarded("expiry", lambda: _expiry(signed, at)),
        _guarded("model signature", lambda: _model_signature(signed, bundle)),
    )


def check_files(
    decision: Decision, found: Iterable[tuple[str, int, str]], *, complete: bool = False
) -> tuple[Check, ...]:
    """Compare files with those the decision speaks of.

    Args:
        decision: already checked.
        found: (path, size in bytes, SHA-256) of every file at hand.
        complete: whether parts that the decision keeps in the house must be at hand too;
            whoever downloaded the release does not have them.

    Returns:
        One failed check for each altered, missing or extra file; a single ok one if there
        is none. Statement files under `.openweir/` may be extra.
    """
    kept = (
        set()
        if complete
        else {
            file.path
            for part in decision.components
            if not part.tier.weights_leave
            for file in part.files
        }
    )
    decided = {file.path: file for part in decision.components for file in part.files}
    at_hand = {path: (size, digest) for path, size, digest in found}
    wrong = [
        Check(name="files", ok=False, detail=detail)
        for path in sorted({*decided, *at_hand})
        if (path in at_hand or path not in kept)
        and (detail := _compare(path, decided.get(path), at_hand.get(path)))
    ]
    if wrong:
        return tuple(wrong)
    count = len(decided.keys() & at_hand.keys())
    files = f"{count} file{'' if count == 1 else 's'}"
    return (_yes("files", f"{files} of {len(decided)}, each as it was decided on"),)


def is_statement_file(path: str) -> bool:
    """Whether `path` is one of the files that may lie under `.openweir/`."""
    folder, _, name = path.partition("/")
    if folder != ".openweir":
        return False
    part, _, item = name.partition("/")
    if part in _STATEMENT_FOLDERS:
        return item.endswith(_STATEMENT_FOLDERS[part]) and "/" not in item
    return name in _STATEMENT_FILES


def read_signers(bundle: Bundle, trust: Trust) -> tuple[TrustedKey, ...]:
    """Return the trusted people who signed the decision; nobody if the envelope is bad."""
    return _Signed.read(bundle, trust).people


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """What the trusted signatures vouch for; None where they vouch for nothing."""

    outcome: Check
    statement: Statement | None = None
    keys: tuple[PublicKey, ...] = ()
    people: tuple[TrustedKey, ...] = ()
    decision: Decision | None = None
    void: str = ""

    @classmethod
    def read(cls, bundle: Bundle, trust: Trust) -> "_Signed":
        try:
            decision = Decision.from_bytes(bundle.decision)
        except (OpenweirError, ValueError):
            decision = None
        if not bundle.envelope:
            return cls(
                outcome=_no("signature", "the decision is not signed: no decision.dsse.json"),
                decision=decision,
            )
        revoked: tuple[TrustedKey, ...] = ()
        try:
            envelope = Envelope.from_bytes(bundle.envelope, where="decision.dsse.json")
            if envelope.to_bytes() != bundle.envelope:
                return cls(
                    outcome=_no("signature", "decision.dsse.json is not in its canonical form"),
                    decision=decision,
                )
            revoked = trust.revoked_by(item.keyid for item in envelope.signatures)
            statement, keys = envelope.verify(
                _counting(bundle, envelope, decision, trust) if revoked else trust.public_keys
            )
        except OpenweirError as error:
            sentence = _sentence(error)
            if revoked and error.code == "attest.untrusted":
                sentence = _of_revoked(revoked)
            return cls(outcome=_no("signature", sentence), decision=decision)
        refused = [item for item in revoked if item.key not in keys]
        people = trust.signers(keys)
        names = ", ".join(f"{person.name} ({person.role})" for person in people)
        unknown = len(envelope.unknown((*keys, *(item.key for item in revoked))))
        more = f"; {unknown} more by keys you do not trust" if unknown else ""
        void = f"; not counted: {_of_revoked(tuple(refused))}" if refused else ""
        return cls(
            outcome=_yes("signature", f"the decision is signed by {names}{more}{void}"),
            void=void,
            statement=statement,
            keys=keys,
            people=people,
            decision=decision,
        )


def _counting(
    bundle: Bundle, envelope: Envelope, decision: Decision | None, trust: Trust
) -> tuple[PublicKey, ...]:
    """Return the keys that count: a revoked one only for what a log held in time."""
    if bundle.log_proof is None or decision is None:
        return trust.public_keys
    try:
        statement = Statement.from_bytes(envelope.payload, where="payload")
        proof = Proof.from_bytes(bundle.log_proof, where="decision.tlog-proof")
        logs = [(log.origin, VerifierKey.parse(log.verifier_key)) for log in trust.logs]
        checkpoint = proof.verify(log_entry(statement), logs)
    except (OpenweirError, ValueError):
        return trust.public_keys
    return trust.counting(checkpoint.origin, proof.index, decision.as_of)


def _of_revoked(people: tuple[TrustedKey, ...]) -> str:
    first = people[0]
    assert first.revoked is not None
    return (
        f"signed by a revoked key: that of {first.name} does not count since "
        f"{first.revoked.since.isoformat()} ({first.revoked.reason})"
    )


def _approvals(signed: _Signed) -> Check:
    decision = _known(signed)
    needed = max(1, decision.approvals.signatures)
    roles = set(decision.approvals.roles or APPROVING_ROLES) & set(APPROVING_ROLES)
    count = _distinct([person for person in signed.people if person.role in roles])
    asked = f"{needed} of the roles {', '.join(sorted(roles))}" if roles else f"{needed}"
    if count < needed:
        return _no(
            "approvals",
            f"{count} of the signatures needed: the decision asks for {asked}, "
            f"each by another person in another role{signed.void}",
        )
    return _yes("approvals", f"approved by {count}, as the decision asks ({asked})")


def _distinct(people: list[TrustedKey]) -> int:
    """Return the most people that can be paired with roles, no name and no role twice."""
    # Kuhn's augmenting paths between names and roles: a person may hold keys in two roles.
    roles_of = {person.name: {p.role for p in people if p.name == person.name} for person in people}
    held: dict[str, str] = {}

    def place(name: str, tried: set[str]) -> bool:
        for role in sorted(roles_of[name] - tried):
            tried.add(role)
            if role not in held or place(held[role], tried):
                held[role] = name
                return True
        return False

    return sum(place(name, set()) for name in sorted(roles_of))


def _decision(signed: _Signed, bundle: Bundle, trust: Trust) -> Check:
    if signed.statement is None:
        return _no("decision", "no trusted signature vouches for decision.json")
    decision = signed.decision
    stated = signed.statement.predicate.get("decision")
    digest = stated.get("sha256") if isinstance(stated, dict) else None
    if digest != sha256(bundle.decision):
        return _no("decision", "decision.json is not the one that was signed: its digest differs")
    if decision is None:
        return _no("decision", "decision.json does not read as a decision")
    if signed.statement != decision_statement(decision, bundle.decision):
        return _no("decision", "the signed statement says other things than decision.json")
    if decision.release_sha256 is not None and decision.release_sha256 != _dirhash(decision):
        return _no("decision", "decision.json contradicts itself: its files have another dirHash")
    paths = [file.path for part in decision.components for file in part.files]
    if len(set(paths)) != len(paths) or any(_leads_away(path) for path in paths):
        return _no("decision", "decision.json names a file twice, or one outside the release")
    # Law 6: only a signed override raises a tier, by one; nothing raises a part above the whole.
    parts = [part.tier for part in decision.components]
    if max(parts, default=decision.effective_tier) > decision.effective_tier:
        return _no("decision", "decision.json contradicts itself: it serves above its own tier")
    fault = lift_fault(decision, trust) if decision.effective_tier > decision.tier else ""
    if fault:
        return _no("decision", f"decision.json contradicts itself: above its own tier, {fault}")
    return _yes("decision", f"decision.json is the one signed: {decision.effective_tier.word}")


def _leads_away(path: str) -> bool:
    parts = path.split("/")
    return any(part in {"", ".", ".."} for part in parts) or "\\" in path or "\0" in path


def _log(signed: _Signed, bundle: Bundle, trust: Trust, policy: LogPolicy | None) -> Check:
    if bundle.log_proof is None:
        return _no("log", "there is no proof that the decision is in a public log")
    if signed.statement is None:
        return _no("log", "without a trusted signature there is nothing to look up in the log")
    proof = Proof.from_bytes(bundle.log_proof, where="decision.tlog-proof")
    logs = [(log.origin, VerifierKey.parse(log.verifier_key)) for log in trust.logs]
    checkpoint = proof.verify(log_entry(signed.statement), logs, policy=policy)
    seen = "" if policy is None or policy.quorum == "none" else ", witnessed as the policy asks"
    place = f"entry {proof.index} of {checkpoint.size} in the log {checkpoint.origin}"
    return _yes("log", place + seen)


def _expiry(signed: _Signed, at: datetime) -> Check:
    decision, day = _known(signed), at.astimezone(UTC).date()
    if day > decision.valid_until:
        return _no("expiry", f"the decision expired on {decision.valid_until.isoformat()}")
    if decision.as_of > day:
        return _no("expiry", f"the decision is dated {decision.as_of.isoformat()}, in the future")
    return _yes("expiry", f"the decision holds until {decision.valid_until.isoformat()}")


def _model_signature(signed: _Signed, bundle: Bundle) -> Check:
    decision = _known(signed)
    decided = {
        file.path: file.sha256
        for part in decision.components
        for file in part.files
        if not is_ignored(file.path)
    }
    if bundle.model_signature is None:
        if decided:
            return _no("model signature", "the model files are not signed: there is no model.sig")
        return _yes("model signature", "the decision names no model files, so none are signed")
    if not signed.keys:
        return _no("model signature", "no trusted key signed the decision, so none counts here")
    found = ModelSignature.verify(bundle.model_signature, signed.keys, certified=True)
    signed_files = dict(found.files)
    if not set(found.ignored) <= set(IGNORED_PATHS):
        extra = min(set(found.ignored) - set(IGNORED_PATHS))
        return _no("model signature", f"model.sig leaves out `{show(extra)}`, which it must not")
    for path in sorted({*decided, *signed_files}):
        if decided.get(path) != signed_files.get(path):
            return _no(
                "model signature", f"model.sig and decision.json disagree about `{show(path)}`"
            )
    return _yes("model signature", f"model.sig covers the same {len(decided)} files")


def _compare(path: str, decided: ServedFile | None, at_hand: tuple[int, str] | None) -> str:
    """Return what is wrong with one file, or nothing."""
    shown = show(path, 200)
    if decided is None:
        return "" if is_statement_file(path) else f"`{shown}` is not among the decided files"
    if at_hand is None:
        return f"`{shown}` is missing"
    size, digest = at_hand
    if size != decided.size:
        return f"`{shown}` was altered: it has {size} bytes instead of {decided.size}"
    return "" if digest == decided.sha256 else f"`{shown}` was altered: its digest differs"


def _known(signed: _Signed) -> Decision:
    if signed.decision is None:
        # The check `decision` says more.
        raise OpenweirError("decision.json does not read as a decision", code="decision")
    return signed.decision


def _dirhash(decision: Decision) -> str:
    return dirhash((file.path, file.sha256) for part in decision.components for file in part.files)


def _guarded(name: str, run: Callable[[], Check]) -> Check:
    try:
        return run()
    except OpenweirError as error:
        return _no(name, _sentence(error))
    except ValueError:
        # Text that decodes from JSON but has no bytes, such as half a surrogate pair.
        return _no(name, "it holds text or numbers out of their range")


def _sentence(error: OpenweirError) -> str:
    return " ".join(f"{error.where + ': ' if error.where else ''}{error.message}".split())


def _yes(name: str, detail: str) -> Check:
    return Check(name=name, ok=True, detail=detail)


def _no(name: str, detail: str) -> Check:
    return Check(name=name, ok=False, detail=detail)
