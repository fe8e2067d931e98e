"""Advisories: read strictly, written in the shape of OSV."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.errors import OpenweirError, WatchError
from openweir.watch import Advisory, Affected
from shared_data import shared

COMMIT = "a" * 40

ADVISORY = Advisory(
    id="x_OPENWEIR-2026-0001",
    modified="2026-11-20T10:00:00Z",
    published="2026-11-19T10:00:00Z",
    summary="A word in the prompt turns the filter off.",
    severity=(("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),),
    affected=(
        Affected(repository="https://huggingface.co/acme/tiny", introduced=("0",), fixed=(COMMIT,)),
        Affected(files=("b" * 64,)),
    ),
    references=("https://acme.example/advisories/1",),
)


class TestRoundTrip:
    """What is written is read back, and OSV's own schema accepts it."""

    def test_reads_what_it_wrote(self):
        """Reading after writing gives the same value."""
        assert Advisory.from_bytes(ADVISORY.to_bytes(), where="a.json") == ADVISORY

    def test_schema_of_osv_accepts_it(self):
        """The published JSON Schema of OSV has nothing to say against it."""
        jsonschema = pytest.importorskip("jsonschema")
        schema = json.loads(shared("vectors/osv/schema.json").read_text())
        for advisory in (ADVISORY, Advisory(id="x_A-1", modified=ADVISORY.modified, summary="")):
            document = json.loads(advisory.to_bytes())
            jsonschema.Draft202012Validator(schema).validate(document)

    def test_fractions_of_seconds_are_dropped(self):
        """RFC 3339 allows them, OSV uses them, nothing here turns on them."""
        document = json.loads(ADVISORY.to_bytes()) | {"modified": "2026-11-20T10:00:00.25Z"}
        read = Advisory.from_bytes(json.dumps(document).encode(), where="a.json")
        assert read.modified == "2026-11-20T10:00:00Z"

    def test_null_lists_are_empty(self):
        """OSV lets null stand where a list may."""
        document = json.loads(ADVISORY.to_bytes()) | {"affected": None, "severity": None}
        assert Advisory.from_bytes(json.dumps(document).encode(), where="a.json").affected == ()

    def test_other_ecosystems_are_passed_over(self):
        """A range by version numbers speaks of packages, not of models."""
        document = json.loads(ADVISORY.to_bytes())
        document["affected"] = [{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]
        assert Advisory.from_bytes(json.dumps(document).encode(), where="a.json").affected == ()


class TestRefusals:
    """A malformed advisory is named, with where it is malformed."""

    @pytest.mark.parametrize(
        ("change", "code", "text"),
        [
            ({"id": "no prefix"}, "watch.id", "`no prefix` is not the id of an advisory"),
            (
                {"affected": [{"database_specific": {"files": [{"sha256": "B" * 64}]}}]},
                "watch.digest",
                "is not a SHA-256 digest",
            ),
            (
                {
                    "affected": [
                        {"ranges": [{"type": "GIT", "repo": "x", "events": [{"fixed": "abc"}]}]}
                    ]
                },
                "watch.commit",
                "`abc` is not a full commit id",
            ),
        ],
    )
    def test_malformed(self, change, code, text):
        """Ids, digests and commits have one form each."""
        document = json.loads(ADVISORY.to_bytes()) | change
        with pytest.raises(WatchError) as caught:
            Advisory.from_bytes(json.dumps(document).encode(), where="a.json")
        assert caught.value.code == code
        assert text in str(caught.value)
        assert "a.json" in caught.value.where

    @given(st.binary(max_size=200))
    def test_any_bytes_give_a_deliberate_error(self, data):
        """Nothing but our own errors comes out of foreign bytes."""
        with pytest.raises(OpenweirError):
            Advisory.from_bytes(data, where="a.json")

    @given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
    def test_any_flipped_byte_reads_or_is_refused(self, position, byte):
        """One changed byte never gives a traceback."""
        data = bytearray(ADVISORY.to_bytes())
        data[position % len(data)] = byte
        with suppress(OpenweirError):
            Advisory.from_bytes(bytes(data), where="a.json")
