"""The decision: which tier, why, until when, and what each higher tier still lacks."""

from dataclasses import dataclass
from datetime import date

from openweir.canonical import Object, parse, text
from openweir.decision.proof import Atom, Proof, Status
from openweir.errors import DecisionError
from openweir.instant import parse_day
from openweir.tier import Tier

__all__ = [
    "Approvals",
    "Atom",
    "ComponentDecision",
    "Decision",
    "Lack",
    "Need",
    "PolicyReference",
    "Proof",
    "RequirementResult",
    "ServedFile",
    "Status",
]

_SCHEMA = "openweir/decision/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """How one requirement of the policy came out at the tier it is first asked for.

    Attributes:
        id: rule id and tier: `PE2@gated-weights`.
        text: the requirement in plain words.
        source: where the rule comes from: document, locator and quote.
    """

    id: str
    tier: Tier
    text: str
    source: tuple[tuple[str, str], ...]
    status: Status
    reason: str
    evidence: tuple[str, ...]
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that would have to be shown: which leaf, what is asked, what is there."""

    requirement: str
    label: str
    asked: str
    found: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What a higher tier lacks.

    Attributes:
        blocking: ids of the requirements that stop it.
        sets: minimal sets of needs, smallest first: showing all of any one set reaches the tier.
        complete: whether `sets` holds all minimal sets; they can be very many.
        alternative: another way to give access meanwhile, and what it preserves.
    """

    tier: Tier
    blocking: tuple[str, ...]
    sets: tuple[tuple[Need, ...], ...]
    complete: bool
    alternative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """A file the decision speaks of."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentDecision:
    """The tier of one component: the release's tier, or less if its owner holds it back."""

    component: str
    tier: Tier
    files: tuple[ServedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReference:
    """Which policy decided; `sha256` is the dirHash of the pack's folder."""

    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Who must sign before the decision may be acted on (law 5).

    Attributes:
        signatures: how many distinct people.
        roles: the roles that count; each signature needs another role.
    """

    signatures: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A pure function of digests and `as_of`.

    Attributes:
        tier: computed from the evidence.
        effective_tier: after overrides and the owner's own limit; never above what they allow.
        release_state: `decided`; the hub moves it on.
        valid_until: last day the decision holds: the first expiry of what it rests on, or
            the review day, whichever comes first.
        review_by: at most half a year after `as_of`.
        cost_of_withholding: as the case states it; empty when it does not.
        inputs: (name, SHA-256) of every file that went in, sorted.
    """

    name: str
    release_sha256: str | None
    model_sha256: str | None
    as_of: date
    policy: PolicyReference
    tier: Tier
    effective_tier: Tier
    release_state: str
    valid_until: date
    review_by: date
    cost_of_withholding: str
    approvals: Approvals
    components: tuple[ComponentDecision, ...]
    requirements: tuple[RequirementResult, ...]
    whynot: tuple[Lack, ...]
    inputs: tuple[tuple[str, str], ...]

    def tier_of(self, path: str) -> Tier:
        """Return the tier of one file; `sealed` for a file the decision does not name."""
        for component in self.components:
            if any(file.path == path for file in component.files):
                return component.tier
        return Tier.SEALED

    def to_bytes(self) -> bytes:
        """Return the canonical file `decision.json`."""
        return text(self.to_json())

    def to_json(self) -> dict[str, object]:
        """Return the decision as plain JSON values."""
        return {
            "schema": _SCHEMA,
            "name": self.name,
            "subject": {"release_sha256": self.release_sha256, "model_sha256": self.model_sha256},
            "as_of": self.as_of.isoformat(),
            "policy": {
                "id": self.policy.id,
                "version": self.policy.version,
                "sha256": self.policy.sha256,
            },
            "tier": self.tier.word,
            "effective_tier": self.effective_tier.word,
            "release_state": self.release_state,
            "valid_until": self.valid_until.isoformat(),
            "review_by": self.review_by.isoformat(),
            "cost_of_withholding": self.cost_of_withholding,
            "approvals": {
                "signatures": self.approvals.signatures,
                "roles": list(self.approvals.roles),
            },
            "components": [
                {
                    "component": item.component,
                    "tier": item.tier.word,
                    "files": [
                        {"path": file.path, "size": file.size, "sha256": file.sha256}
                        for file in item.files
                    ],
                }
                for item in self.components
            ],
            "requirements": [_requirement_to_json(item) for item in self.requirements],
            "whynot": {lack.tier.word: _lack_to_json(lack) for lack in self.whynot},
            "inputs": dict(self.inputs),
        }

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "decision.json") -> "Decision":
        """Read `decision.json`.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            DecisionError: of another schema.
            UsageError: a tier or day is misspelt.
        """
        read = Object(parse(data, where=where), where)
        if read.text("schema") != _SCHEMA:
            raise DecisionError(
                f"`{read.text('schema')}` is not the schema `{_SCHEMA}`",
                code="schema",
                where=where,
                hint="decide again with this version",
            )
        subject, policy = read.object("subject"), read.object("policy")
        whynot, inputs = read.object("whynot"), read.object("inputs")
        return cls(
            name=read.text("name"),
            release_sha256=subject.optional_text("release_sha256"),
            model_sha256=subject.optional_text("model_sha256"),
            as_of=parse_day(read.text("as_of"), where=f"{where}.as_of"),
            policy=PolicyReference(
                id=policy.text("id"), version=policy.text("version"), sha256=policy.text("sha256")
            ),
            tier=Tier.parse(read.text("tier"), where=f"{where}.tier"),
            effective_tier=Tier.parse(read.text("effective_tier"), where=f"{where}.effective_tier"),
            release_state=read.text("release_state"),
            valid_until=parse_day(read.text("valid_until"), where=f"{where}.valid_until"),
            review_by=parse_day(read.text("review_by"), where=f"{where}.review_by"),
            cost_of_withholding=read.text("cost_of_withholding"),
            approvals=Approvals(
                signatures=read.object("approvals").integer("signatures"),
                roles=read.object("approvals").texts("roles"),
            ),
            components=tuple(
                ComponentDecision(
                    component=item.text("component"),
                    tier=Tier.parse(item.text("tier")),
                    files=tuple(
                        ServedFile(
                            path=file.text("path"),
                            size=file.integer("size"),
                            sha256=file.text("sha256"),
                        )
                        for file in item.objects("files")
                    ),
                )
                for item in read.objects("components")
            ),
            requirements=tuple(
                _requirement_from_json(item) for item in read.objects("requirements")
            ),
            whynot=tuple(
                _lack_from_json(tier, whynot.object(tier.word))
                for tier in Tier
                if tier.word in whynot.value
            ),
            inputs=tuple((name, inputs.text(name)) for name in sorted(inputs.value)),
        )


