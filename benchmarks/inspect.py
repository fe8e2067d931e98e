"""How long and how much memory a look at headers takes, beside the usual readers.

Run: `make bench`, or `python benchmarks/inspect.py`. See benchmarks/README.md.

Two claims: a sparse sharded folder of 100 GB, beside reading the same headers with
`json` alone; and a GGUF file with a vocabulary of 152,000 words, beside
`gguf.GGUFReader`. The latter needs the `gguf` package: in this environment, or in the
one whose interpreter `GGUF_PYTHON` names. Without it that half says so and is left out.
"""

# ruff: noqa: A005 - the name is that of the command; see the next lines

import sys

if __name__ == "inspect":
    # Python puts the folder of a script first on its path, so a benchmark beside this one
    # that needs the standard library's `inspect` finds this file: hand it what it asked for.
    import sysconfig
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("inspect", [sysconfig.get_path("stdlib")])
    sys.modules["inspect"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["inspect"])

import json
import os
import struct
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARDS, TENSORS_PER_SHARD = 20, 60
WORDS = 152_000

# The high-water mark of Linux, since what `getrusage` tells includes the parent's size.
MEASURED = """
import json, re, sys, time
begun = time.perf_counter()
{body}
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1])
print(json.dumps({{"seconds": round(time.perf_counter() - begun, 3),
    "peak_mb": round(peak / 1024, 1)}}))
"""
FOLDER = """
from pathlib import Path
from openweir.desk.inspect import inspect
found = inspect(Path(sys.argv[1]), digests=False)
assert not found.dossier.bindable and any(found.dossier.facts_of("parameters"))
"""
BARE = """
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*.safetensors")):
    with path.open("rb") as stream:
        json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
"""
GGUF = """
from pathlib import Path
from openweir.artifact.gguf import read_gguf
path = Path(sys.argv[1])
with path.open("rb") as stream:
    found = read_gguf(stream, path.stat().st_size, path=path.name)
assert len(found.tensors) == 1
"""
PEER = """
from gguf import GGUFReader
assert len(GGUFReader(sys.argv[1]).tensors) == 1
"""


def measure(body: str, path: Path, python: str = sys.executable) -> dict[str, float]:
    """Run a program in a process of its own; return seconds (imports included) and peak memory."""
    done = subprocess.run(
        [python, "-c", MEASURED.format(body=body), str(path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    return json.loads(done.stdout)


def write_folder(folder: Path) -> None:
    """Write a model of 100 GB that takes no room: headers, and holes where tensors would be."""
    width = 5 * 10**9 // 2 // TENSORS_PER_SHARD
    weight_map = {}
    for shard in range(SHARDS):
        name = f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors"
        tensors = {}
        for index in range(TENSORS_PER_SHARD):
            tensor = f"model.layers.{shard * TENSORS_PER_SHARD + index}.mlp.up_proj.weight"
            offsets = [index * width * 2, (index + 1) * width * 2]
            tensors[tensor] = {"dtype": "BF16", "shape": [width], "data_offsets": offsets}
            weight_map[tensor] = name
        text = json.dumps(tensors).encode()
        with (folder / name).open("wb") as stream:
            stream.write(struct.pack("<Q", len(text)) + text)
            stream.truncate(8 + len(text) + TENSORS_PER_SHARD * width * 2)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")


def write_gguf(path: Path) -> None:
    """Write a GGUF file with a large vocabulary, its scores, types and merges."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    words = [f"token{number}" for number in range(WORDS)]
    keys = [
        text("general.architecture") + struct.pack("<I", 8) + text("qwen2"),
        text("tokenizer.ggml.tokens")
        + struct.pack("<IIQ", 9, 8, WORDS)
        + b"".join(map(text, words)),
        text("tokenizer.ggml.merges")
        + struct.pack("<IIQ", 9, 8, WORDS)
        + b"".join(map(text, words)),
        text("tokenizer.ggml.token_type") + struct.pack("<IIQ", 9, 5, WORDS) + bytes(4 * WORDS),
        text("tokenizer.ggml.scores") + struct.pack("<IIQ", 9, 6, WORDS) + bytes(4 * WORDS),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys)) + b"".join(keys)
    head += text("output_norm.weight") + struct.pack("<IQIQ", 1, 64, 0, 0)
    path.write_bytes(head + bytes(-len(head) % 32) + bytes(256))


def peer_python() -> str | None:
    """Return an interpreter that has the gguf package, if there is one."""
    for python in (os.environ.get("GGUF_PYTHON"), sys.executable):
        if python:
            tried = subprocess.run([python, "-c", "import gguf"], capture_output=True, check=False)
            if tried.returncode == 0:
                return python
    return None


def main() -> int:
    """Print one JSON object; 1 if a claim does not hold."""
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name) / "model", Path(name) / "m.gguf"
        folder.mkdir()
        write_folder(folder)
        write_gguf(path)
        size = sum(file.stat().st_size for file in folder.iterdir())
        headers, bare = measure(FOLDER, folder), measure(BARE, folder)
        ours, python = measure(GGUF, path), peer_python()
        peer = measure(PEER, path, python) if python else None
    held = (
        headers["seconds"] < 1 and headers["peak_mb"] < 100
        and ours["seconds"] < 0.5 and ours["peak_mb"] < 50
    )  # fmt: skip
    result = {
        "benchmark": "inspect",
        "folder_gb": round(size / 10**9, 1),
        "headers_only": headers,
        "json_alone": bare,
        "gguf_words": WORDS,
        "gguf": ours,
        "gguf_reader": peer or "not measured: the gguf package is absent (see GGUF_PYTHON)",
        "holds": held,
    }
    if peer:
        result["times_faster"] = round(peer["seconds"] / ours["seconds"], 1)
        result["times_smaller"] = round(peer["peak_mb"] / ours["peak_mb"], 1)
    print(json.dumps(result, indent=2))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
