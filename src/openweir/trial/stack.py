"""The stack a campaign runs on: part of every trial's id, for another one gives other bits."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from openweir.canonical import Object
from openweir.errors import TrialError

__all__ = ["Stack"]

_METHOD = "openweir-trial 1"
"""Raised whenever the arithmetic of an attack or a score changes."""

_DTYPES = ("float32", "bfloat16")
_ADAPTERS = ("own", "peft")
_DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the trials run on.

    Attributes:
        device: `cpu`, `cuda` or `mps`.
        dtype: `float32` or `bfloat16`.
        adapter: `own`, or `peft` for low-rank adapters by that library.
        four_bit: whether the frozen weights are held in four bits (QLoRA; needs `peft`).
        scorer: who tells right answers from wrong ones.
    """

    device: str = "cpu"
    dtype: str = "float32"
    adapter: str = "own"
    four_bit: bool = False
    scorer: str = "exact match 1"

    def __post_init__(self) -> None:
        """Refuse a stack nobody has.

        Raises:
            TrialError: a word is unknown, or four bits are asked for without `peft`.
        """
        for name, word, known in (
            ("device", self.device, _DEVICES),
            ("dtype", self.dtype, _DTYPES),
            ("adapter", self.adapter, _ADAPTERS),
        ):
            if word not in known:
                raise TrialError(
                    f"`{word[:40]}` is not a {name}",
                    code="stack",
                    hint="one of " + ", ".join(known),
                )
        if self.four_bit and (self.adapter != "peft" or self.device != "cuda"):
            raise TrialError(
                "four-bit weights need adapters by `peft` and a `cuda` device",
                code="stack",
                hint="add --adapter peft --device cuda",
            )

    @property
    def code_version(self) -> str:
        """Everything whose change gives other bits, in one line.

        Raises:
            TrialError: a library is not installed.
        """
        libraries = ["torch", "transformers"] + (["peft"] if self.adapter == "peft" else [])
        libraries += ["bitsandbytes"] if self.four_bit else []
        try:
            versions = [f"{name} {version(name)}" for name in libraries]
        except PackageNotFoundError as error:
            raise TrialError(
                f"trials need the library `{error.name}`",
                code="missing-extra",
                hint="pip install 'openweir[trial]'"
                + (" 'openweir[trial-gpu]'" if self.adapter == "peft" else ""),
            ) from None
        bits = ["four-bit"] if self.four_bit else []
        return ", ".join(
            [_METHOD, *versions, f"{self.device} {self.dtype} {self.adapter}", *bits, self.scorer]
        )

    def to_json(self) -> dict[str, object]:
        """Return the stack as plain JSON values."""
        return {
            "device": self.device,
            "dtype": self.dtype,
            "adapter": self.adapter,
            "four_bit": self.four_bit,
            "scorer": self.scorer,
        }

    @classmethod
    def from_json(cls, read: Object) -> "Stack":
        """Read a stack written by `to_json`.

        Raises:
            CanonicalError: a key is missing or of the wrong type.
            TrialError: a word is unknown.
        """
        return cls(
            device=read.text("device"),
            dtype=read.text("dtype"),
            adapter=read.text("adapter"),
            four_bit=read.flag("four_bit"),
            scorer=read.text("scorer"),
        )
