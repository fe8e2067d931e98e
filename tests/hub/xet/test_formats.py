"""Xet formats against the real client: whatever `hf_xet` packs, we read to the same bytes."""

import hashlib
import random
import struct
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openweir.errors import HubError
from openweir.hub.xet import (
    MAX_CHUNK_BYTES,
    Shard,
    XorbReader,
    chunk_name,
    file_name,
    from_hex,
    plain_header,
    possession_proof,
    read_shard,
    to_hex,
    xorb_name,
)
from openweir.hub.xet.naming import _node
from xet_forms import read_xorb

pytestmark = pytest.mark.peer


def _contents(seed: int) -> dict[str, bytes]:
    """Files that make the client use every packing: noise, text, numbers, and repeats."""
    rng = random.Random(seed)
    noise = rng.randbytes(1_500_000)
    return {
        "noise": noise,
        "text": b"the same line again\n" * 40_000,
        "numbers": b"".join(struct.pack("<f", 1 + rng.random() / 4096) for _ in range(200_000)),
        "repeated": noise[:700_000] + b"between" + noise[:900_000],
        "small": b"x",
        "odd": noise[:333_333] + b"0123456789" * 7_001,
    }


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes], dict]:
    """The store a real client leaves behind: xorbs and shards, and the names it gave."""
    hf_xet = pytest.importorskip("hf_xet")
    folder = tmp_path_factory.mktemp("xet")
    contents = _contents(7)
    names = {}
    for label, content in contents.items():
        (folder / label).write_bytes(content)
        with hf_xet.XetSession().new_upload_commit(endpoint=f"local://{folder}/cas") as commit:
            sent = commit.start_upload_file(str(folder / label))
        names[label] = sent.result().xet_info.hash
    return folder / "cas" / "xet" / "xorbs", contents, names


def _xorbs(store: Path) -> dict[bytes, bytes]:
    found = (path for path in (store / "xorbs").iterdir() if not path.name.endswith(".tagset"))
    return {from_hex(path.name.partition(".")[2]): path.read_bytes() for path in found}


def _shards(store: Path) -> list[Shard]:
    return [read_shard(path.read_bytes()) for path in (store / "shards").glob("*.mdb")]


def test_every_xorb_of_the_client_is_read_under_its_name(uploaded) -> None:
    """Unpacking and naming every chunk gives the name the client gave the xorb."""
    xorbs = _xorbs(uploaded[0])
    assert xorbs
    schemes = set()
    for name, data in xorbs.items():
        chunks = read_xorb(data, expected=name)
        schemes |= {data[chunk.start + 4] for chunk in chunks}
        assert all(before.end == after.start for before, after in pairwise(chunks))
    assert schemes == {0, 1, 2}


def test_files_of_the_clients_shards_have_the_bytes_that_were_sent(uploaded) -> None:
    """Terms over xorbs give back each file; its names, proofs and SHA-256 are the client's."""
    store, contents, names = uploaded
    xorbs = {name: read_xorb(data, expected=name) for name, data in _xorbs(store).items()}
    by_name = {}
    for shard in _shards(store):
        for entry in shard.files:
            runs = [xorbs[term.xorb][term.start : term.end] for term in entry.terms]
            for term, run in zip(entry.terms, runs, strict=True):
                assert term.proof == possession_proof(chunk.name for chunk in run)
                assert term.length == sum(len(chunk.content) for chunk in run)
            chunks = [chunk for run in runs for chunk in run]
            assert entry.name == file_name((chunk.name, len(chunk.content)) for chunk in chunks)
            content = b"".join(chunk.content for chunk in chunks)
            assert entry.sha256 == hashlib.sha256(content).hexdigest()
            assert entry.size == len(content)
            by_name[to_hex(entry.name)] = content
        for listed in shard.xorbs:
            assert listed.name == xorb_name(listed.chunks)
    assert {label: by_name[names[label]] for label in contents} == contents


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=3_000), size=st.integers(1, 700))
def test_plain_chunks_are_read_back_whatever_their_size(content: bytes, size: int) -> None:
    """A xorb written plainly, cut anywhere, gives the same bytes; its name is its chunks'."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)] or [b"\x00"]
    data = b"".join(plain_header(len(piece)) + piece for piece in pieces)
    name = xorb_name((chunk_name(piece), len(piece)) for piece in pieces)
    assert [chunk.content for chunk in read_xorb(data, expected=name)] == pieces


@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(min_size=1, max_size=2_000),
    size=st.integers(1, 300),
    cut=st.integers(1, 200),
    tail=st.sampled_from((b"", b"XETBLOB", b"XETBLOB" + b"\x00" * 90)),
)
def test_a_xorb_is_the_same_however_it_comes(
    content: bytes, size: int, cut: int, tail: bytes
) -> None:
    """Fed in pieces of any length a xorb gives the chunks it gives as a whole, places included."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    data = b"".join(plain_header(len(piece)) + piece for piece in pieces) + tail
    named = tuple((chunk_name(piece), len(piece)) for piece in pieces)
    reader = XorbReader(xorb_name(named))
    cuts = (data[at : at + cut] for at in range(0, len(data), cut))
    found = tuple(chunk for each in cuts for chunk in reader.feed(each))
    assert reader.finish() == named
    assert found == read_xorb(data, expected=xorb_name(named))


