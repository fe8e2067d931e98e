"""Storage: where a hub's bytes lie, under keys, behind one small interface.

In: a key such as `blobs/ab/<sha256>` and bytes. Out: the bytes again, whole or a range of
them, and a stamp that changes when they change. A key is written whole or not at all. Never:
looks at what the bytes are, or asks who may have them; `openweir.hub.blobs` compares them
with their digest and the gate decides on the reference.

    place     the interface
    files     a directory: written aside, made durable, then renamed
    view      a file as memory, for the server to send from
    bucket    an S3-compatible bucket, which several replicas share (extra `scale-out`)
"""

from openweir.hub.storage.files import Files
from openweir.hub.storage.open import open_storage
from openweir.hub.storage.place import OutOfReachError, Stamp, Storage, Writer
from openweir.hub.storage.view import View

__all__ = ["Files", "OutOfReachError", "Stamp", "Storage", "View", "Writer", "open_storage"]
