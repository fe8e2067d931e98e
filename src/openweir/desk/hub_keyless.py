"""`openweir hub keyless`: say which jobs of which OpenID provider act for which account."""

from pathlib import Path

from openweir.desk.clock import now
from openweir.errors import HubError, UsageError
from openweir.hub.access.keyless import (
    KEYLESS_PROVIDERS,
    KeylessProvider,
    Rule,
    providers_text,
)
from openweir.hub.accounts import Accounts
from openweir.hub.keyless_logins import KeylessLogins
from openweir.hub.store import Store

__all__ = ["let_in", "shut_out"]


def let_in(
    data: Path, url: str, *, audience: str, subject: str, account: str, database: str | None
) -> tuple[KeylessProvider, ...]:
    """Let a provider's subjects act for an account; return every provider with its rules.

    Args:
        data: the hub's data directory.
        url: the provider's issuer identifier.
        audience: what its tokens for this hub say; empty to keep what was said before.
        subject: as the provider writes it; `*` stands for any text.
        account: of this hub.
        database: of a hub with replicas.

    Raises:
        UsageError: there is no hub, or no audience was ever said.
        HubError: the provider cannot be one, the pattern takes anybody, or there is no such
            account.
    """
    store = _store(data, database)
    try:
        accounts = Accounts(store)
        if not accounts.exists(account):
            raise HubError(
                f"there is no user `{account[:100]}`",
                code="unknown-user",
                hint=f"openweir hub user add {account[:100]}",
            )
        known = {each.url: each for each in KeylessLogins(store, accounts).providers()}
        before = known.get(url)
        if not audience and before is None:
            raise UsageError(
                "say which audience the provider's tokens for this hub name",
                code="no-audience",
                hint="--audience https://hub.example, the hub's address as its clients know it",
            )
        rules = () if before is None else before.rules
        rule = Rule(subject=subject, account=account)
        known[url] = KeylessProvider(
            url=url,
            audience=audience or ("" if before is None else before.audience),
            rules=(*(each for each in rules if each != rule), rule),
        )
        return _keep(store, known)
    finally:
        store.close()


def shut_out(
    data: Path, url: str, *, database: str | None
) -> tuple[tuple[KeylessProvider, ...], int]:
    """Name a provider no more; return those that are left, and how many tokens ended.

    Raises:
        UsageError: there is no hub.
    """
    store = _store(data, database)
    try:
        logins = KeylessLogins(store, Accounts(store))
        known = {each.url: each for each in logins.providers() if each.url != url}
        # First the rule, then the tokens: none is made between the two.
        kept = _keep(store, known)
        return kept, logins.end(url, at=now())
    finally:
        store.close()


def _keep(store: Store, known: dict[str, KeylessProvider]) -> tuple[KeylessProvider, ...]:
    text = providers_text(known.values())
    store.setting(KEYLESS_PROVIDERS, text)
    store.set_setting(KEYLESS_PROVIDERS, text)
    return tuple(sorted(known.values(), key=lambda provider: provider.url))


def _store(data: Path, database: str | None) -> Store:
    if database is None and not (data / "hub.sqlite").is_file():
        raise UsageError(
            f"there is no hub in `{data}`",
            code="no-hub",
            hint=f"start one first: openweir serve --data {data}",
        )
    return Store.embedded(data) if database is None else Store(database)
