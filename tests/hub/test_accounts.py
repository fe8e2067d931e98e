"""Namespaces: users, organisations, what their tokens may do, and what they hold."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub_scale import opened
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.accounts import Accounts
from openweir.hub.blobs import Blobs
from openweir.hub.possession import Possession
from openweir.hub.store import Store

_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path):
    """An empty hub's database."""
    found = opened(tmp_path)
    yield found
    found.close()


def test_roles_in_an_organisation_say_what_a_member_may_do(store: Store) -> None:
    """`read` shows drafts, `write` changes them, `admin` answers for them; others see nothing."""
    accounts = Accounts(store)
    accounts.add_organisation("lab", at=_AT)
    for user in ("ann", "ben", "cat", "dan"):
        accounts.add(user, publisher=False, at=_AT)
    for user, role in (("ann", "admin"), ("ben", "write"), ("cat", "read")):
        accounts.set_member("lab", user, role)
    found = {}
    for user in ("ann", "ben", "cat", "dan"):
        who = accounts.principal(accounts.new_token(user, at=_AT), at=_AT)
        assert who is not None
        found[user] = (who.reads("lab/m"), who.writes("lab/m"), who.owns("lab/m"))
        assert who.owns(f"{user}/m")
    assert found == {
        "ann": (True, True, True),
        "ben": (True, True, False),
        "cat": (True, False, False),
        "dan": (False, False, False),
    }


def test_a_read_token_changes_nothing_and_an_expired_one_is_unknown(store: Store) -> None:
    """The role of a token bounds that of its user; past its last instant it speaks for nobody."""
    accounts = Accounts(store)
    accounts.add("ann", publisher=True, at=_AT)
    reader = accounts.principal(accounts.new_token("ann", at=_AT, role="read"), at=_AT)
    assert reader is not None
    assert (reader.reads("ann/m"), reader.writes("ann/m"), reader.owns("ann/m")) == (
        True,
        False,
        False,
    )
    short = accounts.new_token("ann", at=_AT, expires=_AT + timedelta(minutes=1))
    assert accounts.principal(short, at=_AT) is not None
    assert accounts.principal(short, at=_AT + timedelta(minutes=1)) is None


def test_users_and_organisations_share_one_list_of_names(store: Store) -> None:
    """No organisation can take a user's name, nor a user an organisation's."""
    accounts = Accounts(store)
    accounts.add("ann", publisher=False, at=_AT)
    accounts.add_organisation("lab", at=_AT)
    for add in (
        lambda: accounts.add_organisation("ann", at=_AT),
        lambda: accounts.add_organisation("lab", at=_AT),
        lambda: accounts.add("lab", publisher=False, at=_AT),
    ):
        with pytest.raises(HubError) as caught:
            add()
        assert caught.value.code == "hub.user-exists"


def test_what_one_namespace_holds_says_nothing_of_another(store: Store, tmp_path: Path) -> None:
    """A digest held elsewhere and one held nowhere are refused in the same words."""
    blobs, held = Blobs(tmp_path), sha256(b"1234567")
    blobs.put(b"1234567", held)
    possession = Possession(store, blobs)
    possession.record("ann", held, 7, at=_AT)
    possession.record("ann", held, 7, at=_AT)
    assert possession.require("ann", held) == 7
    messages = []
    for digest in (held, "b" * 64):
        with pytest.raises(HubError) as caught:
            possession.require("ben", digest)
        messages.append(caught.value.message.replace(digest[:12], "..."))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "address", ["postgresql://h:pw-1@x:port/y", "postgresql://h:pw-1@[::1/y", "mysqlx://h:pw-1@x"]
)
def test_an_address_that_is_none_is_said_in_a_sentence(address: str) -> None:
    """A mistyped address of the database is an error of the hub, and tells no password."""
    with pytest.raises(HubError, match="database cannot be opened") as caught:
        Store(address)
    assert caught.value.code == "hub.database"
    assert "pw-1" not in str(caught.value)
