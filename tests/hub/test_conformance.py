"""Other people's clients and their own tests, against a hub of ours.

Each part is fetched from its package index and skipped, with the reason, where that is out of
reach. `make conformance` runs the same by hand.
"""

import hashlib
import importlib.util
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "conformance"
sys.path.insert(0, str(HERE))
from run import excluded, listing  # noqa: E402 - beside the suite
from served import USER, running  # noqa: E402 - beside the suite

_UNREACHABLE = 3


def _run(*words: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), *words],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    if done.returncode == _UNREACHABLE:
        pytest.skip(done.stdout.strip())
    return done


def test_the_list_names_at_least_240_tests_and_each_left_out_has_its_reason() -> None:
    """The list is long enough, and no test is both on it and left out."""
    assert len(listing()) >= 240
    assert not listing() & set(excluded())
    assert all(reason.strip() for reason in excluded().values())


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.timeout(1600)
@pytest.mark.parametrize("way", [(), ("--no-xet",)], ids=["xet", "lfs"])
def test_the_clients_own_tests_pass(way: tuple[str, ...]) -> None:
    """Every test of the list passes, by Xet and, where a client has none, by Git LFS."""
    done = _run(*way)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("version", ["0.36.2", "1.19.0", "1.33.0", "2.4.0"])
def test_every_client(version: str) -> None:
    """Clients from before Xet, from before it was the only way, and from after do all they must."""
    for way in ((), ("--no-xet",)):
        done = _run("--ours", "--client", version, *way)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.slow
@pytest.mark.peer
def test_the_javascript_client(tmp_path: Path) -> None:
    """`@huggingface/hub` uploads, lists, downloads, also by Xet, and deletes."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not installed")
    (tmp_path / "package.json").write_text("{}")
    got = subprocess.run(
        [npm, "install", "--silent", "@huggingface/hub@2.17.5"],
        cwd=tmp_path,
        capture_output=True,
        timeout=300,
        check=False,
    )
    if got.returncode:
        pytest.skip("@huggingface/hub cannot be fetched")
    with running(tmp_path / "hub") as hub:
        other = _by_xet(hub.url, hub.tokens[USER], tmp_path)
        done = subprocess.run(
            [node, str(HERE / "client_checks.mjs"), hub.url, hub.tokens[USER], *other],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all passed" in done.stdout


@pytest.mark.slow
@pytest.mark.peer
def test_libraries_load_from_it(tmp_path: Path) -> None:
    """`from_pretrained` and `load_dataset` read drafts of their own, and none of others."""
    libraries = [name for name in ("transformers", "datasets") if importlib.util.find_spec(name)]
    if not libraries:
        pytest.skip("neither transformers nor datasets is installed")
    with running(tmp_path / "hub") as hub:
        done = subprocess.run(
            [sys.executable, str(HERE / "library_checks.py"), hub.tokens[USER]],
            env={**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"ok {name}" in done.stdout for name in libraries)


@pytest.mark.slow
@pytest.mark.peer
def test_git_lfs_sends_and_fetches(tmp_path: Path) -> None:
    """`git lfs push` sends an object by the batch API, and `git lfs fetch` brings it back."""
    git = shutil.which("git")
    known = subprocess.run([git or "false", "lfs", "version"], capture_output=True, check=False)
    if git is None or known.returncode:
        pytest.skip("git-lfs is not installed")
    with running(tmp_path / "hub") as hub:
        token = hub.tokens[USER]
        name = _with_object(hub.url, token, tmp_path, git)
        address = hub.url.replace("http://", f"http://{USER}:{token}@")
        clone = tmp_path / "other"
        subprocess.run(
            [git, "clone", "-q", str(tmp_path / "work"), str(clone)], check=True, env=_env()
        )
        for words in (
            ("lfs", "install", "--local"),
            ("-c", f"lfs.url={address}/{name}.git/info/lfs", "lfs", "pull"),
        ):
            subprocess.run(
                [git, *words], cwd=clone, check=True, capture_output=True, env=_env(), timeout=100
            )
        assert (clone / "w.bin").read_bytes() == b"weights" * 1000


def _by_xet(url: str, token: str, folder: Path) -> tuple[str, ...]:
    """Upload a file by Xet with the Python client; return its repository, path and SHA-256."""
    pytest.importorskip("hf_xet")
    content = random.Random(11).randbytes(12_000_000)
    (folder / "w.bin").write_bytes(content)
    name = f"{USER}/by-xet"
    code = (
        "from huggingface_hub import HfApi; api = HfApi()\n"
        f"api.create_repo({name!r})\n"
        f"api.upload_file(repo_id={name!r}, path_or_fileobj='w.bin', path_in_repo='w.bin')"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    home = {"HF_HOME": str(folder / "home"), "HF_TOKEN": token, "HF_ENDPOINT": url}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**clean, **home, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return name, "w.bin", hashlib.sha256(content).hexdigest()


def _with_object(url: str, token: str, tmp_path: Path, git: str) -> str:
    """Push an object with git-lfs, then commit it on the hub; return the repository's name."""
    from huggingface_hub import HfApi

    api, name = HfApi(endpoint=url, token=token), f"{USER}/by-git-lfs"
    api.create_repo(name)
    work = tmp_path / "work"
    work.mkdir()
    address = url.replace("http://", f"http://{USER}:{token}@")
    (work / "w.bin").write_bytes(b"weights" * 1000)
    for words in (
        ("init", "-q", "-b", "main"),
        ("lfs", "install", "--local"),
        ("lfs", "track", "*.bin"),
        ("add", "-A"),
        ("-c", "user.name=m", "-c", "user.email=m@example.org", "commit", "-qm", "w"),
        ("remote", "add", "origin", f"{address}/{name}.git"),
        ("lfs", "push", "--all", "origin"),
    ):
        done = subprocess.run(
            [git, *words], cwd=work, capture_output=True, text=True, env=_env(), check=False
        )
        assert done.returncode == 0, done.stderr
    before = api.list_repo_files(name)
    api.upload_file(path_or_fileobj=work / "w.bin", path_in_repo="w.bin", repo_id=name)
    assert "w.bin" not in before
    return name


def _env() -> dict[str, str]:
    return {**os.environ, "GIT_LFS_SKIP_SMUDGE": "1", "GIT_TERMINAL_PROMPT": "0", "NO_PROXY": "*"}
