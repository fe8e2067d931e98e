"""A xorb on its way in: nothing of it is there until its name is proven."""

from pathlib import Path

import pytest

from openweir.errors import HubError
from openweir.hub.storage import Files
from openweir.hub.xet import plain_header
from openweir.hub.xet.arrival import CHUNK, IncomingXorb, write
from xet_forms import xorb

CHUNKS = [bytes([number]) * 70_000 for number in range(1, 9)]
NAME, DATA = xorb(CHUNKS)
KEY = "xet/acme/xorbs/one"
PIECE = 100_000


def pieces(data: bytes) -> list[bytes]:
    """A body as it comes: cut anywhere, also inside headers."""
    return [data[at : at + PIECE] for at in range(0, len(data), PIECE)]


def test_it_is_there_once_it_is_whole(tmp_path: Path) -> None:
    """Before `finish` no key is; then the unpacked bytes and the list of chunks are."""
    storage = Files(tmp_path)
    incoming = IncomingXorb(storage, KEY, NAME)
    for piece in pieces(DATA):
        incoming.write(piece)
        assert not list(storage.keys("xet/"))
    incoming.finish()
    incoming.drop()
    assert b"".join(storage.pieces(f"{KEY}.bytes")) == b"".join(CHUNKS)
    listed = CHUNK.iter_unpack(b"".join(storage.pieces(f"{KEY}.chunks")))
    assert [length for _, length in listed] == [70_000] * 8
    assert not list(storage.keys("incoming/"))


@pytest.mark.parametrize(
    "data",
    [
        DATA[:-1],
        DATA[: 3 * 70_008],
        DATA[:200_000] + b"\xff" * 100_000,
        DATA + plain_header(3) + b"abc",
        b"",
    ],
    ids=["cut off", "chunks lack", "damaged in the middle", "a chunk more", "empty"],
)
def test_what_is_refused_leaves_nothing(tmp_path: Path, data: bytes) -> None:
    """Whatever is wrong with it, and wherever: one clear error, and no byte stays."""
    storage = Files(tmp_path)
    incoming = IncomingXorb(storage, KEY, NAME)

    def send() -> None:
        for piece in pieces(data):
            incoming.write(piece)
        incoming.finish()

    with pytest.raises(HubError) as caught:
        send()
    incoming.drop()
    assert caught.value.code == "hub.xorb"
    assert not list(storage.keys("xet/"))
    assert not list(storage.keys("incoming/"))


def test_one_that_is_files_now_is_compared_and_not_written(tmp_path: Path) -> None:
    """Sent again it is not stored again; other bytes under its name are refused as ever."""
    storage = Files(tmp_path)
    write(storage, f"{KEY}.places", (b"places",))
    again = IncomingXorb(storage, KEY, NAME)
    for piece in pieces(DATA):
        again.write(piece)
    again.finish()
    assert list(storage.keys("xet/")) == [f"{KEY}.places"]
    other = IncomingXorb(storage, KEY, NAME)
    other.write(xorb(CHUNKS[:3])[1])
    with pytest.raises(HubError) as caught:
        other.finish()
    assert caught.value.code == "hub.xorb"


def test_files_were_made_of_it_meanwhile(tmp_path: Path) -> None:
    """Another client sent the same and its shard too: no second copy of the bytes stays."""
    storage = Files(tmp_path)
    incoming = IncomingXorb(storage, KEY, NAME)
    incoming.write(DATA)
    write(storage, f"{KEY}.places", (b"places",))
    incoming.finish()
    incoming.drop()
    assert list(storage.keys("xet/")) == [f"{KEY}.places"]
    assert not list(storage.keys("incoming/"))


def test_its_files_were_let_go_meanwhile(tmp_path: Path) -> None:
    """Nothing was written because it lay in files: the client hears that it has to be sent again."""
    storage = Files(tmp_path)
    write(storage, f"{KEY}.places", (b"places",))
    incoming = IncomingXorb(storage, KEY, NAME)
    incoming.write(DATA)
    storage.delete(f"{KEY}.places")
    with pytest.raises(HubError, match="send them again") as caught:
        incoming.finish()
    assert caught.value.code == "hub.out-of-reach"
    again = IncomingXorb(storage, KEY, NAME)
    again.write(DATA)
    again.finish()
    assert b"".join(storage.pieces(f"{KEY}.bytes")) == b"".join(CHUNKS)
