"""A hub in a process of its own, with the users and organisations the suite expects.

`OPENWEIR_TEST_HUB` says which size of it, as for all tests of the hub: an embedded one, one over
PostgreSQL and S3 (`scale-out`), or three of these behind nginx (`fleet`).
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "deploy")]
from hub_scale import behind_nginx, scale_out  # noqa: E402 - of the tests that this belongs to
from openweir.hub.accounts import Accounts  # noqa: E402 - as above
from openweir.hub.store import Store  # noqa: E402 - as above
from servers import Servers  # noqa: E402 - as above

AT = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = Path(__file__).parents[3] / "src"
USER, OTHER, ENTERPRISE = "DummyHubUser", "DVUser", "EnterpriseAdmin"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A hub that answers.

    Attributes:
        url: its address.
        tokens: user -> token.
    """

    url: str
    tokens: dict[str, str]


def provision(store: Store) -> dict[str, str]:
    """Make the suite's accounts in a hub's database; return each user's token."""
    try:
        accounts = Accounts(store)
        names = {USER: "Dummy User", OTHER: "", ENTERPRISE: ""}
        for name, full in names.items():
            accounts.add(name, publisher=False, at=AT, full_name=full)
        organisations = {
            "valid_org_hub": ("Dummy Hub Org", USER, False),
            "valid_org": ("Dummy Org", USER, False),
            "EnterpriseOrgPrivate": ("", ENTERPRISE, True),
        }
        for name, (full, admin, private) in organisations.items():
            accounts.add_organisation(name, at=AT, full_name=full, private=private)
            accounts.set_member(name, admin, "admin")
        return {name: accounts.new_token(name, at=AT) for name in names}
    finally:
        store.close()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Serve a new hub from `folder` until the block ends."""
    size = os.environ.get("OPENWEIR_TEST_HUB", "embedded")
    assert size in ("embedded", "scale-out", "fleet"), size
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    shared: tuple[str, ...] = ()
    if size == "embedded":
        tokens = provision(Store.embedded(folder / "data"))
    else:
        database, blobs = scale_out().fresh()
        shared = ("--database", database, "--blobs", blobs)
        tokens = provision(Store(database))
    with ExitStack() as stack:
        servers = stack.enter_context(Servers())
        urls = []
        for number in range(3 if size == "fleet" else 1):
            ready = folder / f"ready-{number}"
            data = folder / ("data" if size == "embedded" else f"data-{number}")
            words = ("--home", home, "--data", data, "--port", "0", "--ready-file", ready, *shared)
            servers.start(
                f"replica-{number}",
                (sys.executable, "-m", "openweir", "serve", *words),
                ready.exists,
                environment={"PYTHONPATH": str(SOURCE)},
            )
            urls.append(ready.read_text().strip())
        url = urls[0]
        if size == "fleet":
            url = behind_nginx(servers, [int(one.rpartition(":")[2]) for one in urls])
        yield Running(url=url, tokens=tokens)
