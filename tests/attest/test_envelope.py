"""Statements and their envelopes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.attest import Envelope, Key, Statement, Subject
from openweir.attest.envelope import pae
from openweir.canonical import text
from openweir.errors import AttestError, OpenweirError

ALICE, BOB, MALLORY = Key.generate(), Key.generate(), Key.generate()
STATEMENT = Statement(
    subject=(Subject(name="org/model", digests=(("dirHash", "ab" * 32),)),),
    predicate_type="https://openweir.example/test/v1",
    predicate={"answer": 42},
)
SIGNED = Envelope.sign(STATEMENT, ALICE)


class TestPreAuthenticationEncoding:
    """DSSE v1: PAE = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body."""

    def test_the_vector_of_the_specification(self):
        """The published example encodes to the published bytes."""
        assert (
            pae(b"hello world", "http://example.com/HelloWorld")
            == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        )


class TestStatement:
    """in-toto attestation: _type, subject, predicateType, predicate."""

    def test_it_survives_its_bytes(self):
        """What is written is read back as the same value."""
        assert Statement.from_bytes(STATEMENT.to_bytes()) == STATEMENT

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                {"_type": "https://in-toto.io/Statement/v0.1"},
                "is not `https://in-toto.io/Statement/v1`",
            ),
            ({"subject": []}, "at least one subject"),
            ({"subject": [{"name": "a", "digest": {}}]}, "at least one digest"),
            ({"subject": [{"name": "a", "digest": {"sha256": "zz"}}]}, "hexadecimal"),
            ({"surplus": 1}, "does not belong"),
            ({"predicate": []}, "expected an object"),
        ],
    )
    def test_what_is_no_statement_is_refused(self, change, words):
        """Each rule of the form is checked, and the refusal says which."""
        value = {**json.loads(STATEMENT.to_bytes()), **change}
        with pytest.raises(OpenweirError, match=words):
            Statement.from_bytes(json.dumps(value).encode())


class TestEnvelope:
    """DSSE v1: several signatures over one payload."""

    def test_it_survives_its_bytes(self):
        """What is written is read back, and written the same again."""
        data = SIGNED.with_signature(BOB).to_bytes()
        assert Envelope.from_bytes(data).to_bytes() == data

    def test_it_names_who_signed(self):
        """All trusted signers come back, each once, in the order of signatures."""
        both = SIGNED.with_signature(BOB)
        statement, keys = both.verify([BOB.public, ALICE.public])
        assert statement == STATEMENT
        assert keys == (ALICE.public, BOB.public)

    def test_signing_twice_counts_once(self):
        """A second signature by the same key takes the place of the first."""
        assert len(SIGNED.with_signature(ALICE).signatures) == 1

    def test_unknown_signers_are_passed_over_and_reported(self):
        """A stranger's signature neither helps nor hurts."""
        both = SIGNED.with_signature(MALLORY)
        assert both.verify([ALICE.public])[1] == (ALICE.public,)
        assert both.unknown([ALICE.public]) == (MALLORY.public.id,)

    def test_nobody_trusted_is_an_error(self):
        """Without a trusted signature the payload is not returned."""
        with pytest.raises(
            AttestError, match="none of the signatures is by a key you trust"
        ) as caught:
            SIGNED.verify([BOB.public])
        assert caught.value.code == "attest.untrusted"
        with pytest.raises(AttestError, match="none of the signatures"):
            SIGNED.verify([])

    def test_a_key_id_cannot_be_borrowed(self):
        """A signature under another trusted key's id refuses the whole envelope."""
        wrong = SIGNED.to_bytes().replace(ALICE.public.id.encode(), BOB.public.id.encode())
        with pytest.raises(AttestError, match="not one of key"):
            Envelope.from_bytes(wrong).verify([ALICE.public, BOB.public])

    def test_an_altered_key_id_is_noticed(self):
        """A trusted key's signature under an unknown id shows that the file was altered."""
        wrong = SIGNED.to_bytes().replace(ALICE.public.id.encode(), b"0" * 64)
        with pytest.raises(AttestError, match="names another key") as caught:
            Envelope.from_bytes(wrong).verify([ALICE.public])
        assert caught.value.code == "attest.misnamed-key"

    @given(st.data())
    def test_no_byte_can_be_altered(self, data):
        """Every single-byte change of the file is refused or changes no meaning and its bytes."""
        original = SIGNED.to_bytes()
        at = data.draw(st.integers(0, len(original) - 1))
        value = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[at]))
        altered = original[:at] + bytes([value]) + original[at + 1 :]
        try:
            found = Envelope.from_bytes(altered)
            found.verify([ALICE.public])
        except OpenweirError:
            return
        assert found.to_bytes() != altered

    @given(st.binary(max_size=300))
    def test_no_bytes_break_the_reader(self, data):
        """The reader answers with an OpenweirError, whatever the bytes."""
        with pytest.raises(OpenweirError, match=r"\S"):
            Envelope.from_bytes(data)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"payloadType": "text/plain"}, "attest.payload-type"),
            ({"signatures": []}, "attest.signatures"),
            ({"payload": "e30"}, "attest.base64"),
            ({"payload": "e31="}, "attest.base64"),
        ],
    )
    def test_what_is_no_envelope_is_refused(self, change, code):
        """Another payload type, no signature, or sloppy base64 is refused by name."""
        with pytest.raises(AttestError, match=r"\S") as caught:
            Envelope.from_bytes(text({**SIGNED.to_json(), **change}))
        assert caught.value.code == code
