"""Signed notes: text that keys vouch for, line by line.

Source: C2SP signed-note, Ed25519 signatures (type 0x01).
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from openweir.errors import RegisterError

__all__ = [
    "ED25519",
    "SignerKey",
    "VerifierKey",
    "check_name",
    "decode_base64",
    "key_id",
    "open_note",
    "parse_private",
    "parse_public",
    "sign_note",
    "split_note",
    "write_private",
    "write_public",
]

# C2SP signed-note: the type of a plain Ed25519 signature.
ED25519 = b"\x01"
_MAX_BYTES = 256 * 1024
_MAX_SIGNATURES = 64
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY = re.compile(
    r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]{44})",
)
_SIGNER = re.compile(r"PRIVATE\+KEY\+(?P<rest>.+)", re.DOTALL)
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_FIELD = 2**255 - 19
# The y coordinates of the eight points of small order: under such a key one
# signature can fit any text.
_SMALL_ORDER_Y = frozenset(
    (
        0,
        1,
        _FIELD - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        _FIELD - 2707385501144840649318225287225658788936804267575313519463743609750303402022,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A named Ed25519 public key, written `name+id+base64`.

    Attributes:
        name: for a log, its origin.
        raw: 32 bytes (RFC 8032).
    """

    name: str
    raw: bytes

    @classmethod
    def parse(cls, written: str, *, where: str = "") -> "VerifierKey":
        """Read a verifier key.

        Raises:
            RegisterError: not in this form, of another type, its id does not fit, or a point
                of small order.
        """
        name, raw = parse_public(written, ED25519, where=where)
        return cls(name=name, raw=raw)

    @property
    def id(self) -> bytes:
        """The four bytes that signature lines name the key by."""
        return key_id(self.name, ED25519, self.raw)

    def __str__(self) -> str:
        return write_public(self.name, ED25519, self.raw)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerKey:
    """A named Ed25519 private key, written `PRIVATE+KEY+name+id+base64`."""

    name: str
    _seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "SignerKey":
        """Make a new key.

        Raises:
            RegisterError: the name holds a space or a plus sign, or is empty.
        """
        check_name(name)
        return cls(name=name, _seed=Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def of_seed(cls, name: str, seed: bytes) -> "SignerKey":
        """Return the key of a seed of 32 bytes that its owner keeps.

        Raises:
            RegisterError: the name holds a space or a plus sign, or is empty.
        """
        check_name(name)
        return cls(name=name, _seed=seed)

    @classmethod
    def parse(cls, written: str, *, where: str = "") -> "SignerKey":
        """Read a signer key; the message of an error never holds it.

        Raises:
            RegisterError: not in this form, or its id does not fit.
        """
        name, seed = parse_private(written, ED25519, where=where)
        return cls(name=name, _seed=seed)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self._seed).public_key()
        return VerifierKey(name=self.name, raw=public.public_bytes_raw())

    def reveal(self) -> str:
        """Return the private key in its written form, for the file that keeps it."""
        return write_private(self.name, ED25519, self._seed)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature over `message`."""
        return Ed25519PrivateKey.from_private_bytes(self._seed).sign(message)


def sign_note(text: str, key: SignerKey) -> bytes:
    """Return `text`, which ends in a newline, with one signature line."""
    line = base64.b64encode(key.verifier.id + key.sign(text.encode())).decode()
    return f"{text}\n— {key.name} {line}\n".encode()


def open_note(
    data: bytes, keys: Iterable[VerifierKey], *, where: str = "note"
) -> tuple[str, tuple[VerifierKey, ...]]:
    """Return the text of a note and which of `keys` signed it, at least one.

    Signatures by other keys are passed over.

    Raises:
        RegisterError: not a note; no signature by any of `keys`; or one of theirs is wrong.
    """
    text, lines = split_note(data, where=where)
    known = {(key.name, key.id): key for key in keys}
    signed = []
    for name, signature in lines:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        if not key.verify(text.encode(), signature[4:]):
            raise RegisterError(
                f"the signature of `{name}` does not fit the text",
                code="bad-signature",
                where=where,
                hint="the note was altered after it was signed",
            )
        if key not in signed:
            signed.append(key)
    if not signed:
        raise RegisterError(
            "no signature is by a log key you trust",
            code="untrusted",
            where=where,
            hint="trust it: openweir keys trust-log VERIFIER_KEY",
        )
    return text, tuple(signed)


def decode_base64(written: str, *, where: str = "") -> bytes:
    """Decode standard base64 that is written in its one canonical way (RFC 4648 section 3.5).

    Raises:
        RegisterError: it is not.
    """
    try:
        found = base64.b64decode(written, validate=True)
    except ValueError:
        found = b""
    if base64.b64encode(found).decode() != written:
        raise RegisterError("not canonical base64", code="base64", where=where)
    return found


def split_note(data: bytes, *, where: str = "note") -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note, and the name and bytes of each signature, none verified.

    Raises:
        RegisterError: not a note, or too long.
    """
    try:
        whole = data.decode() if len(data) <= _MAX_BYTES else ""
    except UnicodeDecodeError:
        whole = ""
    text, separator, rest = whole.rpartition("\n\n")
    if not separator or not rest.endswith("\n") or _CONTROL.search(whole):
        raise RegisterError("not a signed note", code="not-a-note", where=where)
    lines = [_LINE.fullmatch(line) for line in rest[:-1].split("\n")]
    if len(lines) > _MAX_SIGNATURES or None in lines:
        raise RegisterError("not a signed note", code="not-a-note", where=where)
    found = [
        (line["name"], decode_base64(line["signature"], where=where)) for line in lines if line
    ]
    if any(len(signature) < 5 for _, signature in found):
        raise RegisterError("a signature is cut short", code="not-a-note", where=where)
    return text + "\n", found


