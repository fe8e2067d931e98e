"""The envelope: one payload, signed by one or more keys (DSSE v1)."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace

from openweir.attest.key import Key, PublicKey
from openweir.attest.statement import Statement
from openweir.canonical import Object, parse, text
from openweir.errors import AttestError

__all__ = ["PAYLOAD_TYPE", "Envelope", "Signature", "decode_base64", "pae", "read_envelope"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_MAX_BYTES = 96 * 1024 * 1024
_MAX_SIGNATURES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature and the id its maker gave the key; the id is a hint, not a proof."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed payload of type `application/vnd.in-toto+json`."""

    payload: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def sign(cls, statement: Statement, key: Key) -> "Envelope":
        """Return the statement signed by one key."""
        return cls(payload=statement.to_bytes(), signatures=()).with_signature(key)

    def with_signature(self, key: Key) -> "Envelope":
        """Return the envelope with this key's signature, at the place of an older one of it."""
        made = Signature(keyid=key.public.id, sig=key.sign(pae(self.payload)))
        kept = [signature for signature in self.signatures if signature.keyid != made.keyid]
        return replace(self, signatures=(*kept, made))

    def verify(self, keys: Iterable[PublicKey]) -> tuple[Statement, tuple[PublicKey, ...]]:
        """Return the statement and which of `keys` signed it, each once, in order of signatures.

        Signatures by keys that are not among `keys` are passed over; `unknown` lists them.

        Raises:
            AttestError: no signature by any of `keys`; or one that names one of `keys` is not
                its own; or the payload is no statement.
            CanonicalError: the payload is not JSON.
        """
        signed, message = [], pae(self.payload)
        known = {key.id: key for key in keys}
        for signature in self.signatures:
            named = known.get(signature.keyid)
            if named is None:
                _refuse_misnamed(signature, message, known)
                continue
            named.verify(message, signature.sig)
            if named not in signed:
                signed.append(named)
        if not signed:
            raise AttestError(
                "none of the signatures is by a key you trust",
                code="untrusted",
                hint="trust one: openweir keys trust FILE.pub --name NAME --role ROLE",
            )
        return Statement.from_bytes(self.payload, where="payload"), tuple(signed)

    def unknown(self, keys: Iterable[PublicKey]) -> tuple[str, ...]:
        """Return the key ids of the signatures that `verify` passes over."""
        known = {key.id for key in keys}
        return tuple(item.keyid for item in self.signatures if item.keyid not in known)

    def to_bytes(self) -> bytes:
        """Return the canonical file `*.dsse.json`."""
        return text(self.to_json())

    def to_json(self) -> dict[str, object]:
        """Return the envelope as plain JSON values."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": item.keyid, "sig": base64.b64encode(item.sig).decode()}
                for item in self.signatures
            ],
        }

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "envelope") -> "Envelope":
        """Read an envelope; nothing in it is verified yet.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            AttestError: another payload type, bad base64, or too many signatures.
        """
        return read_envelope(Object(parse(data, where=where, max_bytes=_MAX_BYTES), where))


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return the pre-authentication encoding: the bytes that are signed.

    Source: DSSE protocol v1, `PAE(type, body)`.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def read_envelope(read: Object) -> Envelope:
    """Read an envelope that may lie inside another JSON document, such as a Sigstore bundle.

    Raises:
        CanonicalError: a key is missing or of the wrong type.
        AttestError: another payload type, bad base64, or too many signatures.
    """
    if read.text("payloadType") != PAYLOAD_TYPE:
        raise AttestError(
            f"payload type `{read.text('payloadType')[:80]}` is not `{PAYLOAD_TYPE}`",
            code="payload-type",
            where=read.where,
        )
    signatures = tuple(
        Signature(
            # Model signing up to 1.0.1 wrote null here.
            keyid=item.optional_text("keyid") or "",
            sig=decode_base64(item.text("sig"), where=item.where),
        )
        for item in read.objects("signatures")
    )
    if not 0 < len(signatures) <= _MAX_SIGNATURES:
        raise AttestError(
            f"an envelope has 1 to {_MAX_SIGNATURES} signatures, not {len(signatures)}",
            code="signatures",
            where=read.where,
        )
    return Envelope(
        payload=decode_base64(read.text("payload"), where=read.where), signatures=signatures
    )


def decode_base64(written: str, *, where: str = "") -> bytes:
    """Decode standard base64 that is written in its one canonical way (RFC 4648 section 3.5).

    Raises:
        AttestError: it is not.
    """
    try:
        found = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if base64.b64encode(found).decode() != written:
        raise AttestError("not canonical base64", code="base64", where=where)
    return found


def _refuse_misnamed(signature: Signature, message: bytes, known: dict[str, PublicKey]) -> None:
    for key in known.values():
        try:
            key.verify(message, signature.sig)
        except AttestError:
            continue
        raise AttestError(
            f"a signature by key `{key.id[:12]}` names another key",
            code="misnamed-key",
            hint="the envelope was altered; get it again from its source",
        )
