"""`openweir hub backup`: copy a hub while it serves."""

from collections.abc import Callable
from pathlib import Path

from openweir import __version__
from openweir.desk.clock import now
from openweir.desk.hub_place import Place, kept_at
from openweir.desk.hub_secret import hub_secret
from openweir.hub.own_keys import own_audit_key
from openweir.hub.upkeep import BackedUp, backup, turn

__all__ = ["back_up"]


def back_up(
    place: Place,
    to: Path,
    *,
    link: bool,
    deep: bool,
    begun: Callable[[int], object] = lambda _bytes: None,
    advanced: Callable[[int], object] = lambda _bytes: None,
) -> BackedUp:
    """Back a hub up, be it serving or not.

    Args:
        place: where the hub is.
        to: a folder of the backup's own; one that holds a backup gets what is new.
        link: whether files on the same disk are linked, not copied.
        deep: whether files that the folder has already are compared again.
        begun: told how many bytes there are.
        advanced: told how many were dealt with.

    Raises:
        UsageError: there is no hub.
        HubError: it cannot be opened, a gc is running, or `to` is a hub's own folder.
    """
    secret = hub_secret()
    with kept_at(place) as kept, turn(kept, alone=False):
        return backup(
            kept,
            to.resolve(),
            at=now(),
            version=__version__,
            key=own_audit_key(kept.data, kept.store, shared=not kept.embedded, secret=secret),
            derived=secret is not None,
            link=link,
            deep=deep,
            begun=begun,
            advanced=advanced,
        )
