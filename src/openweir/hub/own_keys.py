"""The hub's own keys: for its links, and for the checkpoints of its audit chain.

Whoever reads the database should be able to make no link, and whoever writes it to sign no
checkpoint. So the keys lie beside it: in files of the data directory of an embedded hub, or
derived from the one secret that the operator gives all replicas (`OPENWEIR_HUB_KEY`). Replicas
without it keep their keys in the database, which is said at each start.
"""

import hashlib
import hmac
import logging
from pathlib import Path

from openweir.errors import HubError
from openweir.hub.audit import signing_key
from openweir.hub.links import Links
from openweir.hub.store import Store
from openweir.register import SignerKey

__all__ = ["MIN_SECRET_BYTES", "derived_audit_key", "own_audit_key", "own_keys"]

MIN_SECRET_BYTES = 32
_log = logging.getLogger("openweir.hub")


def own_keys(
    data: Path, store: Store, *, shared: bool, secret: bytes | None
) -> tuple[Links, SignerKey]:
    """Return what makes links, and what signs checkpoints.

    Args:
        data: the data directory.
        store: the database.
        shared: whether replicas share the database.
        secret: that of all replicas; None for keys that the hub makes and keeps itself.

    Raises:
        HubError: a kept key is damaged, the secret is too short, or the hub was opened with
            another one before, or with one if this is none.
    """
    key = own_audit_key(data, store, shared=shared, secret=secret)
    if secret is not None:
        return Links(_part(secret, "links")), key
    if not shared:
        return Links.open(data / "links.key"), key
    _log.warning(
        "the hub's keys lie in its database, so whoever writes it can forge the audit chain: "
        "give all replicas one secret by OPENWEIR_HUB_KEY"
    )
    return Links.shared(store), key


def own_audit_key(data: Path, store: Store, *, shared: bool, secret: bytes | None) -> SignerKey:
    """Return what signs checkpoints alone; arguments and errors are those of `own_keys`."""
    if secret is None:
        if store.known_setting("hub-key") is not None:
            raise HubError(
                "this hub was opened with a secret before, and now there is none",
                code="data",
                hint="name the file of that secret by OPENWEIR_HUB_KEY",
            )
        return signing_key(None if shared else data / "audit.key", store)
    key, known = derived_audit_key(secret), _id(secret)
    if store.setting("hub-key", known) != known:
        raise HubError(
            "this hub was opened with another secret before",
            code="data",
            hint="give every replica the same file by OPENWEIR_HUB_KEY",
        )
    return key


def derived_audit_key(secret: bytes) -> SignerKey:
    """Return what signs the checkpoints of a hub with this secret.

    Raises:
        HubError: the secret is too short.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise HubError(
            f"the hub's secret has {len(secret)} bytes, and at least {MIN_SECRET_BYTES} are needed",
            code="data",
            hint="make one: openssl rand -hex 32 > hub.key",
        )
    return SignerKey.of_seed(f"openweir/audit/{_id(secret)[:8]}", _part(secret, "audit"))


def _id(secret: bytes) -> str:
    return _part(secret, "id").hex()[:16]


def _part(secret: bytes, use: str) -> bytes:
    return hmac.new(secret, f"openweir/hub-key/1/{use}".encode(), hashlib.sha256).digest()
