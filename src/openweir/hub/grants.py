"""Requests for access and their answers.

A grant belongs to a person and a name, carries the purpose that was stated and a
last day, and can be taken back at any time: the next request of that client is
refused.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from openweir.canonical import compact
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.gate import Grant, GrantStatus
from openweir.hub.store import Store
from openweir.instant import format_instant, parse_day, parse_instant

__all__ = ["Grants", "Statistics"]

_MAX_PURPOSE = 4000
_MAX_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How the gate of one release was used; published with it."""

    asked: int
    pending: int
    accepted: int
    rejected: int


class Grants:
    """Access requests and grants in the database."""

    def __init__(self, store: Store) -> None:
        """Work on the requests in `store`."""
        self._store = store

    def of(self, name: str, user: str) -> Grant | None:
        """Return the user's request for a release, or None."""
        return self._store.once.get(("grant", name, user), lambda: self._of(name, user))

    def _of(self, name: str, user: str) -> Grant | None:
        with self._store.begin() as connection:
            return _find(connection, name, user)

    def by_id(self, name: str, request_id: str) -> Grant | None:
        """Return the request of that id if it is for this release."""
        query = select(schema.requests).where(
            schema.requests.c.id == request_id, schema.requests.c.name == name
        )
        with self._store.begin() as connection:
            found = connection.execute(query).mappings().first()
        return None if found is None else _grant(dict(found))

    def list(self, name: str, status: GrantStatus | None = None) -> tuple[Grant, ...]:
        """Return the requests for a release, oldest first."""
        table = schema.requests
        query = select(table).where(table.c.name == name).order_by(table.c.asked_at, table.c.id)
        if status is not None:
            query = query.where(table.c.status == status.value)
        with self._store.begin() as connection:
            return tuple(_grant(dict(row)) for row in connection.execute(query).mappings())

    def statistics(self, name: str) -> Statistics:
        """Return how many asked and how they were answered."""
        table = schema.requests
        query = select(table.c.status, func.count()).where(table.c.name == name)
        with self._store.begin() as connection:
            rows = connection.execute(query.group_by(table.c.status)).all()
        counts: dict[str, int] = dict(map(tuple, rows))
        return Statistics(
            asked=sum(counts.values()),
            pending=counts.get(GrantStatus.PENDING.value, 0),
            accepted=counts.get(GrantStatus.ACCEPTED.value, 0),
            rejected=counts.get(GrantStatus.REJECTED.value, 0),
        )

    def ask(
        self,
        name: str,
        user: str,
        *,
        purpose: str,
        at: datetime,
        terms: tuple[str, ...] = (),
        fields: Mapping[str, str] = MappingProxyType({}),
        panel: str = "",
        renew: bool = False,
    ) -> Grant:
        """Record a request for access; an open or granted one stays as it is.

        Args:
            name: of the release.
            user: who asks.
            purpose: in their words.
            at: now.
            terms: what they declare and accept, as term ids.
            fields: of the form.
            panel: who would hear an appeal, as published now.
            renew: whether a granted one no longer meets the rules, and is asked for anew.

        Raises:
            HubError: no purpose is stated, it is too long, or the request was rejected before.
        """
        form = {
            "terms": compact(list(terms)).decode(),
            "fields": compact(dict(fields)).decode(),
            "panel": panel,
        }
        if not purpose.strip() or len(purpose) > _MAX_PURPOSE:
            raise HubError(
                "a request for access states its purpose",
                code="purpose",
                hint=f"say in at most {_MAX_PURPOSE} letters what you want to do with the model",
            )
        with _one_at_a_time(name), self._store.begin() as connection:
            found = _find(connection, name, user)
            if found is not None and found.status is GrantStatus.REJECTED:
                raise HubError(
                    "your request was rejected" + (f": {found.reason}" if found.reason else ""),
                    code="rejected",
                    hint="appeal once: openweir access appeal ORG/NAME --reason TEXT"
                    if found.panel and not found.appeal
                    else "write to the contact named on the release's page",
                )
            if found is None:
                _insert(connection, name, user, GrantStatus.PENDING, purpose=purpose, at=at, **form)
            elif (
                renew
                or not found.carried(at)
                or (found.expires is not None and found.expires < at.date())
            ):
                _answer(
                    connection,
                    name,
                    user,
                    GrantStatus.PENDING,
                    purpose=purpose,
                    asked_at=format_instant(at),
                    expires=None,
                    until=None,
                    answered_at=None,
                    **form,
                )
            answered = _find(connection, name, user)
        assert answered is not None
        return answered

    def answer(
        self,
        name: str,
        user: str,
        status: GrantStatus,
        *,
        by: str,
        at: datetime,
        expires: date | None = None,
        reason: str = "",
        reason_class: str = "",
        until: datetime | None = None,
        cohort: str = "",
        by_panel: bool = False,
    ) -> Grant:
        """Accept, reject or reopen a user's access; accepting needs no request before it.

        Args:
            name: of the release.
            user: whose access.
            status: the answer.
            by: who answers.
            at: now.
            expires: last day on which it counts.
            reason: told to the user.
            reason_class: counted in the public statistics.
            until: the instant from which what the user showed carries no more.
            cohort: the stage from which it counts.
            by_panel: whether a panel answers.

        Raises:
            HubError: there is no such user, or no request of theirs to reject.
        """
        if expires is not None and expires < at.date():
            raise HubError(f"`{expires}` has passed already", code="expires")
        with _one_at_a_time(name), self._store.begin() as connection:
            users = select(schema.users.c.name).where(schema.users.c.name == user)
            if connection.execute(users).first() is None:
                raise HubError(f"there is no user `{user[:100]}`", code="unknown-user")
            found = _find(connection, name, user)
            if found is None and status is not GrantStatus.ACCEPTED:
                raise HubError(
                    f"`{user}` has not asked for access to `{name}`", code="unknown-request"
                )
            if found is None:
                _insert(connection, name, user, status, purpose="", at=at, asked=False)
            _answer(
                connection,
                name,
                user,
                status,
                answered_at=format_instant(at),
                answered_by=by,
                reason=reason[:_MAX_REASON],
                reason_class=reason_class[:16],
                until=None if until is None else format_instant(until),
                cohort=cohort,
                by_panel=by_panel,
                expires=None if expires is None else expires.isoformat(),
            )
            answered = _find(connection, name, user)
        assert answered is not None
        return answered

    def reset(self, name: str, user: str) -> None:
        """Take an answer back and forget the request, so that the user may ask again.

        Raises:
            HubError: there is no request of theirs.
        """
        table = schema.requests
        with self._store.begin() as connection:
            found = _find(connection, name, user)
            if found is None:
                raise HubError(
                    f"`{user[:100]}` has not asked for access to `{name}`", code="unknown-request"
                )
            connection.execute(delete(schema.votes).where(schema.votes.c.request_id == found.id))
            connection.execute(delete(table).where(table.c.id == found.id))

    def end(self, name: str) -> int:
        """End every grant under a name and forget what waits; return how many there were.

        Rejections stay, so that nobody asks around them, and so does what a panel decided.
        """
        table = schema.requests
        open_ones = (GrantStatus.ACCEPTED.value, GrantStatus.PENDING.value)
        ended = (
            delete(table)
            .where(table.c.name == name, table.c.status.in_(open_ones))
            .where(table.c.by_panel.is_(False), table.c.appeal == "")
        )
        with self._store.begin() as connection:
            return int(connection.execute(ended).rowcount)

    def appeal(self, name: str, user: str, *, text: str) -> Grant:
        """Record that a rejected user takes the answer to the panel.

        Raises:
            HubError: they were not rejected, appealed already, or there was no panel.
        """
        table = schema.requests
        with self._store.begin() as connection:
            found = _find(connection, name, user)
            if found is None or found.status is not GrantStatus.REJECTED or found.appeal:
                raise HubError(
                    "an appeal is against a rejection, once", code="conflict", where=name
                )
            if not found.panel:
                raise HubError("this gate had no panel when you asked", code="unknown-request")
            if not text.strip() or len(text) > _MAX_PURPOSE:
                raise HubError("an appeal says why", code="purpose")
            connection.execute(update(table).where(table.c.id == found.id).values(appeal=text))
            appealed = _find(connection, name, user)
        assert appealed is not None
        return appealed


