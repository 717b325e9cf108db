"""Runs the migrations on the connection that ``agent.state.upgrade`` holds locked; never by the alembic command."""

from alembic import context

from agent.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
