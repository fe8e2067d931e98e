"""Keyless logins in the database: the tokens they made, and their end with their provider."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.access.keyless import (
    KEYLESS_FOR,
    KEYLESS_PROVIDERS,
    KeylessProvider,
    Resource,
    accounts_of,
    check_claims,
    read_providers,
    read_resource,
)
from openweir.hub.accounts import Accounts
from openweir.hub.gate import Principal
from openweir.hub.schema import keyless_tokens
from openweir.hub.store import Store
from openweir.instant import format_instant

__all__ = ["Exchanged", "KeylessLogins"]

_NONE = '{"providers":[]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A token that a job got.

    Attributes:
        token: shown once.
        account: whom it speaks for.
        role: `read` or `write`.
        resource: what it is for.
        issuer, subject: who vouched, and for whom.
    """

    token: str
    account: str
    role: str
    resource: Resource
    issuer: str
    subject: str


class KeylessLogins:
    """What the operator's providers may do, and what they did."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        """Work on the tokens in `store`."""
        self._store = store
        self._accounts = accounts

    def providers(self) -> tuple[KeylessProvider, ...]:
        """Return the providers that the operator named."""
        return read_providers(self._store.setting(KEYLESS_PROVIDERS, _NONE))

    def exchange(self, id_token: str, resource: str, *, at: datetime) -> Exchanged:
        """Trade a provider's ID token for one of this hub.

        Args:
            id_token: as the job sent it.
            resource: a repository to write, or an account to read as.
            at: now.

        Raises:
            HubError: with `hub.oauth-request` or `hub.oauth-target`: the token does not
                count, or nothing it stands for may do this; `hub.provider`: its provider
                cannot be reached.
        """
        # Its libraries are heavy, and most hubs name no provider.
        from openweir.hub.access.id_tokens import verified  # noqa: PLC0415 - see above

        wanted = read_resource(resource)
        provider, claims = verified(id_token, self.providers())
        subject = check_claims(claims, provider, at=at)
        account = self._account(accounts_of(provider, subject), wanted)
        if account is None:
            raise HubError(
                f"no rule of this hub lets `{subject[:200]}` do this to `{wanted.name}`",
                code="oauth-target",
            )
        role = "write" if wanted.repository else "read"
        token = self._accounts.new_token(
            account, at=at, role=role, label="keyless login", expires=at + KEYLESS_FOR
        )
        with self._store.begin() as connection:
            connection.execute(
                insert(keyless_tokens).values(
                    sha256=sha256(token.encode()),
                    only=wanted.name if wanted.repository else "",
                    issuer=provider.url,
                    subject=subject,
                )
            )
        return Exchanged(
            token=token,
            account=account,
            role=role,
            resource=wanted,
            issuer=provider.url,
            subject=subject,
        )

    def made(self, digest: str) -> bool:
        """Whether the token of that SHA-256 came by a keyless login."""
        query = select(keyless_tokens.c.sha256).where(keyless_tokens.c.sha256 == digest)
        with self._store.begin() as connection:
            return connection.execute(query).first() is not None

    def end(self, issuer: str, *, at: datetime) -> int:
        """End every token that a provider's jobs hold; return how many there were."""
        tokens, keyless = schema.tokens, keyless_tokens
        made = select(keyless.c.sha256).where(keyless.c.issuer == issuer)
        with self._store.begin() as connection:
            done = connection.execute(
                update(tokens)
                .where(tokens.c.sha256.in_(made), tokens.c.revoked_at.is_(None))
                .where(tokens.c.expires_at > format_instant(at))
                .values(revoked_at=format_instant(at))
            )
        return int(done.rowcount)

    def _account(self, accounts: tuple[str, ...], wanted: Resource) -> str | None:
        for account in accounts:
            mine = account == wanted.name and self._accounts.exists(account)
            if self._writes(account, wanted.name) if wanted.repository else mine:
                return account
        return None

    def _writes(self, account: str, name: str) -> bool:
        """Whether an account may write a repository, by what it is now."""
        users, members = schema.users, schema.members
        with self._store.begin() as connection:
            known = select(users.c.publisher).where(users.c.name == account)
            publisher = connection.execute(known).scalar_one_or_none()
            belongs = select(members.c.organisation, members.c.role)
            rows = connection.execute(belongs.where(members.c.user == account)).all()
        if publisher is None:
            return False
        roles = tuple((row.organisation, row.role) for row in rows)
        now = Principal(user=account, publisher=publisher, token="", organisations=roles)
        return now.writes(name)
