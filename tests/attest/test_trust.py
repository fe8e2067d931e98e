"""Whom the user trusts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.attest import Key, Trust, TrustedKey, TrustedLog
from openweir.errors import AttestError, OpenweirError

ALICE, BOB = Key.generate().public, Key.generate().public
TRUST = (
    Trust()
    .with_key(TrustedKey(name="alice", role="developer", key=ALICE))
    .with_key(TrustedKey(name="bob", role="reviewer", key=BOB))
    .with_log(TrustedLog(origin="example.com/log", verifier_key="example.com/log+00000000+AAAA"))
)


def test_it_survives_its_file():
    """What is written to trust.toml is read back as the same value."""
    assert Trust.from_text(TRUST.to_text()) == TRUST
    assert Trust.from_text("") == Trust()


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_any_name_survives_its_file(name):
    """Quotes, controls and newlines in a name cannot change the file's meaning."""
    trust = Trust().with_key(TrustedKey(name=name, role="developer", key=ALICE))
    assert Trust.from_text(trust.to_text()) == trust


def test_a_key_has_one_name_and_one_role():
    """Law 5: one key in two roles would let one person stand for two."""
    with pytest.raises(AttestError, match=r"already trusted as `alice` \(developer\)") as caught:
        TRUST.with_key(TrustedKey(name="alice", role="reviewer", key=ALICE))
    assert caught.value.code == "attest.key-trusted-twice"
    block = f'[[key]]\nname = "a"\nrole = "hub"\npublic-key = """\n{BOB.to_pem().decode()}"""\n'
    with pytest.raises(AttestError, match="already trusted"):
        Trust.from_text(TRUST.to_text() + block)


def test_trusting_again_changes_nothing():
    """The same key, name and role once more is no error."""
    assert TRUST.with_key(TRUST.keys[0]) == TRUST


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("[[key]", "not valid TOML"),
        (
            "[[key]]\nname = 'a'\nrole = 'king'\npublic-key = '''\n"
            + ALICE.to_pem().decode()
            + "'''",
            "`king` is not a role",
        ),
        ("[[key]]\nname = 'a'\nrole = 'hub'\npublic-key = 'x'", "no public key"),
        (
            "[[key]]\nname = ' '\nrole = 'hub'\npublic-key = '''\n"
            + ALICE.to_pem().decode()
            + "'''",
            "needs a name",
        ),
        ("[[log]]\norigin = 'a'", "missing"),
        ("key = 3", "expected a list"),
    ],
)
def test_a_malformed_file_is_refused_with_a_reason(written, words):
    """A trust file that says anything unclear trusts nobody."""
    with pytest.raises(OpenweirError, match=words):
        Trust.from_text(written)
