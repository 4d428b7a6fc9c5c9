"""Alembic's entry: runs on the connection that `hub.database.migrate` hands over. The inbox in the same database has its own."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="presence_schema", render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
