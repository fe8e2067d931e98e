"""Accounts and tokens: who a request comes from.

A token is shown once and kept as its SHA-256 only. Its form is the one every
client of the Hugging Face Hub accepts: `hf_` and at least 34 letters and digits.
"""

import hmac
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.gate import Principal
from openweir.hub.schema import keyless_tokens as keyless
from openweir.hub.store import Store
from openweir.instant import format_instant, parse_instant

__all__ = ["Account", "Accounts", "Organisation", "Profile"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?", re.ASCII)
_TOKEN = re.compile(r"hf_[A-Za-z0-9]{34,253}", re.ASCII)
_SIGNS = string.ascii_letters + string.digits
_TOKEN_SIGNS = 37  # 220 bits
_ROLES = ("read", "write", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One user of the hub.

    Attributes:
        publisher: may publish and answer access requests under every name.
        tokens: how many of its tokens are in force.
    """

    name: str
    publisher: bool
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A namespace that several users share.

    Attributes:
        private: whether its repositories are private unless made otherwise.
        members: (user, role), sorted.
    """

    name: str
    full_name: str
    private: bool
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an account is told of itself.

    Attributes:
        full_name: how people call it; never empty.
        label: what the user calls the token in use.
        organisations: (name, full name, role) of each it belongs to.
    """

    full_name: str
    label: str
    organisations: tuple[tuple[str, str, str], ...]


class Accounts:
    """Users and their tokens."""

    def __init__(self, store: Store) -> None:
        """Work on the accounts in `store`."""
        self._store = store

    def add(self, name: str, *, publisher: bool, at: datetime, full_name: str = "") -> None:
        """Create an account.

        Args:
            name: its namespace too.
            publisher: whether it may publish and grant under every name.
            at: now.
            full_name: how people call it; the name itself when empty.

        Raises:
            HubError: the name is taken or cannot be a user's name.
        """
        if not _NAME.fullmatch(name):
            raise HubError(
                f"`{name[:100]}` cannot be a user's name",
                code="user-name",
                hint="letters, digits, `.`, `_` and `-`, at most 96",
            )
        if self.namespace_exists(name):
            raise HubError(
                f"user `{name}` exists already",
                code="user-exists",
                hint=f"openweir hub token new {name}",
            )
        try:
            with self._store.begin() as connection:
                connection.execute(
                    insert(schema.users).values(
                        name=name,
                        publisher=publisher,
                        created_at=format_instant(at),
                        full_name=full_name[:200],
                    )
                )
        except IntegrityError:
            raise HubError(
                f"user `{name}` exists already",
                code="user-exists",
                hint=f"openweir hub token new {name}",
            ) from None

    def exists(self, name: str) -> bool:
        """Whether there is an account of that name."""
        with self._store.begin() as connection:
            query = select(schema.users.c.name).where(schema.users.c.name == name)
            return connection.execute(query).first() is not None

    def belongs(self, user: str, namespace: str) -> bool:
        """Whether an account has any say in a namespace: its own, a member's, a publisher's."""
        members = schema.members
        with self._store.begin() as connection:
            member = select(members.c.user).where(
                members.c.user == user, members.c.organisation == namespace
            )
            publisher = select(schema.users.c.publisher).where(schema.users.c.name == user)
            return (
                user == namespace
                or connection.execute(member).first() is not None
                or connection.execute(publisher).scalar() is True
            )

    def all(self) -> tuple[Account, ...]:
        """Return every account, sorted by name."""
        with self._store.begin() as connection:
            users = connection.execute(select(schema.users).order_by(schema.users.c.name)).all()
            valid = select(schema.tokens.c.user).where(schema.tokens.c.revoked_at.is_(None))
            owners = list(connection.execute(valid).scalars())
        return tuple(
            Account(name=user.name, publisher=user.publisher, tokens=owners.count(user.name))
            for user in users
        )

    def add_organisation(
        self, name: str, *, at: datetime, full_name: str = "", private: bool = False
    ) -> None:
        """Create an organisation: a namespace that several users share.

        Args:
            name: no user's and no other organisation's.
            at: now.
            full_name: how people call it; the name itself when empty.
            private: whether its repositories are private unless made otherwise.

        Raises:
            HubError: the name is a user's or an organisation's already, or cannot be one.
        """
        if not _NAME.fullmatch(name):
            raise HubError(
                f"`{name[:100]}` cannot be an organisation's name",
                code="user-name",
                hint="letters, digits, `.`, `_` and `-`, at most 96",
            )
        if self.namespace_exists(name):
            raise _taken(name)
        try:
            with self._store.begin() as connection:
                connection.execute(
                    insert(schema.organisations).values(
                        name=name,
                        created_at=format_instant(at),
                        full_name=full_name[:200],
                        private=private,
                    )
                )
        except IntegrityError:
            raise _taken(name) from None

    def set_member(self, organisation: str, user: str, role: str | None) -> None:
        """Give a user a role in an organisation, or take it away with None.

        Raises:
            HubError: there is no such user, organisation or role.
        """
        if role not in (None, *_ROLES):
            raise HubError(
                f"`{role[:40] if role else role}` is no role",
                code="role",
                hint="one of " + ", ".join(_ROLES),
            )
        if not self.exists(user):
            raise HubError(f"there is no user `{user[:100]}`", code="unknown-user")
        members = schema.members
        with self._store.begin() as connection:
            known = select(schema.organisations.c.name).where(
                schema.organisations.c.name == organisation
            )
            if connection.execute(known).first() is None:
                told = f"there is no organisation `{organisation[:100]}`"
                raise HubError(told, code="unknown-user")
            connection.execute(
                delete(members).where(
                    members.c.organisation == organisation, members.c.user == user
                )
            )
            if role is not None:
                given = {"organisation": organisation, "user": user, "role": role}
                connection.execute(insert(members).values(**given))

    def organisations(self, name: str | None = None) -> tuple[Organisation, ...]:
        """Return every organisation with its members, sorted by name; or the one of a name."""
        table, members = schema.organisations, schema.members
        every, each = select(table), select(members)
        if name is not None:
            every = every.where(table.c.name == name)
            each = each.where(members.c.organisation == name)
        with self._store.begin() as connection:
            rows = connection.execute(every.order_by(table.c.name)).all()
            belongs = connection.execute(each.order_by(members.c.user)).all()
        return tuple(
            Organisation(
                name=row.name,
                full_name=row.full_name or row.name,
                private=row.private,
                members=tuple(
                    (each.user, each.role) for each in belongs if each.organisation == row.name
                ),
            )
            for row in rows
        )

    def profile(self, principal: Principal) -> Profile:
        """Return what to tell an account of itself and of the token in use."""
        users, tokens = schema.users, schema.tokens
        own = select(users.c.full_name).where(users.c.name == principal.user)
        label = select(tokens.c.label).where(tokens.c.sha256 == principal.token_sha256)
        organisations = schema.organisations
        with self._store.begin() as connection:
            full_name = connection.execute(own).scalar_one_or_none()
            called = connection.execute(label).scalar_one_or_none()
            names = [name for name, _ in principal.organisations]
            rows = connection.execute(
                select(organisations.c.name, organisations.c.full_name).where(
                    organisations.c.name.in_(names)
                )
            ).all()
        full = {row.name: row.full_name or row.name for row in rows}
        return Profile(
            full_name=full_name or principal.user,
            label=called or principal.token,
            organisations=tuple(
                (name, full.get(name, name), role) for name, role in principal.organisations
            ),
        )

    def private_unless_stated(self, namespace: str) -> bool:
        """Whether a repository of this namespace is private unless made otherwise."""
        table = schema.organisations
        query = select(table.c.private).where(table.c.name == namespace)
        with self._store.begin() as connection:
            return bool(connection.execute(query).scalar_one_or_none())

    def namespace_exists(self, name: str) -> bool:
        """Whether `name` is a user or an organisation, in whatever letters.

        Nobody passes for another by the case of a letter, nor shares their folders on disks
        that do not tell cases apart.
        """
        names = (schema.organisations.c.name, schema.users.c.name)
        with self._store.begin() as connection:
            found = [select(each).where(func.lower(each) == name.lower()) for each in names]
            return any(connection.execute(query).first() is not None for query in found)

    def new_token(
        self,
        user: str,
        *,
        at: datetime,
        role: str = "write",
        label: str = "",
        expires: datetime | None = None,
    ) -> str:
        """Return a new token of a user; only its digest is kept.

        Args:
            user: whom it speaks for.
            at: now.
            role: `read` or `write`; a `read` token changes nothing.
            label: what its user calls it.
            expires: the instant from which it is unknown; None until revoked.

        Raises:
            HubError: there is no such user or role.
        """
        if role not in ("read", "write"):
            raise HubError(f"`{role[:40]}` is no role of a token", code="role")
        if not self.exists(user):
            raise HubError(
                f"there is no user `{user[:100]}`",
                code="unknown-user",
                hint=f"openweir hub user add {user[:100]}",
            )
        token = "hf_" + "".join(secrets.choice(_SIGNS) for _ in range(_TOKEN_SIGNS))
        with self._store.begin() as connection:
            connection.execute(
                insert(schema.tokens).values(
                    sha256=sha256(token.encode()),
                    user=user,
                    created_at=format_instant(at),
                    role=role,
                    label=label[:96],
                    expires_at=None if expires is None else format_instant(expires),
                )
            )
        return token

    def revoke_tokens(self, user: str, *, at: datetime) -> int:
        """Revoke every token of a user and return how many there were.

        Logins that wait or could be renewed end with them: neither gives a new one.

        Raises:
            HubError: there is no such user.
        """
        if not self.exists(user):
            raise HubError(f"there is no user `{user[:100]}`", code="unknown-user")
        tokens = schema.tokens
        with self._store.begin() as connection:
            done = connection.execute(
                update(tokens)
                .where(tokens.c.user == user, tokens.c.revoked_at.is_(None))
                .values(revoked_at=format_instant(at))
            )
            for table in (schema.refresh_tokens, schema.logins):
                connection.execute(delete(table).where(table.c.user == user))
        return int(done.rowcount)

    def principal(self, token: str, *, at: datetime | None = None) -> Principal | None:
        """Return whom a token speaks for, or None when it is unknown, revoked or expired.

        Args:
            token: as the client sent it.
            at: now; None takes no token for expired.
        """
        known = _TOKEN.fullmatch(token) is not None
        return self.of_token(sha256(token.encode()), at=at) if known else None

    def of_token(self, digest: str, *, at: datetime | None = None) -> Principal | None:
        """Return whom the token of that SHA-256 speaks for; as `principal` otherwise.

        Args:
            digest: never taken from a client as it is, only from a right the hub signed.
            at: now; None takes no token for expired.
        """
        found, expires = self._store.once.get(("token", digest), lambda: self._of_token(digest))
        ended = at is not None and expires is not None and expires <= at
        return None if ended else found

    def _of_token(self, digest: str) -> tuple[Principal | None, datetime | None]:
        """Return whom a token speaks for and until when; nobody once it was revoked."""
        query = (
            select(schema.tokens, schema.users.c.name, schema.users.c.publisher, keyless.c.only)
            .join(schema.users, schema.users.c.name == schema.tokens.c.user)
            .outerjoin(keyless, keyless.c.sha256 == schema.tokens.c.sha256)
            .where(schema.tokens.c.sha256 == digest)
        )
        table = schema.members
        with self._store.begin() as connection:
            found = connection.execute(query).first()
            if found is None or found.revoked_at or not hmac.compare_digest(found.sha256, digest):
                return None, None
            members = select(table.c.organisation, table.c.role).where(table.c.user == found.name)
            rows = connection.execute(members).all()
        principal = Principal(
            user=found.name,
            publisher=found.publisher,
            token=digest[:12],
            token_sha256=digest,
            may_write=found.role == "write",
            organisations=tuple(sorted((row.organisation, row.role) for row in rows)),
            only=found.only or "",
        )
        return principal, parse_instant(found.expires_at) if found.expires_at else None


def _taken(name: str) -> HubError:
    return HubError(f"`{name}` is a user's or an organisation's name already", code="user-exists")
