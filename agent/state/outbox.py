"""Messages that are posted once: a row first, the post second, the answer third.

    pending    being posted, or the process died in between
    ambiguous  sent, but no answer came back: it may be there or not
    failed     refused: it is not there, and may be tried again
    sent       there, under ``ts``

A row is worked on by the caller that took it last. Others may take a failed one at once, an ambiguous one after
``SETTLE``, and a pending one after ``MOMENT``, when its caller must be dead. ``attempts`` is the fence: a caller
that was overtaken finds another number there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, and_, or_, select, update

from agent.state.tables import insert_into, outbox

MOMENT = timedelta(minutes=10)
"""Longer than one request to Slack can take, its waits for the rate limit included."""

SETTLE = timedelta(minutes=1)
"""Longer than a message may take from Slack's door to the channel's history."""

Delivery = Literal["pending", "sent", "ambiguous", "failed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. ``ts`` and ``channel_id`` are None until it was posted, ``error`` when nothing went wrong."""

    key: str
    channel: str
    payload: str
    state: Delivery
    ts: str | None
    channel_id: str | None
    error: str | None
    attempts: int
    created: datetime
    updated: datetime

    @property
    def content(self) -> dict[str, Any]:
        """The message as it was put in."""
        content: dict[str, Any] = json.loads(self.payload)
        return content


class Outbox:
    """The table ``outbox``. Every method is one short transaction; moments are aware and passed in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, key: str, channel: str, content: Mapping[str, Any], now: datetime) -> Entry | None:
        """Adds a pending row, taken by the caller; None when the key is there already. One caller gets the row."""
        row = {"key": key, "channel": channel, "payload": _text(content), "state": "pending"}
        statement = (
            insert_into(outbox, self._engine)
            .values(**row, attempts=1, created=now, updated=now)
            .on_conflict_do_nothing(index_elements=[outbox.c.key])
            .returning(outbox)
        )
        with self._engine.begin() as connection:
            added = connection.execute(statement).first()
        return None if added is None else Entry(*added)

    def take(self, entry: Entry, now: datetime, content: Mapping[str, Any] | None = None) -> Entry | None:
        """Takes a row that nobody works on, as it was read; None when another caller was faster.

        ``content`` replaces the message, which only a row that is surely not posted allows.
        """
        changes: dict[str, Any] = {"state": "pending", "attempts": entry.attempts + 1, "updated": now}
        if content is not None and entry.state == "failed":
            changes["payload"] = _text(content)
        statement = (
            update(outbox)
            .where(outbox.c.key == entry.key, outbox.c.attempts == entry.attempts, _idle(now))
            .values(**changes)
            .returning(outbox)
        )
        with self._engine.begin() as connection:
            row = connection.execute(statement).first()
        return None if row is None else Entry(*row)

    def hold(self, entry: Entry, now: datetime) -> bool:
        """Says that the caller still works on the row it took. False: it was overtaken and must not post."""
        return self._change(entry, updated=now)

    def sent(self, entry: Entry, ts: str, channel_id: str, now: datetime) -> None:
        """The message is there, whoever works on the row now."""
        statement = update(outbox).where(outbox.c.key == entry.key, outbox.c.state != "sent")
        with self._engine.begin() as connection:
            connection.execute(statement.values(state="sent", ts=ts, channel_id=channel_id, error=None, updated=now))

    def ambiguous(self, entry: Entry, error: str, now: datetime) -> None:
        """No answer came back."""
        self._change(entry, state="ambiguous", error=error, updated=now)

    def failed(self, entry: Entry, error: str, now: datetime) -> None:
        """The message was refused."""
        self._change(entry, state="failed", error=error, updated=now)

    def get(self, key: str) -> Entry | None:
        rows = self._select(outbox.c.key == key)
        return rows[0] if rows else None

    def unsettled(self, now: datetime) -> list[Entry]:
        """Pending and ambiguous rows that nobody works on any more, oldest first."""
        return self._select(and_(outbox.c.state.in_(("pending", "ambiguous")), _idle(now)))

    def channel_id(self, channel: str) -> str | None:
        """Slack's id of a channel, when something was posted to it before."""
        rows = self._select(and_(outbox.c.channel == channel, outbox.c.channel_id.is_not(None)))
        return rows[-1].channel_id if rows else None

    def _select(self, condition: ColumnElement[bool]) -> list[Entry]:
        statement = select(outbox).where(condition).order_by(outbox.c.created, outbox.c.key)
        with self._engine.begin() as connection:
            return [Entry(*row) for row in connection.execute(statement)]

    def _change(self, entry: Entry, **values: Any) -> bool:
        mine = and_(outbox.c.key == entry.key, outbox.c.attempts == entry.attempts, outbox.c.state == "pending")
        with self._engine.begin() as connection:
            return connection.execute(update(outbox).where(mine).values(**values)).rowcount == 1


def _idle(now: datetime) -> ColumnElement[bool]:
    return or_(
        outbox.c.state == "failed",
        and_(outbox.c.state == "ambiguous", outbox.c.updated < now - SETTLE),
        and_(outbox.c.state == "pending", outbox.c.updated < now - MOMENT),
    )


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
