"""Runs, outbox and the index of published periods."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The first form. Column types are spelt out here: a migration never follows later changes of the tables."""
    moment = sa.DateTime(timezone=op.get_bind().dialect.name != "sqlite")
    op.create_table(
        "runs",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("scheduled_for", moment, nullable=False),
        sa.Column("claimed_at", moment, nullable=False),
        sa.Column("renewed_at", moment, nullable=False),
        sa.Column("instance", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("outcome", sa.Text),
        sa.Column("message", sa.Text),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ts", sa.Text),
        sa.Column("channel_id", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("updated", moment, nullable=False),
        sa.CheckConstraint("state in ('pending', 'sent', 'ambiguous', 'failed')", name="outbox_state"),
    )
    op.create_table(
        "periods",
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("proof_sha256", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date),
        sa.Column("published_at", moment, nullable=False),
    )
