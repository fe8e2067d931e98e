"""Hostile folders: each file is refused or flagged with a reason, and the others still read."""

import importlib
import json
import os
import pickle
import struct
import time
import zipfile

import pytest

from model_folder import safetensors, small
from openweir.artifact import VerdictKind, read
from openweir.errors import ArtifactError, CanonicalError


def header(document, data=b"") -> bytes:
    """Return a safetensors file with this header, written as it stands."""
    text = document if isinstance(document, str) else json.dumps(document)
    return struct.pack("<Q", len(text.encode())) + text.encode() + data


def record(shape, begin, end, dtype="F32"):
    """Return one tensor's record."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def polyglot(folder) -> bytes:
    """Return safetensors bytes that are also a zip with a pickle inside."""
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps({"a": 1}))
    held = (folder / "z.zip").read_bytes()
    (folder / "z.zip").unlink()
    return header({"w": record([len(held)], 0, len(held), "U8")}, held)


REFUSED = {
    "a header of 2^60 bytes": (struct.pack("<Q", 2**60) + b"{}", "safetensors-length"),
    "a negative shape": (header({"w": record([-4], 0, 16)}, bytes(16)), "safetensors-shape"),
    "overlapping tensors": (
        header({"a": record([4], 0, 16), "b": record([4], 8, 24)}, bytes(24)),
        "safetensors-offsets",
    ),
    "a duplicate key": (
        header('{"w":' + json.dumps(record([4], 0, 16)) + ',"w":' + json.dumps(record([4], 0, 16)) + "}",
               bytes(16)),
        "safetensors-json",
    ),
    "deep JSON": (header('{"w":' + "[" * 50_000 + "]" * 50_000 + "}"), "safetensors-json"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_headers_are_refused_and_the_rest_is_read(tmp_path, name):
    """The verdict names the rule in one line; the good file beside it is read as ever."""
    data, rule = REFUSED[name]
    small(tmp_path, **{"evil.safetensors": data})
    found = read(tmp_path, digests=False)
    [verdict] = [v for v in found.verdicts if v.path == "evil.safetensors"]
    assert (verdict.verdict, verdict.rules) == (VerdictKind.REFUSED, (rule,))
    assert verdict.detail
    assert "\n" not in verdict.detail
    assert [file.path for file in found.tensor_files] == ["model.safetensors"]


def test_traversal_polyglot_deep_json_and_links_are_named(tmp_path):
    """An index that leads out, a file with two readings, a bomb, a link out of the folder."""
    small(
        tmp_path / "model",
        **{
            "model.safetensors.index.json": {"weight_map": {"w": "../../etc/passwd"}},
            "bomb.json": "[" * 100_000 + "]" * 100_000,
            "two.safetensors": polyglot(tmp_path),
        },
    )
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "model" / "link").symlink_to(tmp_path / "secret")
    verdicts = {v.path: (v.verdict.value, v.rules) for v in read(tmp_path / "model").verdicts}
    assert verdicts["model.safetensors.index.json"] == ("refused", ("index-traversal",))
    assert verdicts["bomb.json"] == ("flagged", ("broken-json",))
    assert verdicts["link"] == ("refused", ("link-out",))
    assert verdicts["two.safetensors"] == ("flagged", ("polyglot",))


def test_a_header_of_many_keys_and_one_double_takes_one_pass():
    """A duplicate at the end of a hundred thousand keys is found without squaring the work."""
    from openweir import canonical

    keys = ",".join(f'"k{i}":0' for i in range(100_000))
    begun = time.perf_counter()
    with pytest.raises(CanonicalError, match="`k99999` stands twice"):
        canonical.parse(f'{{{keys},"k99999":1}}'.encode())
    assert time.perf_counter() - begun < 2


def test_too_many_files_are_refused_without_listing_them_all(tmp_path, monkeypatch):
    """The walk stops at its limit, whether the folder holds files or folders."""
    walking = importlib.import_module("openweir.artifact.walk")
    monkeypatch.setattr(walking, "_MAX_FILES", 50)
    listed = []
    real = os.scandir

    class Counting:
        def __init__(self, path):
            self.inner = real(path)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.inner.close()

        def __iter__(self):
            for entry in self.inner:
                listed.append(entry.name)
                yield entry

    monkeypatch.setattr(walking.os, "scandir", Counting)
    for kind in ("files", "folders"):
        (tmp_path / kind).mkdir()
        for index in range(200):
            path = tmp_path / kind / f"{index}"
            path.mkdir() if kind == "folders" else path.touch()
        listed.clear()
        with pytest.raises(ArtifactError, match=f"more than 50 {kind}") as caught:
            read(tmp_path / kind)
        assert caught.value.code == "artifact.too-many-files"
        assert len(listed) <= 52


def test_a_sparse_folder_of_any_size_takes_a_moment(tmp_path):
    """Ten shards of 10 GB that hold nothing but headers are read without reading data."""
    size = 5 * 10**9
    for index in range(10):
        document = {f"layer.{index}.w": record([size], 0, size * 2, "BF16")}
        with (tmp_path / f"model-{index:05}.safetensors").open("wb") as stream:
            stream.write(header(document))
            stream.truncate(stream.tell() + size * 2)
    begun = time.perf_counter()
    found = read(tmp_path, digests=False)
    assert time.perf_counter() - begun < 1
    assert sum(file.size for file in found.manifest.files) > 10**11
    assert len(found.tensor_files) == 10


def test_same_bytes_same_verdicts(tmp_path):
    """Reading twice gives equal values, with and without digests."""
    small(tmp_path, **{"a.safetensors": safetensors({"w": ("F32", [4])}), "b.pt": b"\x80\x04."})
    assert read(tmp_path) == read(tmp_path)
    assert read(tmp_path, digests=False).verdicts == read(tmp_path).verdicts
