"""`openweir hub restore`: make a hub from a backup, in an empty place."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openweir.desk.clock import now
from openweir.desk.hub_place import Place
from openweir.desk.hub_secret import hub_secret
from openweir.errors import HubError
from openweir.hub.own_keys import derived_audit_key
from openweir.hub.storage import open_storage
from openweir.hub.upkeep import BackupManifest, Examined, read_manifest, restore

__all__ = ["Restored", "restore_hub"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A hub that was made from a backup.

    Attributes:
        manifest: of the backup.
        examined: what an examination of the new hub found.
    """

    manifest: BackupManifest
    examined: Examined


def restore_hub(
    folder: Path,
    place: Place,
    *,
    manifest_sha256: str | None,
    begun: Callable[[int], object] = lambda _bytes: None,
    advanced: Callable[[int], object] = lambda _bytes: None,
) -> Restored:
    """Make a hub from a backup; of either size, whatever the size it was of.

    A data directory appears whole, once everything in it was compared and examined.

    Args:
        folder: of the backup.
        place: where the hub is to be; nothing may be there.
        manifest_sha256: what `backup` told; None to take the manifest as it is.
        begun: told how many bytes there are.
        advanced: told how many were copied.

    Raises:
        HubError: the place is not empty, something of the backup is missing or altered, or the
            hub had another secret than `OPENWEIR_HUB_KEY` names.
    """
    manifest, secret = read_manifest(folder, stated=manifest_sha256), hub_secret()
    data = place.data.resolve()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise HubError(
            "a backup is restored into an empty place only, and here is something",
            code="backup",
            where=str(place.data),
            hint="name another with --data",
        )
    data.parent.mkdir(parents=True, exist_ok=True)
    aside = data.with_name(f".{data.name}.{secrets.token_hex(4)}.restoring")
    aside.mkdir(mode=0o700)
    try:
        examined = restore(
            folder,
            manifest,
            aside,
            at=now(),
            secret_key=None if secret is None else derived_audit_key(secret),
            database=place.database,
            storage=None if place.blobs is None else open_storage(place.blobs),
            begun=begun,
            advanced=advanced,
        )
        aside.replace(data)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Restored(manifest=manifest, examined=examined)
