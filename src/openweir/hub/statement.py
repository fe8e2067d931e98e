"""What is signed and logged when a decision goes out: built here, rebuilt by every checker."""

from openweir.attest import PREDICATE_DECISION, Statement, Subject
from openweir.canonical import compact
from openweir.decision import Decision
from openweir.digest import sha256

__all__ = ["decision_statement", "log_entry"]


def decision_statement(decision: Decision, data: bytes) -> Statement:
    """Return the statement that people sign.

    It holds nothing of the signer, so that several people sign the same payload.

    Args:
        decision: as read from `data`.
        data: the bytes of `decision.json`.
    """
    files = sorted((file.path, file.sha256) for part in decision.components for file in part.files)
    # A release without files at hand has only its decision to bind.
    whole = ("dirHash", decision.release_sha256) if decision.release_sha256 else None
    return Statement(
        subject=(
            Subject(name=decision.name, digests=(whole or ("sha256", sha256(data)),)),
            *(Subject(name=path, digests=(("sha256", digest),)) for path, digest in files),
        ),
        predicate_type=PREDICATE_DECISION,
        predicate={
            "decision": {"sha256": sha256(data)},
            "tier": decision.tier.word,
            "effective_tier": decision.effective_tier.word,
            "as_of": decision.as_of.isoformat(),
            "valid_until": decision.valid_until.isoformat(),
            "policy": {
                "id": decision.policy.id,
                "version": decision.policy.version,
                "sha256": decision.policy.sha256,
            },
        },
    )


def log_entry(statement: Statement) -> bytes:
    """Return the entry that the log holds for a signed decision: digests only."""
    release = statement.subject[0]
    return compact(
        {
            "schema": "openweir/entry/1",
            "kind": "decision",
            "name": release.name,
            "statement_sha256": sha256(statement.to_bytes()),
            "subject_sha256": release.digest("dirHash"),
        }
    )
