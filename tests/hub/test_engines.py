"""Engines and libraries that fetch models: open, gated, granted, from a hub of ours.

Each is the real thing, in the version named here, from its package index. vLLM is replayed by
the calls it makes: it is its own wheel of several hundred megabytes.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine_models import gguf_files, onnx_files, shards
from hub_live import listening
from hub_served import Served
from hub_world import World
from openweir.tier import Tier

huggingface_hub = pytest.importorskip("huggingface_hub")
from huggingface_hub import HfApi, HfFileSystem  # noqa: E402 - only where it is installed
from huggingface_hub.errors import (  # noqa: E402 - as above
    GatedRepoError,
    RemoteEntryNotFoundError,
)

HERE = Path(__file__).parent / "conformance"
sys.path.insert(0, str(HERE))
from fetched import node_with, python_with  # noqa: E402 - beside the suite

pytestmark = [pytest.mark.peer]

LLAMA = "xllamacpp==2026.10.11549"
DIFFUSERS = (
    *("diffusers==0.42.1", "importlib-metadata==10.2.0", "zipp==4.1.2", "pillow==13.0.0"),
    *("requests==2.34.2", "urllib3==2.8.0", "charset-normalizer==3.5.2", "idna==3.20"),
    *("certifi==2026.10.18", "regex==2026.11.15"),
)
NODE_LLAMA = "node-llama-cpp@3.22.1"
HUB_JS = "@huggingface/hub@2.17.5"
TRANSFORMERS_JS = "@huggingface/transformers@4.3.1"
WHO = (None, "ann", "granted")


@dataclass
class Hub:
    """A listening hub whose releases are open and gated alike."""

    served: Served
    url: str
    folder: Path
    files: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """Release `files` as `acme/NAME-open` and, for those with a grant, `acme/NAME-gated`."""
        if name in self.files:
            return
        world = self.served.world
        for suffix, tier in (("open", Tier.OPEN_WEIGHTS), ("gated", Tier.GATED_WEIGHTS)):
            answer = self.served.publish(
                world.release(f"acme/{name}-{suffix}", tier=tier, files=files)
            )
            assert answer.is_success, answer.text
        self.files[name] = files
        ours = f"/api/openweir/releases/acme/{name}-gated"
        client, headers = self.served.client, self.served.headers
        client.post(f"{ours}/requests", json={"purpose": "to run it"}, headers=headers("granted"))
        granted = client.post(f"{ours}/grants", json={"user": "granted"}, headers=headers("acme"))
        assert granted.is_success, granted.text

    def run(
        self, *words: str | Path, user: str | None = None, cwd: Path | None = None, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """A client in a process of its own that knows this hub and nothing else."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HF_", "LLAMA_", "PYTHONPATH"))
        }
        token = {} if user is None else {"HF_TOKEN": self.served.tokens[user]}
        own = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(self.folder / f"home-{user}"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "*",
        }
        return subprocess.run(
            [str(word) for word in words],
            env={**kept, **own, **token, **more},
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=200,
            check=False,
        )


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A listening hub; each test publishes what it needs."""
    root = tmp_path_factory.mktemp("engines")
    served = Served(World(root / "world"), root)
    with listening(served.hub) as url:
        yield Hub(served, url, root)
    served.close()


@pytest.fixture
def quantized(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """The hub with two GGUF files."""
    pytest.importorskip("gguf")
    hub.publish("gguf", gguf_files(tmp_path_factory.mktemp("gguf")))
    return hub


@pytest.mark.slow
class TestLlamaCpp:
    """llama.cpp itself: `-hf ORG/NAME[:TAG]` by references, tree and bytes at the commit."""

    @pytest.mark.parametrize(
        ("name", "user", "file"),
        [
            ("acme/gguf-open", None, "tiny-Q4_K_M.gguf"),
            ("acme/gguf-open:Q8_0", None, "tiny-Q8_0.gguf"),
            ("acme/gguf-gated", "granted", "tiny-Q4_K_M.gguf"),
        ],
    )
    def test_it_downloads_loads_and_answers(
        self, quantized: Hub, tmp_path: Path, name: str, user: str | None, file: str
    ) -> None:
        """Four tokens, from the very bytes."""
        python = python_with(LLAMA)
        words = (python, HERE / "llama_checks.py", name)
        done = quantized.run(*words, user=user, LLAMA_CACHE=str(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "said four tokens" in done.stdout
        (path,) = tmp_path.glob(f"models--*/snapshots/*/{file}")
        assert path.read_bytes() == quantized.files["gguf"][file]

    @pytest.mark.parametrize(("user", "status"), [(None, 401), ("ann", 403)])
    def test_it_is_refused(
        self, quantized: Hub, tmp_path: Path, user: str | None, status: int
    ) -> None:
        """Without a grant there is an error with the status, and no byte of the weights."""
        python = python_with(LLAMA)
        words = (python, HERE / "llama_checks.py", "acme/gguf-gated")
        done = quantized.run(*words, user=user, LLAMA_CACHE=str(tmp_path))
        assert done.returncode == 1
        assert not list(tmp_path.rglob("*.gguf"))
        files = quantized.files["gguf"].values()
        assert not any(path.read_bytes() in files for path in tmp_path.rglob("*") if path.is_file())
        if user is None:
            assert f"failed with status code: {status}" in done.stdout + done.stderr


@pytest.mark.slow
def test_node_llama_cpp(quantized: Hub, tmp_path: Path) -> None:
    """It asks which file a quantization means, downloads it and reads its header by ranges."""
    node, folder = node_with("node-llama-cpp", NODE_LLAMA)
    told = {}
    for kind, tag, user in (
        ("open", "", None),
        ("open", ":Q8_0", None),
        ("open", ":Q2_K", None),
        *(("gated", ":Q8_0", user) for user in WHO),
    ):
        at = tmp_path / f"{kind}-{tag[1:]}-{user}"
        at.mkdir()
        model = f"hf:acme/gguf-{kind}"
        words = (node, HERE / "gguf_checks.mjs", model + tag, f"{model}/tiny-Q8_0.gguf", at)
        done = quantized.run(*words, user=user, cwd=folder)
        assert done.returncode == 0, done.stderr
        told[kind, tag, user] = json.loads(done.stdout.splitlines()[-1])
    files = quantized.files["gguf"]
    for key, file in (
        (("open", "", None), "tiny-Q4_K_M.gguf"),
        (("open", ":Q8_0", None), "tiny-Q8_0.gguf"),
        (("gated", ":Q8_0", "granted"), "tiny-Q8_0.gguf"),
    ):
        assert Path(told[key]["file"]).read_bytes() == files[file]
        assert told[key]["tensors"] == 12
    assert "Cannot get quantization" in told["open", ":Q2_K", None]["error"]
    assert "401" in told["gated", ":Q8_0", None]["error"]
    assert "403" in told["gated", ":Q8_0", "ann"]["error"]
    assert not list(tmp_path.glob("gated-*-None/*.gguf"))


@pytest.mark.slow
def test_huggingface_hub_js_at_a_gate(quantized: Hub) -> None:
    """Names are told to everybody; whether a file exists and its bytes to who may read it."""
    node, folder = node_with("huggingface-hub", HUB_JS)
    size = len(quantized.files["gguf"]["tiny-Q8_0.gguf"])
    for user, wanted in ((None, 401), ("ann", 403), ("granted", None)):
        token = () if user is None else (quantized.served.tokens[user],)
        words = (node, HERE / "gate_checks.mjs", quantized.url, "acme/gguf-gated")
        done = quantized.run(*words, "tiny-Q8_0.gguf", *token, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == {
            "list": True,
            "info": "manual",
            "exists": wanted or True,
            "absent": False,
            "bytes": wanted or size,
            "snapshot": wanted or size,
        }


@pytest.mark.slow
def test_transformers_js(hub: Hub, tmp_path: Path) -> None:
    """A tokenizer and an ONNX model run; its token goes to another hub by a `fetch` of one's own."""
    if not os.environ.get("OPENWEIR_LARGE_CLIENTS"):
        pytest.skip(f"{TRANSFORMERS_JS} takes half a gigabyte: OPENWEIR_LARGE_CLIENTS=1 fetches it")
    node, folder = node_with("transformers-js", TRANSFORMERS_JS, optional=True)
    hub.publish("onnx", onnx_files())
    for kind, user, wanted in (
        ("open", None, {"told": [1, 2]}),
        ("gated", "granted", {"told": [1, 2]}),
        ("gated", "ann", "Forbidden"),
        ("gated", None, "Unauthorized"),
    ):
        token = () if user is None else (hub.served.tokens[user],)
        words = (node, HERE / "transformers_checks.mjs", hub.url, tmp_path / f"{kind}-{user}")
        done = hub.run(*words, f"acme/onnx-{kind}", *token, cwd=folder)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert told == wanted or str(wanted) in told["error"]


