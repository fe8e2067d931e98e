"""Storage in an S3-compatible bucket, which several replicas share.

Bytes go up in parts and are there once the server has put them together, so a key is whole
or absent here too. They are named by their digest, so two replicas that write one key write
the same bytes, and nothing here needs a server that refuses the second of two writers.
Source: Amazon S3 API, multipart uploads and conditional reads.

Servers differ, so as little as possible is asked of them: some overlook `If-Match` (the
entity tag of every answer is compared here), some give a range the checksum of the whole
(checksums are left out: blobs have their SHA-256), some cannot copy by parts.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from openweir.errors import HubError
from openweir.hub.storage.place import OutOfReachError, Stamp
from openweir.hub.storage.view import View

__all__ = ["Bucket"]

_PIECE_BYTES = 1024 * 1024
# At most 10,000 parts to an object: parts of this size carry 625 GiB.
_PART_BYTES = 64 * 1024 * 1024
_ABSENT = ("404", "NoSuchKey", "NotFound", "412", "PreconditionFailed")
# The longest object that a server copies in one request.
_COPIED_BYTES = 5 * 1024**3


class Bucket:
    """Keys below a prefix of one bucket.

    Args:
        client: of boto3; it may be used from many threads.
        name: of the bucket.
        prefix: empty, or ending with a slash.
        outside: another client that makes links for readers who know the server by another
            address.
    """

    shared = True

    def __init__(self, client: Any, name: str, prefix: str, *, outside: Any = None) -> None:
        """Use a client that is set up."""
        self._client = client
        self._outside = client if outside is None else outside
        self._name = name
        self._prefix = prefix

    @classmethod
    def open(cls, address: str, *, outside: str = "") -> "Bucket":
        """Return the storage at `s3://BUCKET[/PREFIX]`.

        Args:
            address: of the bucket; where its server is comes from the `AWS_*` variables.
            outside: URL of the server as those know it who are given links.

        Raises:
            HubError: there is no such bucket, or it is not open to these credentials.
        """
        name, _, prefix = address.removeprefix("s3://").partition("/")
        try:
            client = _client()
            client.head_bucket(Bucket=name)
            public = _client(outside) if outside else client
        except (BotoCoreError, ClientError, ValueError) as error:
            raise HubError(
                f"the bucket `{name[:100]}` cannot be used: {error}",
                code="data",
                where=address,
                hint="make the bucket, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
                "AWS_REGION and, for a server of your own, AWS_ENDPOINT_URL_S3",
            ) from None
        below = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        return cls(client, name, below, outside=public)

    def writer(self, key: str) -> "_Writer":
        """Return where to write; small bytes go in one request, long ones in parts."""
        return _Writer(self._client, self._name, self._prefix + key)

    def stamp(self, key: str) -> Stamp | None:
        """Return size and entity tag."""
        try:
            with _reaching():
                found = self._client.head_object(Bucket=self._name, Key=self._prefix + key)
        except FileNotFoundError:
            return None
        return Stamp(
            size=int(found["ContentLength"]),
            mark=str(found["ETag"]),
            changed_at=found["LastModified"].astimezone(UTC),
        )

    def pieces(
        self, key: str, start: int = 0, end: int | None = None, *, mark: str | None = None
    ) -> Iterator[bytes]:
        """Yield a range of an object, which the server compares with `mark` first."""
        if end is not None and end <= start:
            return
        last = "" if end is None else str(end - 1)
        asked: dict[str, str] = {}
        if start or end is not None:
            asked["Range"] = f"bytes={start}-{last}"
        if mark is not None:
            asked["IfMatch"] = mark
        with _reaching():
            found = self._client.get_object(Bucket=self._name, Key=self._prefix + key, **asked)
            with contextlib.closing(found["Body"]) as body:
                if mark is not None and found["ETag"] != mark:
                    raise FileNotFoundError(key)
                short = end is not None and int(found["ContentLength"]) != end - start
                if mark is not None and short:
                    # Under the old tag some send what they have of what is being written anew.
                    raise OutOfReachError("it has not all of what it was asked for")
                yield from body.iter_chunks(_PIECE_BYTES)

    def move(self, key: str, to: str) -> None:
        """Have the server copy an object, then delete the first.

        One that is too long to be copied in one request goes through here.
        """
        found = self.stamp(key)
        if found is None:
            raise FileNotFoundError(key)
        if found.size <= _COPIED_BYTES:
            with _reaching():
                self._client.copy_object(
                    Bucket=self._name,
                    Key=self._prefix + to,
                    CopySource={"Bucket": self._name, "Key": self._prefix + key},
                    CopySourceIfMatch=found.mark,
                )
        else:
            writer = self.writer(to)
            try:
                for piece in self.pieces(key, mark=found.mark):
                    writer.write(piece)
                writer.keep()
            finally:
                writer.drop()
        self.delete(key)

    def delete(self, key: str) -> None:
        """Delete an object."""
        with _reaching():
            self._client.delete_object(Bucket=self._name, Key=self._prefix + key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`."""
        with _reaching():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._name, Prefix=self._prefix + prefix):
                for item in page.get("Contents", ()):
                    yield str(item["Key"]).removeprefix(self._prefix)

    def listed(self, prefix: str) -> Iterator[tuple[str, Stamp]]:
        """Yield the keys that begin with `prefix`, with their stamps, a thousand a request."""
        with _reaching():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._name, Prefix=self._prefix + prefix):
                for item in page.get("Contents", ()):
                    stamp = Stamp(
                        size=int(item["Size"]),
                        mark=str(item["ETag"]),
                        changed_at=item["LastModified"].astimezone(UTC),
                    )
                    yield str(item["Key"]).removeprefix(self._prefix), stamp

    def unkept(self, before: datetime, *, forget: bool) -> int:
        """Count uploads in parts that were begun before an instant and never put together."""
        count = 0
        with _reaching():
            pages = self._client.get_paginator("list_multipart_uploads")
            try:
                for page in pages.paginate(Bucket=self._name, Prefix=self._prefix):
                    for item in page.get("Uploads", ()):
                        if item["Initiated"].astimezone(UTC) >= before:
                            continue
                        count += 1
                        if forget:
                            self._client.abort_multipart_upload(
                                Bucket=self._name, Key=item["Key"], UploadId=item["UploadId"]
                            )
            except self._client.exceptions.NoSuchUpload:
                # Some servers say so where there is none to list, or the last one ended now.
                return count
        return count

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the next parts of the keys below `prefix/`."""
        below = f"{self._prefix}{prefix}/"
        found: set[str] = set()
        with _reaching():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._name, Prefix=below, Delimiter="/"):
                found |= {
                    str(item["Prefix"]).removeprefix(below).rstrip("/")
                    for item in page.get("CommonPrefixes", ())
                }
                found |= {str(item["Key"]).removeprefix(below) for item in page.get("Contents", ())}
        return tuple(sorted(found))

    def path(self, key: str) -> Path | None:  # noqa: ARG002 - no key is a file here
        """Return None: nothing here is a file of this machine."""
        return None

    def view(self, key: str, mark: str) -> View | None:  # noqa: ARG002 - as above
        """Return None: nothing here is a file of this machine."""
        return None

    def link(self, key: str, *, seconds: int, name: str) -> str | None:
        """Return a presigned URL (AWS Signature Version 4, query parameters)."""
        shown = quote(name, safe="")
        return str(
            self._outside.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._name,
                    "Key": self._prefix + key,
                    "ResponseContentType": "application/octet-stream",
                    "ResponseContentDisposition": f"attachment; filename*=UTF-8''{shown}",
                },
                ExpiresIn=seconds,
            )
        )

    def room(self) -> int | None:
        """Return None: a bucket does not say."""
        return None


class _Writer:
    """An object on its way: held until it is longer than a part, then sent in parts."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._held = bytearray()
        self._upload: str | None = None
        self._parts: list[dict[str, object]] = []
        self._done = False

    def write(self, piece: bytes | memoryview) -> None:
        self._held += piece
        if len(self._held) >= _PART_BYTES:
            self._send()

    def keep(self) -> None:
        with _reaching():
            if self._upload is None:
                self._client.put_object(**self._where, Body=self._held)
            else:
                if self._held:
                    self._send()
                self._client.complete_multipart_upload(
                    **self._where,
                    UploadId=self._upload,
                    MultipartUpload={"Parts": self._parts},
                )
        self._done = True
        self._held = bytearray()

    def drop(self) -> None:
        self._held = bytearray()
        if self._upload is not None and not self._done:
            with contextlib.suppress(OSError), _reaching():
                self._client.abort_multipart_upload(**self._where, UploadId=self._upload)
        self._done = True

    def _send(self) -> None:
        with _reaching():
            if self._upload is None:
                started = self._client.create_multipart_upload(**self._where)
                self._upload = str(started["UploadId"])
            number = len(self._parts) + 1
            sent = self._client.upload_part(
                **self._where,
                UploadId=self._upload,
                PartNumber=number,
                # As it is: a copy would be another 64 MiB.
                Body=self._held,
            )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._held = bytearray()


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn what the client raises into what callers of any storage expect."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise FileNotFoundError(code) from None
        raise OutOfReachError(f"it answers `{code or 'an error'}`") from None
    except (BotoCoreError, HTTPClientError) as error:
        raise OutOfReachError(type(error).__name__) from None


def _client(endpoint: str | None = None) -> Any:
    # A session of its own: the shared one keeps the credentials that were found first.
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        config=Config(
            signature_version="s3v4",
            retries={"max_attempts": 2, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=64,
            connect_timeout=5,
            read_timeout=60,
        ),
    )
