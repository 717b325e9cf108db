"""The tables of the state database, typed. Their history is in ``migrations/``; a test keeps the two equal."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    TypedColumns,
    TypeDecorator,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """An aware moment. SQLite keeps no zone, so it is stored there as UTC and comes back marked so."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} carries no zone; state keeps moments, not local times")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    # NOTE: the signature is SQLAlchemy's
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class RunColumns(TypedColumns):
    """One row per claimed fire of a job; ``key`` comes from the scheduled local date, so a fire has one key."""

    key = Column(Text, primary_key=True)
    job = Column(Text, nullable=False)
    scheduled_for = Column(UtcTime, nullable=False)
    claimed_at = Column(UtcTime, nullable=False)
    renewed_at = Column(UtcTime, nullable=False)
    """The instance was alive; older than the lease means it died."""
    instance = Column(Text, nullable=False)
    attempts = Column(Integer, nullable=False)
    finished_at: Column[datetime | None] = Column(UtcTime)
    outcome: Column[str | None] = Column(Text)
    message: Column[str | None] = Column(Text)


class OutboxColumns(TypedColumns):
    """One row per message that may be posted once. ``payload`` is the message as JSON."""

    key = Column(Text, primary_key=True)
    channel = Column(Text, nullable=False)
    payload = Column(Text, nullable=False)
    state = Column(Text, nullable=False)
    """pending | sent | ambiguous | failed"""
    ts: Column[str | None] = Column(Text)
    """Slack's name of the posted message."""
    channel_id: Column[str | None] = Column(Text)
    """Slack's id of the channel, which reading its history needs."""
    error: Column[str | None] = Column(Text)
    attempts = Column(Integer, nullable=False)
    created = Column(UtcTime, nullable=False)
    updated = Column(UtcTime, nullable=False)


class PeriodColumns(TypedColumns):
    """Index of published results; ``results/<period>/proof.json`` is the truth."""

    period = Column(Text, primary_key=True)
    proof_sha256 = Column(Text, nullable=False)
    as_of: Column[date | None] = Column(Date)
    published_at = Column(UtcTime, nullable=False)


runs = Table("runs", metadata, RunColumns)
outbox = Table("outbox", metadata, OutboxColumns)
periods = Table("periods", metadata, PeriodColumns)


def insert_into(table: Table, engine: Engine) -> postgresql.Insert | sqlite.Insert:
    """``insert`` that knows ``on conflict``, which both databases spell alike and SQLAlchemy keeps per dialect."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)
