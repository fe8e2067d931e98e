"""Addresses and contents of tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.errors import RegisterError
from openweir.register.tile import Tile, decode_bundle, encode_bundle, tiles_of


@given(
    level=st.none() | st.integers(0, 63),
    index=st.integers(0, 10**18),
    width=st.integers(1, 256),
)
def test_an_address_survives_its_path(level, index, width):
    """Every address has one path, and the path leads back."""
    tile = Tile(level=level, index=index, width=width)
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(level=0, index=0), "tile/0/000"),
        (Tile(level=0, index=1234067), "tile/0/x001/x234/067"),
        (Tile(level=1, index=999, width=17), "tile/1/999.p/17"),
        (Tile(level=None, index=1000, width=1), "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_as_the_specification_writes_them(tile, path):
    """tlog-tiles: zero-padded 3-digit elements, all but the last with an x."""
    assert tile.path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/64/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/x000/000",
        "tile/0/../../log.key",
        "tile/0/000\n",
        "tile/entries/000/",
        "tile/0/٠٠٠",
    ],
)
def test_other_paths_are_refused(path):
    """Nothing but a tile's one path is read, above all nothing outside `tile/`."""
    with pytest.raises(RegisterError, match="is not the path of a tile") as caught:
        Tile.parse(path)
    assert caught.value.code == "register.tile-path"


def test_the_tiles_of_the_specification_s_example():
    """A tree of size 70,000: 273 full and a partial tile of 112, then 1 and 17, then 1."""
    widths = [[tile.width for tile in tiles_of(70_000, level)] for level in range(4)]
    assert widths == [[256] * 273 + [112], [256, 17], [1], []]


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=20))
def test_a_bundle_survives_its_bytes(entries):
    """Entries come back as they went in."""
    assert decode_bundle(encode_bundle(entries), len(entries), where="x") == tuple(entries)


@given(data=st.binary(max_size=60), width=st.integers(1, 256))
def test_no_bytes_break_the_reader_of_bundles(data, width):
    """A bundle either has exactly the entries asked for, or is refused."""
    try:
        entries = decode_bundle(data, width, where="x")
    except RegisterError:
        return
    assert len(entries) == width


@pytest.mark.parametrize("entry", [b"", b"x" * 65_536])
def test_entries_out_of_bounds_are_refused(entry):
    """An entry has 1 to 65,535 bytes."""
    with pytest.raises(RegisterError, match="does not fit") as caught:
        encode_bundle([entry])
    assert caught.value.code == "register.entry-size"
