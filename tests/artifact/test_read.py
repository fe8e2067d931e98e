"""Reading a folder: digests, bounds, and reading each file once."""

import hashlib
import shutil
import subprocess
import sys
import tracemalloc

import pytest

from model_folder import CARD, safetensors, small, write
from openweir.artifact import read, read_manifest
from openweir.artifact.walk import Found, open_found
from openweir.errors import ArtifactError


def test_digests_are_those_of_sha256(tmp_path):
    """Each entry has the size and SHA-256 of its bytes."""
    small(tmp_path)
    for file in read_manifest(tmp_path).files:
        data = (tmp_path / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs the shell's sha256sum")
def test_dirhash_is_that_of_the_shell_line(tmp_path):
    """Anyone can reproduce a folder's digest with the line in `digest.dirhash`."""
    small(tmp_path, **{"sub/b.txt": "x", "sub-a": "y"})
    line = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum"
    printed = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, check=True)
    assert read_manifest(tmp_path).dirhash() == printed.stdout.split()[0].decode()


def test_snapshot_and_manifest_agree_and_bytes_are_read_once(tmp_path):
    """`read` has the manifest of `read_manifest`; progress adds up to the folder's size."""
    small(tmp_path)
    seen: list[int] = []
    snapshot = read(tmp_path, seen.append)
    assert snapshot.manifest == read_manifest(tmp_path)
    assert sum(seen) == sum(file.size for file in snapshot.manifest.files)
    assert [v.path for v in snapshot.verdicts] == [f.path for f in snapshot.manifest.files]


def test_a_huge_readme_costs_no_more_than_hashing(tmp_path):
    """Of a 200 MB README the first 1 MiB is read as text, in little memory; it is flagged."""
    small(tmp_path)
    with (tmp_path / "README.md").open("wb") as stream:
        stream.write(CARD.encode())
        stream.truncate(200_000_000)
    tracemalloc.start()
    snapshot = read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    text = snapshot.text("README.md")
    assert text is not None
    assert text.truncated
    assert len(text.text) == 1024 * 1024
    assert peak < 32_000_000
    [verdict] = [v for v in snapshot.verdicts if v.path == "README.md"]
    assert "oversized-text" in verdict.rules


def test_headers_only_of_a_large_sparse_file(tmp_path):
    """Tensor bytes are hashed and nothing else: memory does not grow with the file."""
    shape = {"w": ("BF16", [64, 1_000_000])}
    data = safetensors({"w": ("BF16", [0])})
    header = safetensors(shape)[:-128_000_000]
    assert len(data) < 200
    with (tmp_path / "model.safetensors").open("wb") as stream:
        stream.write(header)
        stream.truncate(len(header) + 128_000_000)
    tracemalloc.start()
    snapshot = read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert snapshot.tensor_files[0].tensors[0].shape == (64, 1_000_000)
    assert peak < 16_000_000


def test_a_json_bomb_is_flagged_and_not_parsed(tmp_path, monkeypatch):
    """JSON beyond the cap is hashed, flagged and left unread."""
    monkeypatch.setattr(sys.modules[read.__module__], "_JSON_BYTES", 100)
    small(tmp_path, **{"tokenizer.json": '{"a": "' + "x" * 200 + '"}'})
    snapshot = read(tmp_path)
    assert snapshot.json("tokenizer.json") is None
    [verdict] = [v for v in snapshot.verdicts if v.path == "tokenizer.json"]
    assert verdict.rules == ("oversized-json",)


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path):
    """A file written to while it is hashed has no digest; the error says what to do."""
    write(tmp_path, {"a": b"x" * 10})

    def write_again(_):
        with (tmp_path / "a").open("ab") as stream:
            stream.write(b"y")

    with pytest.raises(ArtifactError, match="changed while it was read") as caught:
        read_manifest(tmp_path, write_again)
    assert caught.value.code == "artifact.changed"


def test_a_file_replaced_by_a_link_is_not_followed(tmp_path):
    """What was a file when it was found must still be one when it is opened."""
    write(tmp_path, {"secret": b"s"})
    (tmp_path / "link").symlink_to("secret")
    found = Found(path="link", source=tmp_path / "link", size=1)
    with pytest.raises(ArtifactError, match="cannot read the file") as caught:
        open_found(found)
    assert caught.value.code == "artifact.unreadable"
