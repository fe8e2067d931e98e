"""Storage in a folder: bytes of any length come back, and zeros take no room."""

import random
from pathlib import Path

import pytest

from openweir.hub.storage import Files

MIB = 2**20


@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_zeros_take_no_room(tmp_path: Path, kind: type) -> None:
    """Pieces of zeros become holes, as bytes or as views, also at the end; the rest is as sent."""
    storage, noise = Files(tmp_path), random.Random(1).randbytes(300_001)
    sent = [noise, bytes(MIB), bytes(MIB), noise[:99], b"\x00" + noise + b"\x00", bytes(64 * 1024)]
    writer = storage.writer("blobs/one")
    for piece in sent:
        writer.write(kind(piece))
    writer.keep()
    assert b"".join(storage.pieces("blobs/one")) == b"".join(sent)
    assert (tmp_path / "blobs" / "one").stat().st_blocks * 512 < MIB
