"""What a campaign will take, before it starts: steps, operations, time, memory, money."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from openweir.canonical import decimal_text
from openweir.errors import TrialError
from openweir.trial.campaign import Campaign
from openweir.trial.data import TrialData
from openweir.trial.trial import Trial

__all__ = ["Allowance", "Estimate", "estimate", "parse_allowance"]

# Measured on one core of a shared machine, rounded down; see benchmarks/trial.py.
_CPU_FLOPS = Decimal(8_000_000_000)
_CPU_STEP_S = Decimal("0.003")
_CPU_ASK_S = Decimal("0.0004")
# Half-precision peak of one current accelerator at 40 % use, as in evidence.md section 2.
_GPU_FLOPS = Decimal(400_000_000_000_000)
_GPU_STEP_S = Decimal("0.02")
_GPU_ASK_S = Decimal("0.002")
_HOUR = Decimal(3600)
_WORDS_TO_TOKENS = Decimal("1.5")
_GIB = Decimal(2**30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a campaign will take, to one figure or so.

    Attributes:
        trials: how many still have to run.
        steps: optimiser steps of all of them.
        flop: operations, asking included.
        seconds: of one worker: CPU-seconds, or seconds of an accelerator.
        memory_gib: of one worker, weights and optimiser, without activations.
        usd: at the price of an hour that was named; None for none.
    """

    trials: int
    steps: int
    flop: Decimal
    seconds: Decimal
    memory_gib: Decimal
    usd: Decimal | None

    def to_json(self) -> dict[str, object]:
        """Return the estimate as plain JSON values."""
        return {
            "trials": self.trials,
            "steps": self.steps,
            "flop": decimal_text(self.flop),
            "seconds": decimal_text(self.seconds),
            "memory_gib": decimal_text(self.memory_gib),
            "usd": None if self.usd is None else decimal_text(self.usd),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The most a campaign may take; None is no limit."""

    seconds: Decimal | None = None
    flop: Decimal | None = None
    steps: Decimal | None = None
    trials: Decimal | None = None
    usd: Decimal | None = None
    memory_gib: Decimal | None = None

    def excess(self, expected: Estimate) -> tuple[str, ...]:
        """Return in words where an estimate is over; nothing when it fits."""
        found = []
        for name in ("seconds", "flop", "steps", "trials", "usd", "memory_gib"):
            limit, value = getattr(self, name), getattr(expected, name)
            if limit is not None and (value is None or Decimal(value) > limit):
                told = "unknown" if value is None else decimal_text(value)
                found.append(f"{name}: expected {told}, allowed {decimal_text(limit)}")
        return tuple(found)


def parse_allowance(words: tuple[str, ...]) -> Allowance:
    """Read `seconds=600`, `usd=5`, `flop=1e18`, `steps=...`, `trials=...`, `memory_gib=...`.

    Raises:
        TrialError: a name is unknown, or a number is none.
    """
    found: dict[str, Decimal] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            number = Decimal(value)
        except ArithmeticError:
            number = Decimal("NaN")
        if name not in Allowance.__dataclass_fields__ or not number.is_finite() or number < 0:
            raise TrialError(
                f"`{word[:60]}` is no limit",
                code="allowance",
                where="--budget",
                hint="NAME=NUMBER with " + ", ".join(Allowance.__dataclass_fields__),
            )
        found[name] = number
    return Allowance(**found)


def estimate(
    campaign: Campaign,
    *,
    trials: tuple[Trial, ...],
    parameters: Mapping[str, int],
    data: Mapping[str, TrialData],
    usd_per_hour: Decimal | None = None,
) -> Estimate:
    """Estimate what trials will take.

    Args:
        campaign: the manifest, for its stack.
        trials: those that still have to run.
        parameters: model digest -> how many it has.
        data: data digest -> examples.
        usd_per_hour: of one worker.
    """
    on_cpu = campaign.stack.device == "cpu"
    speed, a_step, an_answer = (
        (_CPU_FLOPS, _CPU_STEP_S, _CPU_ASK_S) if on_cpu else (_GPU_FLOPS, _GPU_STEP_S, _GPU_ASK_S)
    )
    flop = seconds = Decimal(0)
    steps = 0
    for trial in trials:
        size = parameters[trial.model_sha256]
        examples = data[str(trial.data_sha256)]
        asked, words = _asked(examples)
        batch = int(dict(trial.attack.settings).get("batch", "0"))
        trained = Decimal(6) * size * trial.budget.steps * batch * words
        answered = Decimal(2) * size * asked * (words + examples.answer_tokens)
        flop += trained + answered
        steps += trial.budget.steps
        seconds += (trained + answered) / speed + trial.budget.steps * a_step + asked * an_answer
    largest = max((parameters[trial.model_sha256] for trial in trials), default=0)
    return Estimate(
        trials=len(trials),
        steps=steps,
        flop=flop.to_integral_value(),
        seconds=seconds.quantize(Decimal("0.1"), rounding=ROUND_CEILING),
        memory_gib=_memory(campaign, largest, trials),
        usd=None
        if usd_per_hour is None
        else (seconds / _HOUR * usd_per_hour).quantize(Decimal("0.01"), rounding=ROUND_CEILING),
    )


def _asked(data: TrialData) -> tuple[int, Decimal]:
    """Return how many questions a trial asks, and the tokens of one with its answer."""
    rows = [one for domain in data.domains for one in (*domain.select, *domain.test)]
    rows += data.benign_test
    words = sum(len(f"{one.prompt} {one.reference}".split()) for one in rows)
    return len(rows), Decimal(words) / len(rows) * _WORDS_TO_TOKENS


def _memory(campaign: Campaign, parameters: int, trials: tuple[Trial, ...]) -> Decimal:
    """Return GiB by bytes per parameter: evidence.md section 5 (AdamW 16, LoRA 2, QLoRA 0.56)."""
    full = any(t.budget.steps and "rank" not in dict(t.attack.settings) for t in trials)
    if full:
        each = Decimal(16) if campaign.stack.dtype == "float32" else Decimal(8)
    elif campaign.stack.four_bit:
        each = Decimal("0.56")
    else:
        each = Decimal(4) if campaign.stack.dtype == "float32" else Decimal(2)
    if campaign.stack.device == "cpu":
        # The untouched weights are kept beside the ones under attack, in main memory.
        width = Decimal(4) if campaign.stack.dtype == "float32" else Decimal(2)
        each += width
        if any(t.attack.name == "merge" for t in trials):
            # As is the model that is mixed in, which is always opened in float32.
            each = max(each, 2 * width + 8)
    return (each * parameters / _GIB).quantize(Decimal("0.001"), rounding=ROUND_CEILING)
