"""The front: who else may send the bytes of open files once the hub has decided."""

from dataclasses import dataclass

__all__ = ["Front"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What stands before a hub or beside it.

    Attributes:
        accel: the internal location under which nginx sends this hub's blobs, such as
            `/_blobs/`; empty for none.
        links: whether open files are fetched from the bucket by short links.
    """

    accel: str = ""
    links: bool = False
