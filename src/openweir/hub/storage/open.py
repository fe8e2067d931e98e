"""From what an operator writes to storage."""

from pathlib import Path

from openweir.errors import HubError
from openweir.hub.storage.files import Files
from openweir.hub.storage.place import Storage

__all__ = ["open_storage"]


def open_storage(stated: str | Path, *, outside: str = "") -> Storage:
    """Return the storage at a path or an address.

    Args:
        stated: a directory, or `s3://BUCKET[/PREFIX]`; where the server is and who asks is
            read from the `AWS_*` variables, as every S3 client does.
        outside: URL of the bucket's server as those know it who are given links to it.

    Raises:
        HubError: it is neither, or the bucket cannot be used.
    """
    text = str(stated)
    if isinstance(stated, str) and text.startswith("s3://"):
        from openweir.hub.storage.bucket import Bucket  # noqa: PLC0415 - an extra

        return Bucket.open(text, outside=outside)
    if "://" in text:
        raise HubError(
            f"`{text[:100]}` is no place for files", code="data", hint="a directory, or s3://BUCKET"
        )
    return Files(Path(text))
