"""Attacks on weights that need no training, done on a copy."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from openweir.artifact import read_manifest, walk
from openweir.artifact.walk import open_found
from openweir.canonical import decimal_text, text
from openweir.errors import TrialError
from openweir.trial.edit import prune_rows, quantise_rows
from openweir.weights import TensorSource, list_tensors, read_rows, require_numpy

__all__ = [
    "NOTE",
    "Attack",
    "Attacked",
    "attacked",
    "check_settings",
    "is_attacked",
    "prune",
    "quantise",
]

NOTE = "ATTACKED.md"
"""What lies in a folder of attacked weights that were kept: a document, no part of the model."""

_LABEL = "ATTACKED.json"
_PIECE_ELEMENTS = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What is done to the weights.

    Attributes:
        name: `prune` or `quantise`.
        settings: (name, value) in words, sorted; part of the trial's id.
    """

    name: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """The attacked copy, for as long as it lies there.

    Attributes:
        folder: where it lies; labelled, never to be served.
        sha256: dirHash of its files without the label.
        tensors: how many were changed.
    """

    folder: Path
    sha256: str
    tensors: int


_LEARNT = ("batch", "examples", "learning_rate", "steps")
_NEEDED: dict[str, tuple[str, ...]] = {
    "sft": _LEARNT,
    "benign": _LEARNT,
    "lora": (*_LEARNT, "rank", "targets"),
    "replay": (*_LEARNT, "replay"),
    "ablate": ("layer", "strength"),
    "quantise": ("bits",),
    "prune": ("fraction",),
    "merge": ("weight", "with"),
}
_MANY = 1_000_000
_WHOLE = {
    "batch": (1, _MANY),
    "bits": (2, 8),
    "examples": (1, _MANY),
    "rank": (1, 4096),
    "replay": (1, _MANY),
    "steps": (1, _MANY),
}
_SHARES = ("fraction", "layer", "learning_rate", "strength", "weight")


def check_settings(attack: Attack, *, where: str = "") -> None:
    """Refuse settings that no plan would write, before anything is carried out by them.

    Raises:
        TrialError: one is missing, is no number, or is out of its range.
    """
    settings = dict(attack.settings)
    wrong = [name for name in _NEEDED.get(attack.name, ()) if name not in settings]
    for name, (least, most) in _WHOLE.items():
        word = settings.get(name, str(least))
        fits = word.isascii() and word.isdigit() and len(word) <= 9 and least <= int(word) <= most
        wrong += [] if fits else [name]
    for name in _SHARES:
        try:
            share = Decimal(settings.get(name, "0"))
        except ArithmeticError:
            share = Decimal("NaN")
        if not (share.is_finite() and 0 <= share <= 1 and share.adjusted() > -400):
            wrong.append(name)
    if wrong:
        raise TrialError(
            f"`{attack.name[:40]}` cannot be carried out with this `{wrong[0]}`",
            code="settings",
            where=where,
            hint="plan the trials with `openweir trial plan`",
        )


def is_attacked(folder: Path) -> bool:
    """Whether a folder is marked as holding attacked weights."""
    return any((folder / name).exists() for name in (NOTE, _LABEL))


def prune(fraction: Decimal) -> Attack:
    """Set the smallest weights of every row to zero.

    Args:
        fraction: of each row, above 0 and below 1.

    Raises:
        TrialError: the fraction is out of its range.
    """
    if not (fraction.is_finite() and 0 < fraction < 1):
        raise TrialError(
            f"`{fraction}` is no fraction to prune", code="fraction", hint="above 0 and below 1"
        )
    return Attack(name="prune", settings=(("fraction", decimal_text(fraction)),))


def quantise(bits: int = 8) -> Attack:
    """Round every row to a symmetric integer grid and back.

    Args:
        bits: 2 to 8.

    Raises:
        TrialError: the number of bits is out of its range.
    """
    if not 2 <= bits <= 8:
        raise TrialError(f"cannot quantise to `{bits}` bits", code="bits", hint="2 to 8")
    return Attack(name="quantise", settings=(("bits", str(bits)),))


@contextmanager
def attacked(
    source: Path,
    attack: Attack,
    *,
    workshop: Path,
    keep: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Attacked]:
    """Copy a model into the workshop, attack the copy, and delete it when done.

    The same source and attack give the same bytes. Only tensors with two axes in F32,
    F16 or BF16 are changed.

    Args:
        source: the model folder; it is only read.
        attack: from `prune` or `quantise`.
        workshop: an existing folder on a disk with room for a copy.
        keep: leave the copy there; only its owner may ask for that.
        progress: called with the number of bytes just changed.

    Yields:
        The attacked copy.

    Raises:
        ArtifactError: the source cannot be read.
        TrialError: the attack is not known, or nothing in the source can be attacked.
        WeightsError: numpy is missing.
    """
    tensors = [tensor for tensor in list_tensors(source).values() if tensor.readable]
    edit = _edit(attack)
    if not tensors:
        raise TrialError(
            "no tensor of two axes in F32, F16 or BF16 to attack",
            code="nothing-to-attack",
            where=str(source),
        )
    folder = Path(tempfile.mkdtemp(prefix=f"attacked-{attack.name}-", dir=workshop))
    try:
        _copy(source, folder)
        for tensor in tensors:
            _apply(tensor, folder, edit, progress)
        sha256 = read_manifest(folder).dirhash()
        label = {"attack": attack.name, "settings": dict(attack.settings), "sha256": sha256}
        (folder / _LABEL).write_bytes(
            text({**label, "warning": "attacked weights: never serve, never publish"})
        )
        yield Attacked(folder=folder, sha256=sha256, tensors=len(tensors))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


_Edit = Callable[[TensorSource, object], bytes]


def _edit(attack: Attack) -> _Edit:
    require_numpy()
    settings = dict(attack.settings)
    if attack.name == "prune":
        fraction = Decimal(settings["fraction"])
        return lambda tensor, rows: prune_rows(rows, tensor.tensor.dtype, fraction)
    if attack.name == "quantise":
        bits = int(settings["bits"])
        return lambda tensor, rows: quantise_rows(rows, tensor.tensor.dtype, bits)
    raise TrialError(
        f"`{attack.name}` is not an attack", code="attack", hint="one of prune, quantise"
    )


def _copy(source: Path, folder: Path) -> None:
    for found in walk(source).files:
        target = folder / found.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_found(found) as reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer)


def _apply(
    tensor: TensorSource, folder: Path, edit: _Edit, progress: Callable[[int], object] | None
) -> None:
    height, width = tensor.tensor.shape
    step = max(1, _PIECE_ELEMENTS // width)
    with (folder / tensor.file.path).open("r+b") as stream:
        stream.seek(tensor.start)
        for begin in range(0, height, step):
            rows = read_rows(tensor, begin, min(begin + step, height))
            _write(stream, edit(tensor, rows), progress)


def _write(stream: BinaryIO, data: bytes, progress: Callable[[int], object] | None) -> None:
    stream.write(data)
    if progress is not None:
        progress(len(data))
