"""`openweir hub fsck`: is everything there that the hub's database names?"""

from collections.abc import Callable

from openweir.desk.clock import now
from openweir.desk.hub_place import Place, kept_at
from openweir.hub.audit import signing_key
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
        key = signing_key(kept.data / "audit.key" if kept.embedded else None, kept.store)
        return examine(kept, at=now(), key=key, deep=deep, begun=begun, advanced=advanced)
