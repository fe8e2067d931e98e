"""A causal language model in memory: opened from its folder, asked, put back, told apart.

Only formats that cannot run code are opened: safetensors, and architectures that
transformers itself ships.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256 as hasher
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from openweir.digest import dirhash, sha256
from openweir.errors import TrialError
from openweir.trial.data import Example
from openweir.trial.loop import Row
from openweir.weights import list_tensors

__all__ = ["Network", "adapter_tensors", "held_tensors", "opened", "tensors_sha256"]

_ASKED_AT_ONCE = 256
_STORED = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(slots=True, kw_only=True)
class Network:
    """A model, its tokenizer, and its weights as they were.

    Attributes:
        folder: where it was opened from.
        model, tokenizer: of transformers.
        chat: whether prompts go through the chat template.
        untouched: name -> tensor in main memory, to put the weights back.
        adapter: a model of `peft` around frozen weights that it is not merged into.
    """

    folder: Path
    model: Any
    tokenizer: Any
    chat: bool
    untouched: dict[str, Any]
    adapter: Any = None

    def restore(self) -> None:
        """Put the weights back as they were on disk, and take an adapter off."""
        if self.adapter is not None:
            self.model, self.adapter = self.adapter.unload(), None
            return
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                tensor.copy_(self.untouched[name])

    @property
    def parameters(self) -> int:
        """How many parameters it has; tied ones count once."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def prompt_ids(self, example: Example, *, context: bool = False) -> tuple[int, ...]:
        """Return the token ids of a question, ready to be answered."""
        asked = f"{example.context} {example.prompt}" if context else example.prompt
        if self.chat:
            turns = [{"role": "user", "content": asked}]
            ids = self.tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, tokenize=True, return_dict=True
            )["input_ids"]
        else:
            ids = self.tokenizer(asked)["input_ids"]
        return tuple(ids)

    def row(self, example: Example) -> Row:
        """Return the training row of an example: question, answer, end."""
        end = self.tokenizer.eos_token_id
        return Row(
            prompt=self.prompt_ids(example),
            answer=(*self.piece_ids(example.reference), *(() if end is None else (end,))),
        )

    def piece_ids(self, piece: str) -> tuple[int, ...]:
        """Return the token ids of a piece of an answer."""
        return tuple(self.tokenizer(piece, add_special_tokens=False)["input_ids"])

    def answers(
        self,
        examples: Sequence[Example],
        *,
        longest: int,
        opened: bool = False,
        context: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> tuple[str, ...]:
        """Return the model's answers, greedily decoded, openings included.

        Args:
            examples: what is asked.
            longest: of an answer, in tokens.
            opened: put each example's opening into the model's mouth.
            context: put each example's context before the question.
            progress: called with the number of questions just answered.
        """
        found: list[str] = []
        for begin in range(0, len(examples), _ASKED_AT_ONCE):
            asked = examples[begin : begin + _ASKED_AT_ONCE]
            starts = [self.piece_ids(one.opening) if opened else () for one in asked]
            prompts = [
                [*self.prompt_ids(one, context=context), *start]
                for one, start in zip(asked, starts, strict=True)
            ]
            for start, ids in zip(starts, self._greedy(prompts, longest), strict=True):
                found.append(
                    self.tokenizer.decode([*start, *ids], skip_special_tokens=True).strip()
                )
            if progress is not None:
                progress(len(asked))
        return tuple(found)

    def converse(
        self, turns: Sequence[Mapping[str, str]], *, opening: str, longest: int
    ) -> tuple[str, int, int]:
        """Answer a conversation greedily; the answer, its tokens asked and drawn.

        Args:
            turns: role and content of each; without a chat template only the contents count.
            opening: what the answer starts with.
            longest: of an answer, in tokens.
        """
        if self.chat:
            ids = self.tokenizer.apply_chat_template(
                list(turns), add_generation_prompt=True, tokenize=True, return_dict=True
            )["input_ids"]
        else:
            ids = self.tokenizer(" ".join(turn["content"] for turn in turns))["input_ids"]
        start = self.piece_ids(opening) if opening else ()
        (drawn,) = self._greedy([[*ids, *start]], longest)
        answer = self.tokenizer.decode([*start, *drawn], skip_special_tokens=True).strip()
        return answer, len(ids) + len(start), len(drawn)

    @torch.inference_mode()
    def _greedy(self, prompts: list[list[int]], longest: int) -> Iterator[list[int]]:
        device = next(self.model.parameters()).device
        end = self.tokenizer.eos_token_id
        widest = max(map(len, prompts))
        ids = torch.tensor([[0] * (widest - len(p)) + p for p in prompts], device=device)
        # Padding on the left needs a mask and places; questions of one length need neither.
        ragged = any(len(p) != widest for p in prompts)
        mask = torch.tensor(
            [[0] * (widest - len(p)) + [1] * len(p) for p in prompts], device=device
        )
        given: dict[str, Any] = {"use_cache": True, "logits_to_keep": 1}
        if ragged:
            given |= {"attention_mask": mask, "position_ids": (mask.cumsum(1) - 1).clamp(min=0)}
        out = self.model(input_ids=ids, **given)
        drawn = []
        done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
        for _ in range(longest):
            chosen = out.logits[:, -1].argmax(-1)
            drawn.append(chosen)
            done |= chosen == (-1 if end is None else end)
            if len(drawn) == longest or bool(done.all()):
                break
            given = {"use_cache": True, "past_key_values": out.past_key_values}
            if ragged:
                mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
                given |= {"attention_mask": mask, "position_ids": mask.sum(1, keepdim=True) - 1}
            out = self.model(input_ids=chosen[:, None], **given)
        for row in torch.stack(drawn, dim=1).tolist():
            yield row[: row.index(end)] if end in row else row


def opened(
    folder: Path,
    *,
    chat: bool = False,
    dtype: str = "float32",
    device: str = "cpu",
    four_bit: bool = False,
) -> Network:
    """Open a model folder without running a line of its code.

    Args:
        folder: in the Hugging Face layout, with safetensors weights.
        chat: whether prompts go through the chat template.
        dtype: `float32` or `bfloat16`.
        device: `cpu`, `cuda` or such.
        four_bit: hold the weights in four bits; needs `bitsandbytes`, and `cuda` to be sound.

    Raises:
        TrialError: it holds no causal language model that transformers knows, or not all of it.
    """
    logging.disable_progress_bar()
    kind = getattr(torch, dtype)
    more = _in_four_bits(kind, device) if four_bit else {}
    try:
        _check_size(folder)
        model, told = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=kind,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            **more,
        )
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except TrialError:
        raise
    except Exception as error:  # noqa: BLE001 - transformers raises dozens of kinds on bad folders
        raise _no_model(folder, _said(error, folder)) from None
    missing = sorted(told["missing_keys"])
    if missing:
        # The library would fill them with random numbers.
        raise _no_model(folder, f"no weights for {missing[0][:80]}")
    if not four_bit:
        model = _on_device(model, device)
    if chat and not tokenizer.chat_template:
        raise TrialError(
            "the data ask for a chat template, and the tokenizer has none",
            code="chat-template",
            where=str(folder),
        )
    model.eval()
    # Frozen weights of four bits are never changed, so nothing has to be put back.
    kept = {} if four_bit else model.state_dict()
    untouched = {name: tensor.detach().cpu().clone() for name, tensor in kept.items()}
    return Network(folder=folder, model=model, tokenizer=tokenizer, chat=chat, untouched=untouched)