@contextmanager
def _one_at_a_time(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise HubError(
            f"two answers for `{name}` at the same moment", code="conflict", hint="try again"
        ) from None


def _find(connection: Connection, name: str, user: str) -> Grant | None:
    table = schema.requests
    query = select(table).where(table.c.name == name, table.c.user == user)
    found = connection.execute(query).mappings().first()
    return None if found is None else _grant(dict(found))


def _insert(
    connection: Connection,
    name: str,
    user: str,
    status: GrantStatus,
    *,
    purpose: str,
    at: datetime,
    **columns: object,
) -> None:
    connection.execute(
        insert(schema.requests).values(
            id=secrets.token_hex(12),
            name=name,
            user=user,
            status=status.value,
            purpose=purpose,
            asked_at=format_instant(at),
            answered_by="",
            reason="",
            **columns,
        )
    )


def _answer(
    connection: Connection,
    name: str,
    user: str,
    status: GrantStatus,
    **columns: object,
) -> None:
    table = schema.requests
    connection.execute(
        update(table)
        .where(table.c.name == name, table.c.user == user)
        .values(status=status.value, **columns)
    )


def _grant(found: dict[str, Any]) -> Grant:
    return Grant(
        id=found["id"],
        name=found["name"],
        user=found["user"],
        status=GrantStatus(found["status"]),
        purpose=found["purpose"],
        asked_at=parse_instant(found["asked_at"]),
        answered_at=None if found["answered_at"] is None else parse_instant(found["answered_at"]),
        answered_by=found["answered_by"],
        reason=found["reason"],
        expires=None if found["expires"] is None else parse_day(found["expires"]),
        asked=found["asked"],
        terms=tuple(json.loads(found["terms"])),
        fields=tuple(sorted(json.loads(found["fields"]).items())),
        reason_class=found["reason_class"],
        until=None if found["until"] is None else parse_instant(found["until"]),
        cohort=found["cohort"],
        panel=found["panel"],
        appeal=found["appeal"],
        by_panel=found["by_panel"],
    )
