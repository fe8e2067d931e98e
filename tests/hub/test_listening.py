"""What one replica changes, the others hear with its commit; one that hears nothing keeps nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import httpx
import pytest

from hub.test_orders import entry
from hub_live import listening
from hub_served import Served
from hub_world import World
from openweir.hub.gate import GrantStatus
from openweir.hub.hub import Hub

pytestmark = pytest.mark.peer

PATH = "/acme/small/resolve/main/model.safetensors"


class Pair:
    """A hub in this process, and a replica that listens on a socket."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        """Publish one gated release and let `granted` in."""
        self.served = Served(World(root / "world"), root, scale=True)
        stack.callback(self.served.close)
        assert self.served.publish(self.served.world.release()).is_success
        self.served.settle()
        self.other: Hub = self.served.another()
        stack.callback(self.other.close)
        self.url = stack.enter_context(listening(self.other))
        self.client = stack.enter_context(
            httpx.Client(base_url=self.url, headers=self.served.headers("granted"))
        )
        wait(lambda: self.other.hears)

    def head(self) -> int:
        """Ask the replica for the head of the file."""
        return self.client.head(PATH).status_code

    def until_refused(self) -> float:
        """Seconds until the replica refuses, asked without a pause."""
        since = monotonic()
        while self.head() == 200:
            assert monotonic() - since < 10
        return monotonic() - since


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two replicas over one PostgreSQL and one bucket."""
    with ExitStack() as stack:
        yield Pair(tmp_path, stack)


def wait(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    since = monotonic()
    while not holds():
        assert monotonic() - since < 20
        threading.Event().wait(0.01)


def reject(pair: Pair) -> None:
    """Take the grant back, on the first hub."""
    pair.served.hub.grants.answer(
        "acme/small", "granted", GrantStatus.REJECTED, by="acme", at=pair.served.now
    )


def test_a_revocation_is_heard_long_before_the_second_is_over(pair: Pair) -> None:
    """The replica drops what it keeps with the notice: a tenth of the bound, not the bound."""
    assert pair.head() == 200
    reject(pair)
    assert pair.until_refused() < 0.3


@pytest.mark.parametrize("what", ["halt", "token", "gate", "order"])
def test_every_kind_of_change_is_heard(pair: Pair, what: str) -> None:
    """Halts, tokens and orders stop a replica's kept answers; a gate's change is heard too."""
    hub, served = pair.served.hub, pair.served
    assert pair.head() == 200
    before = pair.other.store.epoch
    if what == "halt":
        hub.notices.halt("acme/small", trigger="weights-leak", text="x", by="acme", at=served.now)
    elif what == "token":
        hub.accounts.revoke_tokens("granted", at=served.now)
    elif what == "order":
        served.world.log.append([entry("acme/small")])
    else:
        path = "/api/openweir/releases/acme/small/gate"
        body = {"schema": "openweir/gate/1", "level": 3}
        served.client.put(path, json=body, headers=served.headers("acme"))
        wait(lambda: pair.other.store.epoch != before)
        return
    assert pair.until_refused() < 0.5


def test_uploads_are_not_told(pair: Pair) -> None:
    """Bytes that come in change no answer, so nobody is told of them."""
    before = pair.other.store.epoch
    pair.served.hub.workspace.hold("acme", b"some bytes", at=pair.served.now)
    threading.Event().wait(0.3)
    assert pair.other.store.epoch == before


def test_a_replica_that_hears_nothing_keeps_nothing(pair: Pair) -> None:
    """Its line cut, the replica still refuses within two seconds, and hears again by itself."""
    import psycopg

    assert pair.head() == 200
    address = pair.served.shared[0]
    assert address is not None
    hold = threading.Event()
    listener = pair.other.listener
    assert listener is not None
    real = listener._listen

    def deaf() -> None:
        if hold.is_set():
            raise psycopg.OperationalError("no line")
        real()

    listener._listen = deaf  # type: ignore[method-assign]
    hold.set()
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'openweir-listener'"
    )
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(cut)  # type: ignore[arg-type]
    since = monotonic()
    reject(pair)
    assert pair.until_refused() < 2
    wait(lambda: not pair.other.hears)
    pair.served.hub.grants.answer(
        "acme/small", "granted", GrantStatus.ACCEPTED, by="acme", at=pair.served.now
    )
    assert pair.head() == 200
    reject(pair)
    # Nothing is kept now: the very next request asks the database.
    assert pair.head() == 403
    hold.clear()
    wait(lambda: pair.other.hears)
    assert monotonic() - since < 20