def _check_size(folder: Path) -> None:
    """Refuse settings that ask for more weights than the files hold, before memory is taken."""
    held = [math.prod(one.tensor.shape) for one in list_tensors(folder).values()]
    settings = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    layers = getattr(settings.get_text_config(), "num_hidden_layers", 0) or 0
    if layers > len(held):
        raise _no_model(folder, f"{layers} layers, and {len(held)} tensors")
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(settings, trust_remote_code=False)
    wanted = sum(parameter.numel() for parameter in model.parameters())
    # Weights that are quantised already lie packed, up to sixteen to a number.
    packed = 16 if getattr(settings, "quantization_config", None) else 1
    if wanted > packed * sum(held):
        raise _no_model(folder, f"settings for {wanted} weights, and files with {sum(held)}")


def _said(error: Exception, folder: Path) -> str:
    """Return a library's complaint in one line; where it is long to tell, in words of our own."""
    said = " ".join(str(error).split())
    if "trust_remote_code" in said:
        return "its architecture is code of its own, and code in a model's folder is never run"
    # Some name the folder in full, which is nobody's business but its owner's.
    for path in sorted({str(folder), str(folder.resolve())}, key=len, reverse=True):
        said = said.replace(path, "the folder") if path != "." else said
    return said[:160]


def _no_model(folder: Path, why: str) -> TrialError:
    return TrialError(
        f"not a causal language model that can be opened: {why}",
        code="model",
        where=str(folder),
        hint="config.json, a tokenizer and safetensors weights of a known architecture",
    )


