"""`openweir hub fsck`: is everything there that the hub's database names?"""

from collections.abc import Callable

from openweir.desk.clock import now
from openweir.desk.hub_place import Place, kept_at
from openweir.desk.hub_secret import hub_secret
from openweir.hub.own_keys import own_audit_key
from openweir.hub.upkeep import Examined, examine, turn

__all__ = ["fsck"]


def fsck(
    place: Place,
    *,
    deep: bool,
    begun: Callable[[int], object] = lambda _bytes: None,
    advanced: Callable[[int], object] = lambda _bytes: None,
) -> Examined:
    """Examine a hub, be it serving or not; nothing is changed.

    Args:
        place: where it is.
        deep: whether to read every file and compare its digest.
        begun: told how many bytes will be read.
        advanced: told how many were read.

    Raises:
        UsageError: there is no hub.
        HubError: it cannot be opened, or a gc is running.
    """
    with kept_at(place) as kept, turn(kept, alone=False):
        key = own_audit_key(kept.data, kept.store, shared=not kept.embedded, secret=hub_secret())
        return examine(kept, at=now(), key=key, deep=deep, begun=begun, advanced=advanced)
