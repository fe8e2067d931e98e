"""Whether one model's weights derive from another's, or both from a third.

Training treats a neuron and its mirror image alike: flip the sign of a row of
`up_proj` and of the matching column of `down_proj` and nothing changes; the same
holds for a row of `v_proj` with `o_proj`, and for a whole residual dimension. So
between models that began from independent random weights the sign of the dot
product of such a row with its namesake is a fair coin, whatever the data or the
recipe, and the number of agreements follows Binomial(n, 1/2) exactly.

Not for models whose signs were normalised (a guard looks for that), and blind to
someone who flips or shuffles neurons on purpose. Distillation leaves no trace here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from openweir.weights.coin import at_most, log10_text
from openweir.weights.tensors import TensorSource, list_tensors, read_rows, require_numpy

__all__ = ["Comparison", "SignTest", "Verdict", "compare"]

# [P] One in a thousand million, shared among the tests that ran.
_LEVEL = Fraction(1, 10**9)
_FEWEST = 64
_PIECE_ELEMENTS = 4 * 1024 * 1024

# A row may flip only when the partner takes the flip back: a linear gate, or the output.
_ROWS = re.compile(r"(.+\.)?(up_proj|w3|v_proj)\.weight")
_PARTNER = {"up_proj": "gate_proj", "w3": "w1", "v_proj": "o_proj"}
_COLUMNS = ("model.embed_tokens.weight", "lm_head.weight")
_NORM_BIAS = re.compile(r"(.*\.)?[a-z_]*norm[a-z_0-9]*\.bias")

_Progress = Callable[[int], object]


class Verdict(StrEnum):
    """What the counts allow to say."""

    DERIVED = "derived"
    NO_EVIDENCE = "no evidence of derivation"
    CANNOT_COMPARE = "cannot compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTest:
    """One exact test.

    Attributes:
        name: `rows` of up and value projections, or `columns` of the embeddings.
        n: signs compared; k: how many agree.
        dropped: left out, because a product was zero or not a number.
        log10_p: of k or more agreements between strangers, rounded up.
        void: why the test does not count; empty when it does.
    """

    name: str
    n: int
    k: int
    dropped: int
    log10_p: str
    void: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two models' weights say about each other.

    Attributes:
        tensors: how many tensors were compared.
        reason: one sentence for people.
    """

    verdict: Verdict
    reason: str
    tests: tuple[SignTest, ...]
    tensors: int


def compare(first: Path, second: Path, progress: _Progress | None = None) -> Comparison:
    """Compare two model folders.

    Args:
        first: a folder with safetensors files (F32, F16 or BF16).
        second: another.
        progress: called with the number of bytes just read.

    Raises:
        ArtifactError: a folder or header cannot be used.
        WeightsError: numpy is missing, or a file changed meanwhile.
    """
    here, there = list_tensors(first), list_tensors(second)
    require_numpy()
    rows = [name for name in sorted(here) if _row_test(name, here, there)]
    columns = [name for name in _COLUMNS if _column_test(name, here, there)]
    tests = []
    if rows:
        tests.append(_rows([(here[name], there[name]) for name in rows], progress))
    if columns and not any(_NORM_BIAS.fullmatch(name) for name in (*here, *there)):
        tests.append(_columns([(here[name], there[name]) for name in columns], progress))
    return _conclude(tuple(tests), len(rows) + len(columns))


def _row_test(name: str, here: dict[str, TensorSource], there: dict[str, TensorSource]) -> bool:
    found = _ROWS.fullmatch(name)
    if found is None or name not in there:
        return False
    partner = f"{found[1] or ''}{_PARTNER[found[2]]}.weight"
    return (
        partner in here
        and partner in there
        and here[name].readable
        and there[name].readable
        and here[name].tensor.shape == there[name].tensor.shape
    )


