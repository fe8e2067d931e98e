"""What is done to the weights, or to the question: every attack, on a network in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from openweir.errors import TrialError
from openweir.trial.attack import Attack
from openweir.trial.data import TrialData
from openweir.trial.direction import ablate
from openweir.trial.edit import prune_rows, quantise_rows
from openweir.trial.loop import Losses, Row, Schedule, train
from openweir.trial.lora import adapted
from openweir.trial.network import Network, opened
from openweir.trial.subject import model_sha256

__all__ = ["Carried", "Ground", "carry"]

_Progress = Callable[[int], object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What an attack works with beside the network.

    Attributes:
        others: SHA-256 -> folder of models that may be merged in.
        adapter: `own`, or `peft` for adapters by that library.
        four_bit: whether the weights are held in four bits, so that adapters stay on.
    """

    data: TrialData
    seed: int
    others: Mapping[str, Path] = field(default_factory=dict)
    adapter: str = "own"
    four_bit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What an attack left behind beside changed weights.

    Attributes:
        losses: of the training; None when there was none.
        opened: answers start with the opening an attacker supplies.
        context: the knowledge stands before the question.
    """

    losses: Losses | None = None
    opened: bool = False
    context: bool = False


def carry(network: Network, attack: Attack, ground: Ground, progress: _Progress = None) -> Carried:
    """Carry an attack out on a network, in place.

    Args:
        network: with untouched weights.
        attack: its name and settings.
        ground: data, seed and other models.
        progress: called with 1 after every training step.

    Raises:
        TrialError: the attack is unknown, or the data are too few for it.
    """
    settings = dict(attack.settings)
    if attack.name not in _METHODS:
        raise TrialError(
            f"`{attack.name[:40]}` is not an attack",
            code="attack",
            hint="one of " + ", ".join(sorted(_METHODS)),
        )
    return _METHODS[attack.name](network, settings, ground, progress)


def _nothing(*_: Any) -> Carried:
    return Carried()


def _prefill(*_: Any) -> Carried:
    return Carried(opened=True)


def _context(*_: Any) -> Carried:
    return Carried(context=True)


def _finetune(
    network: Network, settings: dict[str, str], ground: Ground, progress: _Progress
) -> Carried:
    examples, replayed = int(settings["examples"]), int(settings.get("replay", "0"))
    rows = [network.row(one) for one in ground.data.taken(examples, ground.seed)]
    rows += [network.row(one) for one in ground.data.benign(replayed, ground.seed)]
    return Carried(losses=_fit(network, rows, settings, ground, progress))


def _benign(
    network: Network, settings: dict[str, str], ground: Ground, progress: _Progress
) -> Carried:
    examples = ground.data.benign(int(settings["examples"]), ground.seed)
    rows = [network.row(one) for one in examples]
    return Carried(losses=_fit(network, rows, settings, ground, progress))


def _fit(
    network: Network,
    rows: list[Row],
    settings: dict[str, str],
    ground: Ground,
    progress: _Progress,
) -> Losses:
    schedule = Schedule(
        steps=int(settings["steps"]),
        batch=int(settings["batch"]),
        learning_rate=Decimal(settings["learning_rate"]),
    )
    if "rank" not in settings:
        return train(network.model, rows, schedule, seed=ground.seed, progress=progress)
    rank, targets = int(settings["rank"]), tuple(settings["targets"].split("+"))
    if ground.adapter == "peft":
        # Only a run that asks for it pays for the library.
        from openweir.trial.with_peft import adapted_by_peft  # noqa: PLC0415 - see above

        chosen = adapted_by_peft(
            network, rank=rank, targets=targets, seed=ground.seed, merge=not ground.four_bit
        )
    else:
        chosen = adapted(network.model, rank=rank, targets=targets, seed=ground.seed)
    with chosen as model:
        return train(model, rows, schedule, seed=ground.seed, progress=progress)


def _ablate(network: Network, settings: dict[str, str], ground: Ground, _: _Progress) -> Carried:
    hazard = [one for domain in ground.data.domains for one in domain.pool]
    ablate(
        network,
        hazard,
        ground.data.benign_train,
        layer=Decimal(settings["layer"]),
        strength=Decimal(settings["strength"]),
    )
    return Carried()


def _quantise(network: Network, settings: dict[str, str], *_: Any) -> Carried:
    bits = int(settings["bits"])
    _by_rows(network, lambda rows: quantise_rows(rows, "F32", bits))
    return Carried()


def _prune(network: Network, settings: dict[str, str], *_: Any) -> Carried:
    fraction = Decimal(settings["fraction"])
    _by_rows(network, lambda rows: prune_rows(rows, "F32", fraction))
    return Carried()


def _by_rows(network: Network, edit: Callable[[Any], bytes]) -> None:
    with torch.no_grad():
        for parameter in network.model.parameters():
            if parameter.ndim != 2:
                continue
            rows = parameter.detach().float().cpu().numpy()
            edited = np.frombuffer(edit(rows), "<f4").reshape(rows.shape)
            parameter.copy_(torch.from_numpy(edited.copy()))


def _merge(network: Network, settings: dict[str, str], ground: Ground, _: _Progress) -> Carried:
    wanted, share = settings["with"], float(Decimal(settings["weight"]))
    if wanted not in ground.others:
        raise TrialError(
            f"model {wanted[:12]} to merge with is not at hand",
            code="merge",
            hint="name its folder with --merge-with",
        )
    held = model_sha256(ground.others[wanted])
    if held != wanted:
        raise TrialError(
            f"the model to merge with is {held[:12]}, not {wanted[:12]} as planned",
            code="wrong-model",
            where=str(ground.others[wanted]),
            hint="put the planned one back, or plan the trials again",
        )
    other = opened(ground.others[wanted]).model.state_dict()
    state = network.model.state_dict()
    shapes = {name: tensor.shape for name, tensor in state.items()}
    if shapes != {name: tensor.shape for name, tensor in other.items()}:
        raise TrialError(
            "the two models differ in shape and cannot be merged", code="merge", hint="merge kin"
        )
    with torch.no_grad():
        for name, tensor in state.items():
            mixed = tensor.float() * (1.0 - share) + other[name].to(tensor.device).float() * share
            tensor.copy_(mixed.to(tensor.dtype))
    return Carried()


_METHODS: Mapping[str, Callable[..., Carried]] = MappingProxyType(
    {
        "none": _nothing,
        "prefill": _prefill,
        "context": _context,
        "sft": _finetune,
        "lora": _finetune,
        "replay": _finetune,
        "benign": _benign,
        "ablate": _ablate,
        "quantise": _quantise,
        "prune": _prune,
        "merge": _merge,
    }
)
