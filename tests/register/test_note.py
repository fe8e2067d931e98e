"""Signed notes, checkpoints and proofs as files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.errors import RegisterError
from openweir.register import Checkpoint, Proof, SignerKey, VerifierKey
from openweir.register.merkle import leaf_hash, root_of_leaves
from openweir.register.note import open_note, sign_note
from shared_data import shared

KEY, OTHER = SignerKey.generate("example.com/log"), SignerKey.generate("example.com/log")
TEXT = "one\n\ntwo\n"
NOTE = sign_note(TEXT, KEY)
TESSERA = VerifierKey.parse(
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
)


class TestSignedNote:
    """C2SP signed-note."""

    def test_a_note_opens_for_its_signer(self):
        """The text comes back, blank lines and all."""
        assert open_note(NOTE, [OTHER.verifier, KEY.verifier]) == (TEXT, (KEY.verifier,))

    def test_unknown_signatures_are_passed_over(self):
        """Verifiers MUST ignore signatures from unknown keys."""
        both = NOTE + sign_note(TEXT, OTHER).rpartition(b"\n\n")[2]
        assert open_note(both, [KEY.verifier])[0] == TEXT
        with pytest.raises(RegisterError, match="no signature is by a log key you trust") as caught:
            open_note(NOTE, [OTHER.verifier])
        assert caught.value.code == "register.untrusted"

    def test_a_known_key_with_a_wrong_signature_refuses_the_note(self):
        """If a signature from a known key fails to verify, the whole note is rejected."""
        with pytest.raises(RegisterError, match="does not fit the text") as caught:
            open_note(NOTE.replace(b"two", b"tow"), [KEY.verifier])
        assert caught.value.code == "register.bad-signature"

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"text\n",
            b"text\n\n",
            NOTE[:-1],
            NOTE.replace(b"\n", b"\r\n"),
            NOTE + b"x",
            NOTE.replace("—".encode(), b"-"),
            b"\xff" + NOTE,
            NOTE * 5000,
            "text\n\n— name AAAA\n".encode(),
        ],
    )
    def test_what_is_no_note_is_refused(self, data):
        """Missing parts, controls, other encodings and endless notes are refused."""
        with pytest.raises(RegisterError, match=r"\S"):
            open_note(data, [KEY.verifier])

    @given(st.data())
    def test_no_byte_can_be_altered(self, data):
        """Every single-byte change of a note is refused."""
        at = data.draw(st.integers(0, len(NOTE) - 1))
        value = data.draw(st.integers(0, 255).filter(lambda byte: byte != NOTE[at]))
        with pytest.raises(RegisterError, match=r"\S"):
            open_note(NOTE[:at] + bytes([value]) + NOTE[at + 1 :], [KEY.verifier])


class TestKeys:
    """Verifier and signer keys in their written form."""

    def test_keys_survive_their_text(self):
        """Both halves are read back as written, and the private one does not show itself."""
        assert VerifierKey.parse(str(KEY.verifier)) == KEY.verifier
        assert SignerKey.parse(KEY.reveal()) == KEY
        assert KEY.reveal().split("+", 4)[4] not in repr(KEY)

    @pytest.mark.parametrize(
        "written",
        [
            "",
            "name",
            str(KEY.verifier).replace("example.com", "example.org"),
            str(KEY.verifier)[:-1],
            str(KEY.verifier) + "A",
            "a b+00000000+" + "A" * 44,
        ],
        ids=["empty", "name", "other-name", "short", "long", "spaced"],
    )
    def test_what_is_no_verifier_key_is_refused(self, written):
        """A key whose id does not fit its name and bytes was altered."""
        with pytest.raises(RegisterError, match="verifier key") as caught:
            VerifierKey.parse(written)
        assert caught.value.code == "register.verifier-key"

    @pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
    def test_a_log_key_needs_a_plain_name(self, name):
        """Names with spaces or a plus could not be written into a note."""
        with pytest.raises(RegisterError, match="cannot name a log key"):
            SignerKey.generate(name)

    def test_a_damaged_signing_key_is_not_printed(self):
        """The message about a damaged private key holds nothing of it."""
        with pytest.raises(RegisterError, match="damaged") as caught:
            SignerKey.parse(KEY.reveal().replace("example.com", "example.org"))
        assert KEY.reveal().split("+", 4)[4] not in str(caught.value)

    def test_keys_of_small_order_are_refused(self):
        """Every published edge case with a key of small order is refused as a log key."""
        vectors = json.loads((shared("vectors/cctv") / "ed25519/ed25519vectors.json").read_text())
        small = {item["key"] for item in vectors if "low_order_A" in (item["flags"] or ())}
        assert len(small) == 14
        for key in small:
            weak = VerifierKey(name="example.com/log", raw=bytes.fromhex(key))
            with pytest.raises(RegisterError, match="small order") as caught:
                VerifierKey.parse(str(weak))
            assert caught.value.code == "register.small-order"


class TestCheckpoint:
    """C2SP tlog-checkpoint."""

    def test_published_checkpoints_verify(self):
        """All sixteen checkpoints of the sample log verify under its key."""
        root = shared("vectors/tessera") / "testdata/log"
        for size in range(16):
            note = (root / f"checkpoint.{size}").read_bytes()
            assert Checkpoint.verify(note, [(TESSERA.name, TESSERA)]).size == size

    def test_a_key_counts_for_its_own_origin_only(self):
        """A trusted log cannot sign for another log's origin."""
        note = Checkpoint(origin="example.com/other", size=0, root=b"\0" * 32).signed(KEY)
        with pytest.raises(RegisterError, match="no signature is by a log key you trust"):
            Checkpoint.verify(note, [("example.com/log", KEY.verifier)])

    @pytest.mark.parametrize(
        "text",
        [
            "example.com/log\n1\n",
            "example.com/log\n01\nAAAA\n",
            "example.com/log\n-1\nAAAA\n",
            "example.com/log\n1\nAAAA\n",
            "example.com/log\n1\n\n",
            "example.com/log\n1\n" + "A" * 43 + "=\n\nmore\n",
        ],
    )
    def test_a_signed_note_that_is_no_checkpoint_is_refused(self, text):
        """A signature does not turn other text into a tree head."""
        with pytest.raises(RegisterError, match=r"not a checkpoint|not 32 bytes"):
            Checkpoint.verify(sign_note(text, KEY), [("example.com/log", KEY.verifier)])


