"""Attacked weights that their owner asked to keep: a model folder with a note, and no more.

They are deleted by default. What is kept has the digest its outcome names, so that it is told
apart from everything else, and a note that `publish` refuses it by.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save_file

from openweir.errors import TrialError
from openweir.trial.attack import NOTE
from openweir.trial.network import Network, adapter_tensors, held_tensors
from openweir.trial.trial import Trial

__all__ = ["keep_weights"]

_SAID = """\
# Attacked weights: never serve, never publish

Trial `{trial}` of Openweir attacked a copy of model `{model}` with `{attack}` ({settings}).
The model in this folder is what came of it, digest `{after}`.
It was kept because its owner asked for it with `--keep-weights`.
Delete the folder when it has served its purpose.
"""


def keep_weights(
    network: Network, files: Sequence[tuple[str, str]], trial: Trial, after: str, place: Path
) -> Path:
    """Write the weights in memory as a model folder named by the trial.

    Args:
        network: with the attacked weights.
        files: (path, SHA-256) of the untouched model's files.
        trial: what was done.
        after: digest of the attacked model.
        place: holds one folder per trial.

    Raises:
        TrialError: it cannot be written.
    """
    folder = place / trial.id
    if folder.exists():
        return folder
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=place) as temporary:
            made = Path(temporary) / "model"
            _write(network, files, made)
            settings = ", ".join(f"{name} {value}" for name, value in trial.attack.settings)
            said = _SAID.format(
                trial=trial.id,
                model=trial.model_sha256,
                attack=trial.attack.name,
                settings=settings or "no settings",
                after=after,
            )
            (made / NOTE).write_text(said, encoding="utf-8")
            made.rename(folder)
    except OSError as error:
        raise TrialError(
            f"cannot keep attacked weights: {error.strerror}", code="unwritable", where=str(place)
        ) from None
    return folder


def _write(network: Network, files: Sequence[tuple[str, str]], made: Path) -> None:
    for name, _ in files:
        target = made / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".safetensors") and network.adapter is None:
            held = held_tensors(network.folder / name, network.model.state_dict())
            save_file(held, target, metadata={"format": "pt"})
        else:
            shutil.copyfile(network.folder / name, target)
    if network.adapter is not None:
        save_file(adapter_tensors(network), made / "adapter_model.safetensors")
