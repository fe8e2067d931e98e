"""A distributed S3 server below the hub: Swift's three nodes, one or two of them gone."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hub_scale import s3_server
from openweir.digest import sha256
from openweir.hub.blobs import Blobs
from openweir.hub.storage import OutOfReachError, Storage, open_storage
from servers import BUCKET, Servers
from swift_servers import node_names

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@dataclass
class Cluster:
    """Three nodes and the storage of a hub over them."""

    servers: Servers
    storage: Storage

    @property
    def blobs(self) -> Blobs:
        """The blobs as a replica sees them that knows nothing of them yet."""
        return Blobs(self.storage)

    def lose(self, node: int) -> None:
        """End a node's processes as a power cut would."""
        for name in node_names(node):
            self.servers.kill(name)

    def regain(self, node: int) -> None:
        """Start a node again, with its disk as it was."""
        for name in node_names(node):
            self.servers.again(name)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Swift, as long as these tests run."""
    with Servers() as servers, pytest.MonkeyPatch.context() as patch:
        s3 = s3_server(servers, "swift")
        for name, value in s3.environment.items():
            patch.setenv(name, value)
        yield Cluster(servers, open_storage(f"s3://{BUCKET}/cluster"))


def kept(cluster: Cluster, content: bytes) -> str:
    """Keep a blob; returns its digest."""
    digest = sha256(content)
    cluster.blobs.put(content, digest)
    return digest


def read(cluster: Cluster, digest: str, size: int) -> bytes:
    """Read a blob, hashed before its first byte goes out."""
    return b"".join(cluster.blobs.checked(digest, size).pieces(0, size))


def test_one_node_gone_costs_nothing(cluster: Cluster) -> None:
    """What was kept is read and listed, what comes is kept; with the node back it is the same."""
    before, meanwhile = os.urandom(3_000_000), os.urandom(2_000_000)
    first = kept(cluster, before)
    cluster.lose(2)
    second = kept(cluster, meanwhile)
    assert read(cluster, first, len(before)) == before
    assert read(cluster, second, len(meanwhile)) == meanwhile
    # Swift lists what it keeps a while later where a node is gone; it reads it at once.
    both, end = {Blobs.key(first), Blobs.key(second)}, time.monotonic() + 60
    while not both <= set(cluster.storage.keys("blobs/")):
        assert time.monotonic() < end, "a blob that is kept is listed within a minute"
        time.sleep(0.5)
    cluster.regain(2)
    assert read(cluster, second, len(meanwhile)) == meanwhile


def test_two_nodes_gone_it_says_so(cluster: Cluster) -> None:
    """A write without a majority is an error that says to try again; nothing is half there."""
    content, never = os.urandom(500_000), os.urandom(400_000)
    digest = kept(cluster, content)
    for node in (1, 3):
        cluster.lose(node)
    with pytest.raises(OutOfReachError):
        kept(cluster, never)
    for node in (1, 3):
        cluster.regain(node)
    assert read(cluster, digest, len(content)) == content
    assert kept(cluster, never) == sha256(never)
    assert read(cluster, sha256(never), len(never)) == never