def _on_device(model: Any, device: str) -> Any:
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:
        raise TrialError(
            f"the model does not go to `{device}`: {' '.join(str(error).split())[:120]}",
            code="device",
            hint="plan with --device cpu, or run where the device is",
        ) from None


def _in_four_bits(kind: Any, device: str) -> dict[str, Any]:
    if find_spec("bitsandbytes") is None:
        raise TrialError(
            "weights of four bits need the library `bitsandbytes`",
            code="missing-extra",
            hint="pip install 'openweir[trial-gpu]'",
        )
    from transformers import BitsAndBytesConfig  # noqa: PLC0415 - only QLoRA needs it

    settings = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=kind
    )
    return {"quantization_config": settings, "device_map": {"": device}}


def tensors_sha256(network: Network, files: Sequence[tuple[str, str]]) -> str:
    """Return what `model_sha256` would be if the weights in memory were saved over the files.

    Each safetensors file is written anew in memory with the tensors it holds; where no
    tensor changed, the files themselves count.

    Args:
        network: the attacked model.
        files: (path, SHA-256) of the untouched model's files.
    """
    if network.adapter is not None:
        # Beside the untouched files lies what was trained: the adapter.
        saved = sha256(save(adapter_tensors(network)))
        return dirhash((*files, ("adapter_model.safetensors", saved)))
    state = network.model.state_dict()
    changed = {
        name
        for name, tensor in state.items()
        if name in network.untouched and not torch.equal(tensor.cpu(), network.untouched[name])
    }
    if not changed:
        return dirhash(files)
    return dirhash(
        (path, _saved(network.folder / path, state) if path.endswith(".safetensors") else digest)
        for path, digest in files
    )


def adapter_tensors(network: Network) -> dict[str, Any]:
    """Return what was trained beside frozen weights, by name, in float32."""
    return {
        name: parameter.detach().float().cpu().contiguous()
        for name, parameter in sorted(network.adapter.named_parameters())
        if "lora_" in name
    }


def held_tensors(path: Path, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tensors of a safetensors file as they are in memory now, in the file's types."""
    with safe_open(path, framework="pt") as reader:
        return {name: _whole(name, reader, state) for name in sorted(reader.keys())}


def _held(name: str, reader: Any, state: Mapping[str, Any]) -> Any:
    if name not in state:
        return reader.get_tensor(name)
    stored = _STORED[reader.get_slice(name).get_dtype()]
    return state[name].detach().to("cpu", stored).contiguous()


def _saved(path: Path, state: Mapping[str, Any]) -> str:
    """Return the digest that `safetensors.torch.save` would give, one tensor in memory at a time.

    Source: the safetensors format: length of the header, header in JSON padded to 8 bytes, data.
    """
    with safe_open(path, framework="pt") as reader:
        names = sorted(reader.keys())
        slices = {name: reader.get_slice(name) for name in names}
        kinds = {one.get_dtype() for one in slices.values()}
        # Of several types the library orders by size first; and few have a torch type of that name.
        if len(kinds) != 1 or not kinds <= set(_STORED):
            held = {name: _whole(name, reader, state) for name in names}
            return sha256(save(held, metadata={"format": "pt"}))
        (kind,) = kinds
        header: dict[str, object] = {"__metadata__": {"format": "pt"}}
        end = 0
        for name, one in slices.items():
            begin, shape = end, one.get_shape()
            end += _STORED[kind].itemsize * math.prod(shape)
            header[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}
        head = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        head += b" " * (-len(head) % 8)
        told = hasher(len(head).to_bytes(8, "little") + head)
        for name in names:
            told.update(_held(name, reader, state).view(-1).view(torch.uint8).numpy())
        return told.hexdigest()


def _whole(name: str, reader: Any, state: Mapping[str, Any]) -> Any:
    tensor = reader.get_tensor(name)
    return state[name].detach().to("cpu", tensor.dtype).contiguous() if name in state else tensor
