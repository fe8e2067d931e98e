"""A small world for hub tests: a signer, a log, a hub, and signed releases to publish."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from openweir.artifact import FileEntry, Manifest
from openweir.attest import Envelope, Key, Trust, TrustedKey, TrustedLog, sign_model
from openweir.canonical import text
from openweir.decision import (
    Approvals,
    ComponentDecision,
    Decision,
    PolicyReference,
    ServedFile,
)
from openweir.digest import dirhash, sha256
from openweir.hub import Bundle, decision_statement, log_entry
from openweir.register import Log
from openweir.tier import Tier

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def weights(content: bytes) -> bytes:
    """A safetensors file that holds `content` as one tensor of bytes."""
    tensor = {"dtype": "U8", "shape": [len(content)], "data_offsets": [0, len(content)]}
    header = json.dumps({"w": tensor}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content


FILES: Mapping[str, bytes] = {
    "README.md": b"# A small model\n",
    "config.json": b'{"model_type": "llama"}\n',
    "model.safetensors": weights(bytes(range(256)) * 8000),
    "tokenizer/tokenizer.json": b'{"version": "1.0"}\n',
}


@dataclass
class Signed:
    """A signed, logged release that is not published yet."""

    decision: Decision
    bundle: Bundle
    files: Mapping[str, bytes]
    statements: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`org/name`."""
        return self.decision.name

    def manifest(self) -> bytes:
        """The body of `POST /api/openweir/publications`."""
        bundle = self.bundle
        return text(
            {
                "decision": bundle.decision.decode(),
                "envelope": bundle.envelope.decode(),
                "log_proof": None if bundle.log_proof is None else bundle.log_proof.decode(),
                "model_signature": None
                if bundle.model_signature is None
                else bundle.model_signature.decode(),
                "statements": {name: data.decode() for name, data in self.statements.items()},
            }
        )


class World:
    """Keys, trust and register of one test."""

    def __init__(self, root: Path) -> None:
        """Make a key and a log under `root`."""
        self.root = root
        self.key = Key.generate()
        self.log = Log.create(root / "register", origin="log.example/test")
        self.trust = Trust(
            policies=("0" * 64,),
            keys=(TrustedKey(name="dev", role="developer", key=self.key.public),),
            logs=(TrustedLog(origin="log.example/test", verifier_key=str(self.log.verifier)),),
        )

    def decide(
        self,
        name: str = "acme/small",
        *,
        tier: Tier = Tier.GATED_WEIGHTS,
        files: Mapping[str, bytes] = FILES,
        tiers: Mapping[str, Tier] | None = None,
        as_of: date = DAY,
        valid_until: date = date(2027, 5, 1),
        statements: Mapping[str, bytes] | None = None,
        cost: str = "",
    ) -> Decision:
        """A decision over `files`; `tiers` holds single files back."""
        tiers = tiers or {}
        parts: dict[Tier, list[ServedFile]] = {}
        for path, data in sorted(files.items()):
            file = ServedFile(path=path, size=len(data), sha256=sha256(data))
            parts.setdefault(tiers.get(path, tier), []).append(file)
        whole = dirhash((path, sha256(data)) for path, data in files.items())
        return Decision(
            name=name,
            release_sha256=whole if files else None,
            model_sha256=whole if files else None,
            as_of=as_of,
            policy=PolicyReference(id="test", version="1", sha256="0" * 64),
            tier=tier,
            effective_tier=tier,
            release_state="decided",
            valid_until=valid_until,
            review_by=valid_until,
            cost_of_withholding=cost,
            approvals=Approvals(signatures=1, roles=("developer",)),
            components=tuple(
                ComponentDecision(component=f"Part {at.word}", tier=at, files=tuple(held))
                for at, held in parts.items()
            ),
            requirements=(),
            whynot=(),
            inputs=tuple(sorted((name, sha256(data)) for name, data in (statements or {}).items())),
        )

    def sign(
        self,
        decision: Decision,
        *,
        files: Mapping[str, bytes] = FILES,
        statements: Mapping[str, bytes] | None = None,
        log: Log | None = None,
        key: Key | None = None,
    ) -> Signed:
        """Sign a decision, append it to the log and keep all that `publish` sends."""
        key, log = key or self.key, log or self.log
        data = decision.to_bytes()
        statement = decision_statement(decision, data)
        (index,) = log.append([log_entry(statement)], once=True)
        manifest = Manifest(
            files=tuple(
                FileEntry(path=path, size=len(data_), sha256=sha256(data_))
                for path, data_ in sorted(files.items())
            )
        )
        return Signed(
            decision=decision,
            bundle=Bundle(
                decision=data,
                envelope=Envelope.sign(statement, key).to_bytes(),
                log_proof=log.prove(index).to_bytes(),
                model_signature=sign_model(manifest, key, name="model") if files else None,
            ),
            files=files,
            statements=statements or {},
        )

    def release(self, name: str = "acme/small", **options: object) -> Signed:
        """Decide and sign in one step."""
        files = options.get("files", FILES)
        statements = options.get("statements")
        return self.sign(
            self.decide(name, **options),  # type: ignore[arg-type]
            files=files,  # type: ignore[arg-type]
            statements=statements,  # type: ignore[arg-type]
        )