def _requirement_to_json(item: RequirementResult) -> dict[str, object]:
    return {
        "id": item.id,
        "tier": item.tier.word,
        "text": item.text,
        "source": dict(item.source),
        "status": item.status.value,
        "reason": item.reason,
        "evidence": list(item.evidence),
        "proof": item.proof.to_json(),
    }


def _requirement_from_json(read: Object) -> RequirementResult:
    source = read.object("source")
    return RequirementResult(
        id=read.text("id"),
        tier=Tier.parse(read.text("tier")),
        text=read.text("text"),
        source=tuple((key, source.text(key)) for key in sorted(source.value)),
        status=Status(read.text("status")),
        reason=read.text("reason"),
        evidence=read.texts("evidence"),
        proof=Proof.from_json(read.object("proof")),
    )


def _lack_to_json(lack: Lack) -> dict[str, object]:
    return {
        "blocking": list(lack.blocking),
        "sets": [
            [
                {
                    "requirement": need.requirement,
                    "label": need.label,
                    "asked": need.asked,
                    "found": need.found,
                    "reason": need.reason,
                }
                for need in needs
            ]
            for needs in lack.sets
        ],
        "complete": lack.complete,
        "alternative": lack.alternative,
    }


def _lack_from_json(tier: Tier, read: Object) -> Lack:
    return Lack(
        tier=tier,
        blocking=read.texts("blocking"),
        complete=read.flag("complete"),
        alternative=read.text("alternative"),
        sets=tuple(
            tuple(
                Need(
                    requirement=need.text("requirement"),
                    label=need.text("label"),
                    asked=need.text("asked"),
                    found=need.text("found"),
                    reason=need.text("reason"),
                )
                for need in (Object(item, f"{read.where}.sets") for item in needs)
            )
            for needs in read.items("sets")
        ),
    )
