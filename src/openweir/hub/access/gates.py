"""Rules, visas and votes in the database."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from openweir.canonical import Object, parse
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.access.rules import GateRules, beside
from openweir.hub.access.visas import Visa
from openweir.hub.schema import gate_cards
from openweir.hub.store import Store
from openweir.instant import format_instant, parse_instant

__all__ = ["Gates"]


class Gates:
    """What gates ask, and what people have shown."""

    def __init__(self, store: Store) -> None:
        """Work on the rules and visas in `store`."""
        self._store = store

    def rules(self, name: str) -> GateRules:
        """Return a release's rules: its publisher's, and what its card says beside them."""
        return self.published(name)[0]

    def published(self, name: str) -> tuple[GateRules, datetime | None]:
        """Return a release's rules and when they were stated; None where nobody did."""
        return self._store.once.get(("gate", name), lambda: self._published(name))

    def _published(self, name: str) -> tuple[GateRules, datetime | None]:
        table, cards = schema.gates, gate_cards
        with self._store.begin() as connection:
            query = select(table.c.rules, table.c.at).where(table.c.name == name)
            row = connection.execute(query).first()
            card = connection.execute(select(cards.c.card).where(cards.c.name == name)).scalar()
        if row is None:
            return _read(None, card), None
        return _read(row[0], card), parse_instant(row[1])

    def set_card(self, name: str, card: GateRules) -> None:
        """Keep what the card of the release in force says of its gate."""
        with self._store.begin() as connection:
            connection.execute(delete(gate_cards).where(gate_cards.c.name == name))
            if card != GateRules():
                connection.execute(
                    insert(gate_cards).values(name=name, card=card.to_bytes().decode())
                )

    def set_rules(self, name: str, rules: GateRules, *, by: str, at: datetime) -> None:
        """Publish a release's rules in place of those before."""
        table = schema.gates
        with self._store.begin() as connection:
            connection.execute(delete(table).where(table.c.name == name))
            connection.execute(
                insert(table).values(
                    name=name, rules=rules.to_bytes().decode(), by=by, at=format_instant(at)
                )
            )

    def visas(self, user: str) -> tuple[Visa, ...]:
        """Return every visa a user has shown, ended ones too."""
        return self._store.once.get(("visas", user), lambda: self._visas(user))

    def _visas(self, user: str) -> tuple[Visa, ...]:
        table = schema.visas
        with self._store.begin() as connection:
            rows = connection.execute(select(table).where(table.c.user == user)).mappings().all()
        return tuple(
            Visa(
                issuer=row["issuer"],
                subject=row["subject"],
                type=row["type"],
                value=row["value"],
                source=row["source"],
                by=row["by"],
                asserted=parse_instant(row["asserted"]),
                until=parse_instant(row["until"]),
            )
            for row in rows
        )

    def keep(self, user: str, issuer: str, subject: str, visas: Iterable[Visa]) -> None:
        """Replace what an issuer vouches for about a user.

        Raises:
            HubError: another account has shown to be the same person.
        """
        table = schema.visas
        with self._store.begin() as connection:
            other = select(table.c.user).where(
                table.c.issuer == issuer, table.c.subject == subject, table.c.user != user
            )
            if connection.execute(other).first() is not None:
                raise HubError("another account here is this person already", code="visa")
            connection.execute(delete(table).where(table.c.user == user, table.c.holder == issuer))
            for visa in visas:
                connection.execute(
                    insert(table).values(
                        user=user,
                        holder=issuer,
                        issuer=visa.issuer,
                        subject=visa.subject,
                        type=visa.type,
                        value=visa.value,
                        source=visa.source,
                        by=visa.by,
                        asserted=format_instant(visa.asserted),
                        until=format_instant(visa.until),
                    )
                )

    def vote(
        self, request_id: str, user: str, *, accept: bool, reason: str, at: datetime
    ) -> tuple[int, int]:
        """Record a panel member's vote; return how many said yes and how many no.

        Raises:
            HubError: they have voted.
        """
        table = schema.votes
        try:
            with self._store.begin() as connection:
                connection.execute(
                    insert(table).values(
                        request_id=request_id,
                        user=user,
                        accept=accept,
                        reason=reason[:400],
                        at=format_instant(at),
                    )
                )
                query = select(table.c.accept, func.count()).where(table.c.request_id == request_id)
                counts = dict(map(tuple, connection.execute(query.group_by(table.c.accept)).all()))
        except IntegrityError:
            raise HubError(f"`{user}` has voted on this already", code="conflict") from None
        return int(counts.get(True, 0)), int(counts.get(False, 0))


def _read(stated: str | None, card: str | None) -> GateRules:
    rules = GateRules() if stated is None else _rules(stated, "gate rules")
    if card is None:
        return rules
    told = _rules(card, "gate card")
    return told if stated is None else beside(rules, told)


def _rules(text: str, where: str) -> GateRules:
    return GateRules.read(Object(parse(text.encode(), where=where), where))