def _column_test(name: str, here: dict[str, TensorSource], there: dict[str, TensorSource]) -> bool:
    # A longer vocabulary is a usual change: the rows both have are compared.
    return (
        name in here
        and name in there
        and here[name].readable
        and there[name].readable
        and here[name].tensor.shape[1] == there[name].tensor.shape[1]
    )


def _rows(pairs: list[tuple[TensorSource, TensorSource]], progress: _Progress | None) -> SignTest:
    count = _Count()
    for pair in pairs:
        for one, other in _pieces(pair, progress):
            count.add((one * other).sum(axis=1), one.sum(axis=1), other.sum(axis=1))
    return count.test("rows")


def _columns(
    pairs: list[tuple[TensorSource, TensorSource]], progress: _Progress | None
) -> SignTest:
    np = require_numpy()
    width = pairs[0][0].tensor.shape[1]
    dots, ones, others = np.zeros((3, width))
    for pair in pairs:
        if pair[0].tensor.shape[1] != width:
            continue
        for one, other in _pieces(pair, progress):
            with np.errstate(all="ignore"):
                dots += (one * other).sum(axis=0)
                ones += one.sum(axis=0)
                others += other.sum(axis=0)
    count = _Count()
    count.add(dots, ones, others)
    return count.test("columns")


def _pieces(
    pair: tuple[TensorSource, TensorSource], progress: _Progress | None
) -> Iterator[tuple[Any, Any]]:
    np = require_numpy()
    height = min(source.tensor.shape[0] for source in pair)
    width = pair[0].tensor.shape[1]
    step = max(1, _PIECE_ELEMENTS // width)
    for begin in range(0, height, step):
        end = min(begin + step, height)
        one, other = (read_rows(source, begin, end) for source in pair)
        with np.errstate(all="ignore"):
            yield one.astype(np.float64), other.astype(np.float64)
        if progress is not None:
            progress(one.nbytes + other.nbytes)


class _Count:
    """Signs counted so far; the only numbers that leave are integers."""

    def __init__(self) -> None:
        self.n = self.k = self.dropped = 0
        self.sums = [(0, 0), (0, 0)]  # per model: (positive, all) sums, for the guard

    def add(self, dots: Any, *sums: Any) -> None:
        np = require_numpy()
        counts = np.isfinite(dots) & (dots != 0)
        self.n += int(counts.sum())
        self.k += int((dots[counts] > 0).sum())
        self.dropped += int((~counts).sum())
        for index, values in enumerate(sums):
            valid = np.isfinite(values) & (values != 0)
            positive, total = self.sums[index]
            self.sums[index] = (
                positive + int((values[valid] > 0).sum()),
                total + int(valid.sum()),
            )

    def test(self, name: str) -> SignTest:
        void = ""
        if self.n < _FEWEST:
            void = f"only {self.n} signs, at least {_FEWEST} are needed"
        elif any(_lopsided(positive, total) for positive, total in self.sums):
            void = "the signs of one model were normalised"
        return SignTest(
            name=name,
            n=self.n,
            k=self.k,
            dropped=self.dropped,
            log10_p=log10_text(self.k, self.n),
            void=void,
        )


def _lopsided(positive: int, total: int) -> bool:
    return at_most(max(positive, total - positive), total, _LEVEL / 2)


def _conclude(tests: tuple[SignTest, ...], tensors: int) -> Comparison:
    valid = [test for test in tests if not test.void]
    if not tests:
        verdict, reason = Verdict.CANNOT_COMPARE, "the models share no tensor that can be tested"
    elif not valid:
        verdict, reason = (
            Verdict.CANNOT_COMPARE,
            "; ".join(f"{test.name}: {test.void}" for test in tests),
        )
    elif any(at_most(test.k, test.n, _LEVEL / len(valid)) for test in valid):
        verdict = Verdict.DERIVED
        reason = "more signs agree than between models that began from independent weights"
    else:
        verdict = Verdict.NO_EVIDENCE
        reason = "no more signs agree than between models that began from independent weights"
    return Comparison(verdict=verdict, reason=reason, tests=tests, tensors=tensors)