def by_levels(level: list[tuple[bytes, int]]) -> bytes:
    """The name at the top of the tree, level after level, as the specification has it."""
    while len(level) > 1:
        above, start = [], 0
        while start < len(level):
            end = start + 2
            while end < min(len(level), start + 9):
                end += 1
                if level[end - 1][0][24] % 4 == 0:
                    break
            above.append(_node(level[start:end]))
            start = end
        level = above
    return level[0][0]


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 700), often=st.integers(1, 8), seed=st.integers(0, 2**32))
def test_names_grow_from_the_left_as_level_by_level(count: int, often: int, seed: int) -> None:
    """The tree that holds one node of each level gives the name of the tree held as a whole."""
    rng = random.Random(seed)
    leaves = []
    for _ in range(count):
        name = bytearray(rng.randbytes(32))
        name[24] = 4 * rng.randrange(64) + (rng.randrange(often) > 0)
        leaves.append((bytes(name), rng.randrange(1, 2**17)))
    assert xorb_name(iter(leaves)) == by_levels(leaves)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(min_size=1, max_size=1_000))
def test_byte_planes_of_every_length_are_put_together_again(content: bytes) -> None:
    """LZ4 over four byte planes gives back content of any length, multiples of four or not."""
    planes = b"".join(content[plane::4] for plane in range(4))
    data = _packed(2, lz4.frame.compress(planes), len(content))
    name = xorb_name([(chunk_name(content), len(content))])
    assert read_xorb(data, expected=name)[0].content == content


def test_text_form_of_names_is_turned_back() -> None:
    """`from_hex` undoes `to_hex`; anything but 64 lower-case signs is refused."""
    name = bytes(range(32))
    assert to_hex(name).startswith("0706050403020100")
    assert from_hex(to_hex(name)) == name
    for wrong in ("", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n"):
        with pytest.raises(HubError) as caught:
            from_hex(wrong)
        assert caught.value.code == "hub.xet-name"


def _packed(scheme: int, packed: bytes, length: int) -> bytes:
    sizes = len(packed).to_bytes(3, "little"), length.to_bytes(3, "little")
    return struct.pack("<B3sB3s", 0, sizes[0], scheme, sizes[1]) + packed


_BOMB = lz4.frame.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        b"XETBLOB" + b"\x00" * 60,
        _packed(0, b"abc", 4),
        _packed(0, b"", 0),
        _packed(3, b"abc", 3),
        _packed(1, b"no frame", 8),
        _packed(1, _BOMB[:200_000], MAX_CHUNK_BYTES),
        _packed(1, lz4.frame.compress(b"a" * 1_000), 999),
        _packed(1, lz4.frame.compress(b"a" * 1_000), 1_001),
        _packed(1, lz4.frame.compress(b"a" * 1_000) + b"more", 1_000),
        _packed(2, lz4.frame.compress(b"a" * 1_000)[:-3], 1_000),
        _packed(0, b"a" * 10, 10)[:-1],
        b"\x01" + _packed(0, b"abc", 3)[1:],
        _packed(0, b"other", 5),
    ],
)
def test_malformed_xorbs_are_refused(data: bytes) -> None:
    """Cut off, lying about lengths, packed oddly, bombs, or other chunks: one error each."""
    with pytest.raises(HubError) as caught:
        read_xorb(data, expected=bytes(32))
    assert caught.value.code == "hub.xorb"
    with pytest.raises(HubError) as again:
        byte_by_byte(data)
    assert (again.value.code, again.value.message) == (caught.value.code, caught.value.message)


def byte_by_byte(data: bytes) -> None:
    """Read a xorb that comes in as many pieces as it has bytes."""
    reader = XorbReader(bytes(32))
    for at in range(len(data)):
        list(reader.feed(data[at : at + 1]))
    reader.finish()


def test_a_flipped_bit_is_never_read_as_the_same_xorb_or_crashes(uploaded) -> None:
    """Over many single faults in real files: refused, or (behind the chunks) without effect."""
    rng = random.Random(3)
    name, data = min(_xorbs(uploaded[0]).items(), key=lambda item: len(item[1]))
    clean = read_xorb(data, expected=name)
    shard = min((uploaded[0] / "shards").glob("*.mdb"), key=lambda path: path.stat().st_size)
    listing = shard.read_bytes()
    contents = [chunk.content for chunk in clean]
    for _ in range(400):
        at, bit = rng.randrange(len(data)), 1 << rng.randrange(8)
        broken = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
        with suppress(HubError):
            assert [chunk.content for chunk in read_xorb(broken, expected=name)] == contents
        at = rng.randrange(len(listing))
        damaged = listing[:at] + bytes([listing[at] ^ bit]) + listing[at + 1 :]
        for candidate in (damaged, listing[: rng.randrange(len(listing))]):
            with suppress(HubError):
                read_shard(candidate)
