"""The strict reader of safetensors headers, against the format and the real library."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_folder import TENSORS, safetensors
from openweir.artifact import VerdictKind, read
from openweir.artifact.safetensors import DTYPE_BITS, read_header
from openweir.errors import ArtifactError
from shared_data import shared

# Within the format: clean, or flagged by the named rule.
WITHIN = {
    "ok": (),
    "ok_empty_tensor": (),
    "ok_metadata_str": (),
    "ok_space_padded": (),
    "unsorted_offsets_ok": (),
    "metadata_1MB_blob": ("large-metadata",),
    "name_control_chars": ("tensor-names",),
    "name_path_traversal": ("tensor-names",),
    "zip_inside_last_tensor": ("polyglot",),
}


def header(data: bytes):
    """Read the header of these bytes."""
    return read_header(io.BytesIO(data), len(data), path="x.safetensors")


def framed(document: str | bytes, data: bytes = b"") -> bytes:
    """Put a length before a header and data after it."""
    raw = document.encode() if isinstance(document, str) else document
    return struct.pack("<Q", len(raw)) + raw + data


def test_every_vector_gets_the_verdict_of_the_format():
    """All 45 files: nine are within the format, the others are refused with a rule."""
    verdicts = {
        verdict.path.removesuffix(".safetensors"): verdict
        for verdict in read(shared("vectors/safetensors")).verdicts
        if verdict.path.endswith(".safetensors")
    }
    assert len(verdicts) == 45
    for name, verdict in verdicts.items():
        if name in WITHIN:
            assert verdict.rules == WITHIN[name], name
            assert verdict.verdict is not VerdictKind.REFUSED
        else:
            assert verdict.verdict is VerdictKind.REFUSED, name
            assert any(rule.startswith("safetensors-") for rule in verdict.rules), name
        assert "\n" not in verdict.detail


def test_what_the_library_writes_is_read_alike():
    """A file written by the real library gives the same names, types and shapes."""
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip("safetensors.numpy")
    arrays = {
        "a": numpy.zeros((3, 4), numpy.float32),
        "b": numpy.ones((2,), numpy.int64),
        "c": numpy.zeros((), numpy.float16),
    }
    data = library.save(arrays, {"format": "np"})
    file = header(data)
    assert file.metadata == (("format", "np"),)
    assert {(t.name, t.dtype, t.shape) for t in file.tensors} == {
        ("a", "F32", (3, 4)),
        ("b", "I64", (2,)),
        ("c", "F16", ()),
    }


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (b"", "length", "0 bytes are too few"),
        (struct.pack("<Q", 2**60) + b"{}", "length", "longer than 100 MB"),
        (struct.pack("<Q", 40) + b"{}", "length", "past the end of file"),
        (framed("[]"), "json", "begin with `{`"),
        (framed('{"a":1,"a":2}'), "json", "`a` stands twice"),
        (framed("{}\n"), "padding", "something else than spaces"),
        (framed('{"a":{"dtype":"F32","shape":[1]}}'), "record", "exactly dtype"),
        (framed('{"__metadata__":{"a":1}}'), "metadata", "else than text"),
        (framed('{"a":{"dtype":"X","shape":[],"data_offsets":[0,0]}}'), "dtype", "not known"),
        (framed('{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}', b"x"), "shape", "list"),
        (framed('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}', b"x"), "shape", "fill"),
        (framed("{}", b"x"), "offsets", "belong to no tensor"),
    ],
)
def test_each_rule_has_its_code(data, code, text):
    """The error names the rule of the format that was broken."""
    with pytest.raises(ArtifactError, match=text) as caught:
        header(data)
    assert caught.value.code == f"artifact.safetensors-{code}"


def test_a_shape_made_to_exhaust_arithmetic_is_refused_quickly():
    """A shape of many huge axes is refused before it is multiplied out."""
    shape = [2**62] * 60
    record = {"a": {"dtype": "U8", "shape": shape, "data_offsets": [0, 0]}}
    with pytest.raises(ArtifactError, match="more elements than can be") as caught:
        header(framed(json.dumps(record)))
    assert caught.value.code == "artifact.safetensors-shape"


def good_or_error(data: bytes) -> None:
    """Read, and accept either a header or an ArtifactError, nothing else."""
    try:
        file = header(data)
    except ArtifactError as error:
        if error.code.startswith("artifact.safetensors-") and "\n" not in str(error):
            return
        raise
    end = 0
    for tensor in file.tensors:
        assert tensor.begin == end
        end = tensor.end
        assert tensor.dtype in DTYPE_BITS
    assert 8 + struct.unpack("<Q", data[:8])[0] + end == len(data)


@given(st.binary(max_size=200))
def test_law_any_bytes_give_a_header_or_an_artifact_error(data):
    """No bytes raise anything but ArtifactError."""
    good_or_error(data)
    good_or_error(framed(b"{" + data))


@given(st.integers(0, 400), st.integers(0, 255), st.integers(0, 400), st.binary(max_size=3))
def test_law_mutated_files_give_a_header_or_an_artifact_error(at, byte, cut, more):
    """A flipped byte, a cut and an addition are read as the format says or refused."""
    data = bytearray(safetensors(TENSORS, {"format": "pt"}))
    data[at % len(data)] = byte
    good_or_error(bytes(data))
    good_or_error(bytes(data[: len(data) - cut]) + more)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=2), st.booleans())
def test_law_what_is_accepted_here_is_accepted_by_the_library(at, some, insert):
    """The reader is only ever stricter than the real library, never laxer."""
    library = pytest.importorskip("safetensors")
    data = bytearray(safetensors(TENSORS, {"format": "pt"}))
    place = at % len(data)
    data[place : place if insert else place + len(some)] = some
    try:
        names = {tensor.name for tensor in header(bytes(data)).tensors}
    except ArtifactError:
        return
    assert {name for name, _ in library.deserialize(bytes(data))} == names


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
_RECORD = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from([*DTYPE_BITS, "X"]) | _JSON,
        "shape": st.lists(st.integers(-1, 5) | _JSON, max_size=3) | _JSON,
        "data_offsets": st.lists(st.integers(-1, 40) | _JSON, max_size=3) | _JSON,
    }
)


@given(st.dictionaries(st.text(max_size=5), _RECORD | _JSON, max_size=4), st.binary(max_size=40))
def test_law_any_json_header_gives_a_header_or_an_artifact_error(document, data):
    """Any JSON in the place of the header is read as the format says or refused."""
    good_or_error(framed(json.dumps(document), data))


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
        st.tuples(st.sampled_from(["F32", "BF16", "U8"]), st.lists(st.integers(0, 4), max_size=3)),
        max_size=5,
    )
)
def test_law_good_files_are_read_whole(tensors):
    """Every well-formed file is accepted with exactly its tensors."""
    file = header(safetensors(tensors))
    assert {t.name: (t.dtype, list(t.shape)) for t in file.tensors} == {
        name: (dtype, shape) for name, (dtype, shape) in tensors.items()
    }
