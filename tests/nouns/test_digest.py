"""Digests that a shell can reproduce."""

import io
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.digest import dirhash, is_sha256, require_sha256, sha256, sha256_stream
from openweir.errors import OpenweirError


def test_sha256_of_nothing():
    """FIPS 180-4: the digest of the empty message."""
    assert sha256(b"").startswith("e3b0c44298fc1c149afbf4c8996fb924")


@given(st.binary(max_size=4096))
def test_stream_equals_bytes(data):
    """A stream has the digest of its bytes, and progress adds up to its length."""
    seen = []
    assert sha256_stream(io.BytesIO(data), seen.append) == sha256(data)
    assert sum(seen) == len(data)


def test_dirhash_is_the_shell_line(tmp_path):
    """The docstring's shell line gives the same folder digest."""
    contents = {"b.txt": b"b", "a/c d.txt": b"", "a.txt": b"\x00", "é/x": b"1"}
    for path, data in contents.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    line = r"find . -type f | cut -c3- | LC_ALL=C sort | tr '\n' '\0' | xargs -0 -r sha256sum | sha256sum"
    shell = subprocess.run(
        line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = dirhash((path, sha256(data)) for path, data in contents.items())
    assert shell.stdout.split()[0] == found


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.binary(max_size=3), min_size=2))
def test_dirhash_binds_names(contents):
    """Renaming one file changes the folder's digest, unlike a digest over contents alone."""
    files = [(path, sha256(data)) for path, data in contents.items()]
    renamed = [(files[0][0] + "x" * 9, files[0][1]), *files[1:]]
    assert dirhash(files) != dirhash(renamed)
    assert dirhash(files) == dirhash(reversed(files))


def test_what_is_no_digest():
    """Upper case, short text and other kinds are refused with the text in the message."""
    assert not is_sha256("A" * 64)
    assert not is_sha256(b"a" * 64)
    with pytest.raises(OpenweirError, match="`zz` is not a SHA-256 digest"):
        require_sha256("zz")
