"""Signing keys: which are read, what they are called, and that only they verify."""

import base64
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from openweir.attest import Key, PublicKey
from openweir.digest import sha256
from openweir.errors import AttestError

KEY, OTHER = Key.generate(), Key.generate()


def pem(private, *, password: bytes | None = None) -> bytes:
    """Return a private key as PKCS #8."""
    secret = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret
    )


def test_a_key_survives_its_file():
    """A key written as PEM and read again is the same key."""
    again = Key.from_pem(KEY.to_pem())
    assert again.public == KEY.public
    assert PublicKey.from_pem(KEY.public.to_pem()) == KEY.public


def test_the_id_is_the_digest_of_the_der():
    """The id can be recomputed with `openssl pkey -pubin -outform DER | sha256sum`."""
    assert KEY.public.id == sha256(KEY.public.der)


def test_a_private_key_does_not_show_itself():
    """Printing a key prints no part of it."""
    assert repr(KEY) == "Key()"


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_the_three_curves_of_model_signing_work(curve):
    """P-256, P-384 and P-521 keys sign and verify, each with its own hash."""
    key = Key.from_pem(pem(ec.generate_private_key(curve)))
    key.public.verify(b"text", key.sign(b"text"))


@given(st.binary(max_size=64))
def test_the_same_key_and_text_give_the_same_signature(message):
    """Signatures are deterministic (RFC 6979), so signed files are reproducible."""
    assert KEY.sign(message) == KEY.sign(message)


@given(message=st.binary(max_size=64), other=st.binary(max_size=64))
def test_a_signature_fits_one_text_and_one_key(message, other):
    """A signature verifies for its own text and key only."""
    signature = KEY.sign(message)
    KEY.public.verify(message, signature)
    with pytest.raises(AttestError, match="not one of key") as caught:
        OTHER.public.verify(message, signature)
    assert caught.value.code == "attest.bad-signature"
    if other != message:
        with pytest.raises(AttestError, match="not one of key"):
            KEY.public.verify(other, signature)


@given(st.binary(max_size=80))
def test_garbage_is_no_signature(garbage):
    """Whatever stands in the place of a signature, the answer is a plain refusal."""
    with pytest.raises(AttestError, match="not one of key"):
        KEY.public.verify(b"text", garbage)


def test_a_key_of_openssl_ecparam_is_read(tmp_path):
    """`openssl ecparam -genkey` puts a parameter block first; the key is found behind it."""
    path = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-out", path], check=True
    )
    assert b"EC PARAMETERS" in path.read_bytes()
    key = Key.from_pem(path.read_bytes())
    key.public.verify(b"text", key.sign(b"text"))


def test_one_point_written_in_two_ways_is_one_key():
    """A compressed point has the id of the uncompressed one: one key cannot sign as two."""
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    # SubjectPublicKeyInfo of P-256 with a 33-byte point instead of the usual 65.
    der = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point
    written = (
        b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(der) + b"-----END PUBLIC KEY-----\n"
    )
    assert PublicKey.from_pem(written) == Key.from_pem(pem(private)).public


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "attest.not-a-key", "no private key"),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "attest.not-a-key",
            "does not decode",
        ),
        (KEY.public.to_pem(), "attest.not-a-key", "no private key"),
        (
            pem(ec.generate_private_key(ec.SECP256R1()), password=b"x"),
            "attest.encrypted-key",
            "encrypted",
        ),
        (pem(ec.generate_private_key(ec.SECP256K1())), "attest.curve", "secp256k1"),
        (pem(rsa.generate_private_key(65537, 2048)), "attest.algorithm", "not an elliptic curve"),
    ],
)
def test_what_is_no_usable_key_is_refused(data, code, words):
    """Each refusal says in one sentence what is wrong, and what to do."""
    with pytest.raises(AttestError, match=words) as caught:
        Key.from_pem(data, where="key.pem")
    assert caught.value.code == code
    assert "key.pem" in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(data):
    """Readers of keys answer with a key or an AttestError, whatever the bytes."""
    wrapped = b"-----BEGIN PUBLIC KEY-----\n" + data + b"\n-----END PUBLIC KEY-----\n"
    for read in (PublicKey.from_pem, Key.from_pem):
        for candidate in (data, wrapped, wrapped.replace(b"PUBLIC", b"PRIVATE")):
            with pytest.raises(AttestError, match="key"):
                read(candidate)