def check_name(name: str) -> None:
    """Check that a key can have this name.

    Raises:
        RegisterError: it holds a space or a plus sign, or is empty.
    """
    if re.fullmatch(r"[^\s+]+", name) is None:
        raise RegisterError(
            f"`{name[:80]}` cannot name a log key",
            code="key-name",
            hint="a schema-less URL such as example.com/log; no spaces, no plus",
        )


def key_id(name: str, kind: bytes, raw: bytes) -> bytes:
    """Return the four bytes that signature lines name a key by.

    Args:
        name: of the key.
        kind: the signature type, one byte.
        raw: the public key.
    """
    return hashlib.sha256(name.encode() + b"\n" + kind + raw).digest()[:4]


def write_public(name: str, kind: bytes, raw: bytes) -> str:
    """Return the written form of a public key: `name+id+base64`."""
    return f"{name}+{key_id(name, kind, raw).hex()}+{base64.b64encode(kind + raw).decode()}"


def write_private(name: str, kind: bytes, seed: bytes) -> str:
    """Return the written form of a private key, for the file that keeps it."""
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    written = base64.b64encode(kind + seed).decode()
    return f"PRIVATE+KEY+{name}+{key_id(name, kind, raw).hex()}+{written}"


def parse_public(written: str, kind: bytes, *, where: str = "") -> tuple[str, bytes]:
    """Return the name and the 32 bytes of a public key of one type.

    Raises:
        RegisterError: not in this form, of another type, its id does not fit, or a point of
            small order.
    """
    # A policy file may hold octets that are no UTF-8; a key's name may not (C2SP signed-note).
    plain = written.strip().encode("utf-8", "replace").decode()
    found = _KEY.fullmatch(plain) if plain == written.strip() else None
    if found is None:
        raise RegisterError(
            f"`{plain[:80]}` is not a verifier key",
            code="verifier-key",
            where=where,
            hint="name+id+base64; the register prints its own with `openweir register init`",
        )
    name, decoded = found["name"], decode_base64(found["key"], where=where)
    if decoded[:1] != kind or len(decoded) != 33:
        what = "log keys (type 1)" if kind == ED25519 else f"keys of type {kind[0]}"
        raise RegisterError(
            f"the verifier key is of another type: only Ed25519 {what} are supported here",
            code="verifier-key",
            where=where,
        )
    raw = decoded[1:]
    if key_id(name, kind, raw).hex() != found["id"]:
        raise RegisterError(
            "the verifier key's id does not fit its name and key",
            code="verifier-key",
            where=where,
            hint="it was mistyped or altered; get it again",
        )
    if int.from_bytes(raw, "little") % 2**255 % _FIELD in _SMALL_ORDER_Y:
        raise RegisterError(
            "the verifier key is a point of small order", code="small-order", where=where
        )
    return name, raw


def parse_private(written: str, kind: bytes, *, where: str = "") -> tuple[str, bytes]:
    """Return the name and the seed of a private key of one type.

    Raises:
        RegisterError: not in this form, or its id does not fit; the message never holds it.
    """
    outer = _SIGNER.fullmatch(written.strip())
    found = None if outer is None else _KEY.fullmatch(outer["rest"])
    if found is None:
        raise RegisterError("not a log's signing key", code="signer-key", where=where)
    try:
        raw = base64.b64decode(found["key"], validate=True)
    except ValueError:
        raw = b""
    name, seed = found["name"], raw[1:]
    if raw[:1] != kind or len(seed) != 32 or write_private(name, kind, seed) != written.strip():
        raise RegisterError("the signing key is damaged", code="signer-key", where=where)
    return name, seed
