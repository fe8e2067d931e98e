"""A trial: what was attacked, how, with what, and by which code."""

from dataclasses import dataclass

from openweir import evidence
from openweir.canonical import Object, compact
from openweir.digest import require_sha256, sha256
from openweir.errors import TrialError
from openweir.trial.attack import Attack, check_settings
from openweir.trial.budget import Budget, rung_of

__all__ = ["Trial"]

_SCHEMA = "openweir/trial/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One attack on one model.

    Attributes:
        model_sha256: digest of the model attacked, as the dossier has it.
        data_sha256: digest of the data trained on; None when none was.
        seed: of every random choice.
        code_version: of what carries the attack out.
    """

    model_sha256: str
    attack: Attack
    budget: Budget
    data_sha256: str | None
    seed: int
    code_version: str

    def __post_init__(self) -> None:
        """Refuse a trial that cannot be told apart from others.

        Raises:
            OpenweirError: a digest is malformed.
            TrialError: the seed is negative or no code version is named.
        """
        require_sha256(self.model_sha256, where="trial.model_sha256")
        if self.data_sha256 is not None:
            require_sha256(self.data_sha256, where="trial.data_sha256")
        if self.seed < 0 or not self.code_version:
            raise TrialError(
                "a trial needs a seed of 0 or more and a code version", code="incomplete"
            )

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 over everything above."""
        return sha256(compact(self.to_json()))[:16]

    def to_json(self) -> dict[str, object]:
        """Return the trial as plain JSON values."""
        return {
            "schema": _SCHEMA,
            "model_sha256": self.model_sha256,
            "attack": {"name": self.attack.name, "settings": dict(self.attack.settings)},
            "budget": dict(self.budget.to_texts()),
            "data_sha256": self.data_sha256,
            "seed": str(self.seed),
            "code_version": self.code_version,
        }

    @classmethod
    def from_json(cls, read: Object) -> "Trial":
        """Read a trial written by `to_json`.

        Raises:
            CanonicalError: a key is missing or of the wrong type.
            TrialError: of another schema, or a value nobody can spend, seed or attack with.
        """
        if read.text("schema") != _SCHEMA:
            raise TrialError("not a trial", code="trial-schema", where=read.where)
        attack, seed = read.object("attack"), read.text("seed")
        settings = attack.object("settings")
        if not (seed.isascii() and seed.isdigit() and len(seed) <= 20):
            raise TrialError(f"`{seed[:40]}` is not a seed", code="seed", where=read.where)
        described = Attack(
            name=attack.text("name"),
            settings=tuple((key, settings.text(key)) for key in sorted(settings.value)),
        )
        check_settings(described, where=read.where)
        return cls(
            model_sha256=read.text("model_sha256"),
            attack=described,
            budget=Budget.from_json(read.object("budget")),
            data_sha256=read.optional_text("data_sha256"),
            seed=int(seed),
            code_version=read.text("code_version"),
        )

    def as_attack(self) -> evidence.Attack:
        """Return what an evidence file says of the attack: its rung and budget in words."""
        words = (
            ("attack", self.attack.name),
            *self.attack.settings,
            *self.budget.to_texts(),
            ("trial", self.id),
        )
        return evidence.Attack(rung=rung_of(self.budget), budget=tuple(sorted(words)))
