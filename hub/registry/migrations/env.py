"""Alembic's entry: runs on the connection that `hub.registry.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from hub.registry import kept_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=kept_tables.Row.metadata,
    render_as_batch=True,
    version_table="registry_schema",
)
with context.begin_transaction():
    context.run_migrations()
