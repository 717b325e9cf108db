"""Claims of scheduled fires: one instance runs a fire, and one takes over when that instance died.

A claim holds a lease that the living instance renews. A claim that was neither finished nor renewed for ``LEASE``
is abandoned: exactly one instance may take it over, at most until ``MAX_ATTEMPTS`` attempts were made. Clocks of
the instances must agree better than the lease.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, delete, select, update

from agent.state.tables import insert_into, runs

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 3
"""A job that kills its process each time is not tried for ever."""


@dataclass(frozen=True, slots=True)
class Run:
    """A fire that was claimed. ``finished_at``, ``outcome`` and ``message`` are None while it runs."""

    key: str
    job: str
    scheduled_for: datetime
    claimed_at: datetime
    renewed_at: datetime
    instance: str
    attempts: int
    finished_at: datetime | None
    outcome: str | None
    message: str | None


class Runs:
    """The table ``runs``. Every method is one short transaction; moments are aware and passed in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, key: str, job: str, scheduled_for: datetime, instance: str, now: datetime) -> bool:
        """True for exactly one caller per key, or per abandoned attempt of it; the caller then runs the job."""
        taken = {"claimed_at": now, "renewed_at": now, "instance": instance}
        statement = (
            insert_into(runs, self._engine)
            .values(key=key, job=job, scheduled_for=scheduled_for, attempts=1, **taken)
            .on_conflict_do_update(
                index_elements=[runs.c.key],
                set_={**taken, "attempts": runs.c.attempts + 1},
                where=and_(_abandoned(now), runs.c.attempts < MAX_ATTEMPTS),
            )
            .returning(runs.c.key)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).first() is not None

    def renew(self, key: str, instance: str, now: datetime) -> bool:
        """Says that the instance is alive. False: the claim is no longer its own."""
        return self._change(key, instance, renewed_at=now)

    def finish(self, key: str, instance: str, now: datetime, outcome: str, message: str) -> bool:
        """Ends the claim for good. False: another instance took it over meanwhile."""
        return self._change(key, instance, finished_at=now, outcome=outcome, message=message)

    def release(self, key: str, instance: str) -> None:
        """Gives an unfinished claim back, so that any instance may claim the fire at once."""
        with self._engine.begin() as connection:
            connection.execute(delete(runs).where(_held(key, instance)))

    def claimable(self, key: str, now: datetime) -> bool:
        """True when ``claim`` would succeed now: nobody claimed the key, or its claim is abandoned."""
        run = self.get(key)
        return run is None or (run.finished_at is None and run.renewed_at < now - LEASE and run.attempts < MAX_ATTEMPTS)

    def give_up(self, now: datetime) -> list[Run]:
        """Finishes claims that were abandoned ``MAX_ATTEMPTS`` times, and returns them: each to one caller only."""
        statement = (
            update(runs)
            .where(_abandoned(now), runs.c.attempts >= MAX_ATTEMPTS)
            .values(finished_at=now, outcome="abandoned", message=f"the process died in {MAX_ATTEMPTS} attempts")
            .returning(runs)
        )
        with self._engine.begin() as connection:
            return [Run(*row) for row in connection.execute(statement)]

    def get(self, key: str) -> Run | None:
        with self._engine.begin() as connection:
            row = connection.execute(select(runs).where(runs.c.key == key)).first()
        return None if row is None else Run(*row)

    def _change(self, key: str, instance: str, **values: Any) -> bool:
        with self._engine.begin() as connection:
            return connection.execute(update(runs).where(_held(key, instance)).values(**values)).rowcount == 1


def _held(key: str, instance: str) -> ColumnElement[bool]:
    return and_(runs.c.key == key, runs.c.instance == instance, runs.c.finished_at.is_(None))


def _abandoned(now: datetime) -> ColumnElement[bool]:
    return and_(runs.c.finished_at.is_(None), runs.c.renewed_at < now - LEASE)