@pytest.mark.slow
def test_diffusers(hub: Hub, tmp_path: Path) -> None:
    """A pipeline makes an image where it may be read; one is pushed, and is a draft."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    python, script = python_with(*DIFFUSERS, over=True), HERE / "diffusers_checks.py"
    made = hub.run(python, script, "make", tmp_path / "made")
    assert made.returncode == 0, made.stderr
    hub.publish(
        "ddpm",
        {
            path.relative_to(tmp_path / "made").as_posix(): path.read_bytes()
            for path in (tmp_path / "made").rglob("*")
            if path.is_file()
        },
    )
    pushed = hub.run(python, script, "push", tmp_path / "made", "acme/pushed", user="acme")
    assert pushed.returncode == 0, pushed.stderr
    image = "DDPMPipeline (1, 8, 8, 3)"
    for user, gated, draft in (
        (None, "GatedRepoError 401", "OSError"),
        ("granted", image, "OSError"),
        ("acme", "GatedRepoError 403", image),
    ):
        names = ("acme/ddpm-open", "acme/ddpm-gated", "acme/pushed")
        done = hub.run(python, script, "load", *names, user=user)
        assert done.returncode == 0, done.stderr
        for name, wanted in zip(names, (image, gated, draft), strict=True):
            assert f"{name} {wanted}" in done.stdout, done.stdout


class TestVllm:
    """What vLLM asks of `huggingface_hub` (its `transformers_utils/repo_utils.py`)."""

    @pytest.fixture
    def sharded(self, hub: Hub) -> Hub:
        """The hub with a model of two shards."""
        hub.publish("shards", shards())
        return hub

    def api(self, hub: Hub, user: str | None) -> HfApi:
        """The client as vLLM makes it."""
        token = False if user is None else hub.served.tokens[user]
        return HfApi(endpoint=hub.url, token=token, library_name="vllm", library_version="0.32.0")

    @pytest.mark.parametrize(("kind", "user"), [("open", None), ("gated", "granted")])
    def test_loading(self, sharded: Hub, tmp_path: Path, kind: str, user: str | None) -> None:
        """The commit once, the list, the shards by pattern, what is absent, and ranges."""
        name, files = f"acme/shards-{kind}", sharded.files["shards"]
        api = self.api(sharded, user)
        revision = api.resolve_revision(name, cache_dir=tmp_path)
        assert revision.resolved == api.model_info(name).sha
        listed = api.list_repo_files(name, revision=revision)
        assert set(files) < set(listed)
        folder = Path(
            api.snapshot_download(
                name,
                allow_patterns=["*.safetensors"],
                ignore_patterns=["original/**/*"],
                cache_dir=tmp_path,
                revision=revision,
            )
        )
        assert {path.name for path in folder.iterdir()} == {
            path for path in files if path.endswith(".safetensors")
        }
        index = api.hf_hub_download(
            name, "model.safetensors.index.json", cache_dir=tmp_path, revision=revision
        )
        assert Path(index).read_bytes() == files["model.safetensors.index.json"]
        with pytest.raises(RemoteEntryNotFoundError, match="Entry Not Found"):
            api.hf_hub_download(name, "adapter_config.json", cache_dir=tmp_path, revision=revision)
        assert set(api.get_safetensors_metadata(name).weight_map) == {"a", "b"}
        system = HfFileSystem(endpoint=sharded.url, token=api.token, skip_instance_cache=True)
        shard = f"{name}/model-00001-of-00002.safetensors"
        assert system.glob(f"{name}/*.safetensors")[0] == shard
        whole = files["model-00001-of-00002.safetensors"]
        with system.open(shard, "rb", block_size=64) as stream:
            stream.seek(8)
            assert stream.read(100) == whole[8:108]
        assert system.cat_ranges([shard] * 2, [0, 50], [4, 60]) == [whole[:4], whole[50:60]]

    @pytest.mark.parametrize("user", [None, "ann"])
    def test_at_the_gate(self, sharded: Hub, tmp_path: Path, user: str | None) -> None:
        """What there is is told; each byte is refused by the error that vLLM shows."""
        name, api = "acme/shards-gated", self.api(sharded, user)
        revision = api.resolve_revision(name, cache_dir=tmp_path)
        assert "config.json" in api.list_repo_files(name, revision=revision)
        with pytest.raises(GatedRepoError, match="gated"):
            api.snapshot_download(
                name, allow_patterns=["*.safetensors"], cache_dir=tmp_path, revision=revision
            )
        with pytest.raises(GatedRepoError, match="gated"):
            api.hf_hub_download(name, "config.json", cache_dir=tmp_path, revision=revision)
        with pytest.raises(GatedRepoError, match="gated"):
            api.get_safetensors_metadata(name)
        assert not list(tmp_path.rglob("*.safetensors"))
