"""Model signatures that the OpenSSF Model Signing tools verify, from digests already known.

Only method `files` with `sha256` and a key: the one combination that every
released verifier reads. The superseded forms (predicate `Digests/v0.1`, the
mis-encoded `DSSEV1` signatures of version 0.2) are refused.

Source: OpenSSF Model Signing v1.0, bundle, statement and predicate.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from openweir.artifact import Manifest
from openweir.attest.envelope import Envelope, Signature, decode_base64, pae, read_envelope
from openweir.attest.key import Key, PublicKey
from openweir.attest.statement import Statement, Subject
from openweir.canonical import Object, parse, text
from openweir.digest import require_sha256, sha256
from openweir.errors import AttestError

__all__ = ["IGNORED_PATHS", "ModelSignature", "is_ignored", "sign_model"]

_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PREDICATE = "https://model_signing/signature/v1.0"
_MAX_BYTES = 96 * 1024 * 1024
# The tools always leave out the four git paths. `.openweir` holds the decision and
# this signature itself; its files are verified by their own signatures.
IGNORED_PATHS = (".git", ".gitattributes", ".github", ".gitignore", ".openweir")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSignature:
    """A verified model signature: which files the key's holder vouched for.

    Attributes:
        name: as the signer called the model; informative only.
        files: (path, SHA-256) in the signed order.
        ignored: paths that the signature says nothing about.
        key: the key that made it.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    key: PublicKey

    @classmethod
    def verify(
        cls, data: bytes, keys: Iterable[PublicKey], *, where: str = "model.sig"
    ) -> "ModelSignature":
        """Return what the bundle `data` says if one of `keys` signed it.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            AttestError: another form of bundle, a signature of none of `keys`, or contents
                that contradict themselves.
        """
        read = Object(parse(data, where=where, max_bytes=_MAX_BYTES), where)
        envelope = _envelope(read)
        material = read.object("verificationMaterial")
        if "publicKey" not in material.value:
            raise AttestError(
                "the model is signed with a certificate; only keys are verified here",
                code="not-a-key-signature",
                where=where,
                hint="ask for a signature by a key, or use the model_signing tool",
            )
        key = _signer(envelope, _candidates(material.object("publicKey"), keys), where)
        return _contents(Statement.from_bytes(envelope.payload, where=where), key, where)


def sign_model(manifest: Manifest, key: Key, *, name: str) -> bytes:
    """Return a model signature over the files of `manifest`, without reading them again.

    Args:
        manifest: files with digests; those under `IGNORED_PATHS` are left out.
        key: of the signer.
        name: of the model; informative only.

    Raises:
        AttestError: no file is left to sign.
    """
    files = sorted((file.path, file.sha256) for file in manifest.files if not is_ignored(file.path))
    if not files:
        raise AttestError("there is no model file to sign", code="no-files")
    statement = Statement(
        subject=(Subject(name=name, digests=(("sha256", _root(files)),)),),
        predicate_type=_PREDICATE,
        predicate={
            "resources": [
                {"name": path, "algorithm": "sha256", "digest": digest} for path, digest in files
            ],
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": list(IGNORED_PATHS),
            },
        },
    )
    payload = statement.to_bytes()
    # The tools look at no key id here; the hint beside it is the digest of the PEM.
    signature = Signature(keyid="", sig=key.sign(pae(payload)))
    return text(
        {
            "mediaType": _MEDIA_TYPE,
            "verificationMaterial": {
                "publicKey": {"hint": sha256(key.public.to_pem())},
                "tlogEntries": [],
            },
            "dsseEnvelope": Envelope(payload=payload, signatures=(signature,)).to_json(),
        }
    )


def is_ignored(path: str) -> bool:
    """Whether a model signature leaves `path` out."""
    return path.split("/", 1)[0] in IGNORED_PATHS


def _envelope(read: Object) -> Envelope:
    if read.text("mediaType") != _MEDIA_TYPE:
        raise AttestError(
            f"media type `{read.text('mediaType')[:80]}` is not `{_MEDIA_TYPE}`",
            code="media-type",
            where=read.where,
        )
    envelope = read_envelope(read.object("dsseEnvelope"))
    if len(envelope.signatures) != 1:
        raise AttestError(
            "a model signature has exactly one signature", code="signatures", where=read.where
        )
    return envelope


def _candidates(material: Object, keys: Iterable[PublicKey]) -> tuple[PublicKey, ...]:
    """Return those of `keys` that the bundle says it was made with."""
    hint = material.optional_text("hint")
    if hint is not None:
        return tuple(key for key in keys if sha256(key.to_pem()) == hint)
    # Before 1.1 the bundle carried the key itself, which proves nothing but which to try.
    carried = decode_base64(material.text("rawBytes"), where=material.where)
    public = PublicKey.from_pem(carried, where=material.where)
    return tuple(key for key in keys if key == public)


def _signer(envelope: Envelope, keys: tuple[PublicKey, ...], where: str) -> PublicKey:
    if not keys:
        raise AttestError(
            "the model is signed by a key you do not trust",
            code="untrusted",
            where=where,
            hint="trust it: openweir keys trust FILE.pub --name NAME --role ROLE",
        )
    keys[0].verify(pae(envelope.payload), envelope.signatures[0].sig)
    return keys[0]


def _contents(statement: Statement, key: PublicKey, where: str) -> ModelSignature:
    if statement.predicate_type != _PREDICATE:
        raise AttestError(
            f"predicate `{statement.predicate_type[:80]}` is not `{_PREDICATE}`",
            code="predicate",
            where=where,
            hint="sign the model again with a current tool",
        )
    predicate = Object(statement.predicate, f"{where}: predicate")
    serialization = predicate.object("serialization")
    if (serialization.text("method"), serialization.text("hash_type")) != ("files", "sha256"):
        raise AttestError(
            "only whole files by sha256 are verified here", code="serialization", where=where
        )
    files = tuple(_resource(item) for item in predicate.objects("resources"))
    if len({path for path, _ in files}) != len(files):
        raise AttestError("a file stands twice in the signature", code="resources", where=where)
    if len(statement.subject) != 1 or statement.subject[0].digest("sha256") != _root(files):
        raise AttestError(
            "the signature contradicts itself: its root digest is not that of its files",
            code="root",
            where=where,
        )
    return ModelSignature(
        name=statement.subject[0].name,
        files=files,
        ignored=serialization.texts("ignore_paths"),
        key=key,
    )


def _resource(read: Object) -> tuple[str, str]:
    if read.text("algorithm") != "sha256":
        raise AttestError("only sha256 is verified here", code="serialization", where=read.where)
    return read.text("name"), require_sha256(read.text("digest"), where=read.where)


def _root(files: Iterable[tuple[str, str]]) -> str:
    # Model Signing v1.0: SHA-256 over the raw digests in order. Names are not in it,
    # which is why decisions bind to the dirHash instead.
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for _, digest in files)).hexdigest()
