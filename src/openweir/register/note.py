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

__all__ = ["SignerKey", "VerifierKey", "decode_base64", "open_note", "sign_note"]

_ED25519 = b"\x01"
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
        found = _KEY.fullmatch(written.strip())
        if found is None:
            raise RegisterError(
                f"`{written.strip()[:80]}` is not a verifier key",
                code="verifier-key",
                where=where,
                hint="name+id+base64; the register prints its own with `openweir register init`",
            )
        name, raw = found["name"], _typed_key(found, where)
        if int.from_bytes(raw, "little") % 2**255 % _FIELD in _SMALL_ORDER_Y:
            raise RegisterError(
                "the verifier key is a point of small order", code="small-order", where=where
            )
        return cls(name=name, raw=raw)

    @property
    def id(self) -> bytes:
        """The four bytes that signature lines name the key by."""
        return _key_id(self.name, self.raw)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.raw).decode()}"

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
        if re.fullmatch(r"[^\s+]+", name) is None:
            raise RegisterError(
                f"`{name[:80]}` cannot name a log key",
                code="key-name",
                hint="a schema-less URL such as example.com/log; no spaces, no plus",
            )
        return cls(name=name, _seed=Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, written: str, *, where: str = "") -> "SignerKey":
        """Read a signer key; the message of an error never holds it.

        Raises:
            RegisterError: not in this form, or its id does not fit.
        """
        outer = _SIGNER.fullmatch(written.strip())
        found = None if outer is None else _KEY.fullmatch(outer["rest"])
        if found is None:
            raise RegisterError("not a log's signing key", code="signer-key", where=where)
        raw = base64.b64decode(found["key"])
        key = cls(name=found["name"], _seed=raw[1:])
        if raw[:1] != _ED25519 or key.verifier.id.hex() != found["id"]:
            raise RegisterError("the signing key is damaged", code="signer-key", where=where)
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self._seed).public_key()
        return VerifierKey(name=self.name, raw=public.public_bytes_raw())

    def reveal(self) -> str:
        """Return the private key in its written form, for the file that keeps it."""
        written = base64.b64encode(_ED25519 + self._seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{written}"

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
    text, lines = _split(data, where)
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


def _split(data: bytes, where: str) -> tuple[str, list[tuple[str, bytes]]]:
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


def _typed_key(found: re.Match[str], where: str) -> bytes:
    decoded = decode_base64(found["key"], where=where)
    if decoded[:1] != _ED25519 or len(decoded) != 33:
        raise RegisterError("only Ed25519 log keys are supported", code="verifier-key", where=where)
    if _key_id(found["name"], decoded[1:]).hex() != found["id"]:
        raise RegisterError(
            "the verifier key's id does not fit its name and key",
            code="verifier-key",
            where=where,
            hint="it was mistyped or altered; get it again",
        )
    return decoded[1:]


def _key_id(name: str, raw: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw).digest()[:4]