class TestProof:
    """C2SP tlog-proof."""

    def proof(self, extra=None):
        """Return the proof of the first of two entries."""
        leaves = [leaf_hash(b"a"), leaf_hash(b"b")]
        head = Checkpoint(origin=KEY.name, size=2, root=root_of_leaves(leaves))
        return Proof(index=0, hashes=(leaves[1],), checkpoint=head.signed(KEY), extra=extra)

    @pytest.mark.parametrize("extra", [None, b"", b"opaque"])
    def test_it_survives_its_file(self, extra):
        """What is written is read back as the same value."""
        proof = self.proof(extra)
        assert Proof.from_bytes(proof.to_bytes()) == proof

    def test_it_holds_offline_for_its_entry_only(self):
        """The proof needs the entry and the log's key, nothing else."""
        logs = [(KEY.name, KEY.verifier)]
        assert self.proof().verify(b"a", logs).size == 2
        with pytest.raises(RegisterError, match="leads to another root") as caught:
            self.proof().verify(b"c", logs)
        assert caught.value.code == "register.proof-root"

    @given(st.data())
    def test_no_byte_can_be_altered(self, data):
        """Every single-byte change of the file is refused."""
        original = self.proof().to_bytes()
        at = data.draw(st.integers(0, len(original) - 1))
        value = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[at]))
        altered = original[:at] + bytes([value]) + original[at + 1 :]
        with pytest.raises(RegisterError, match=r"\S"):
            Proof.from_bytes(altered).verify(b"a", [(KEY.name, KEY.verifier)])

    @given(st.binary(max_size=200))
    def test_no_bytes_break_the_reader(self, data):
        """The reader answers with a proof or a RegisterError, whatever the bytes."""
        for candidate in (data, b"c2sp.org/tlog-proof@v1\nindex 0\n" + data):
            try:
                Proof.from_bytes(candidate)
            except RegisterError:
                continue
