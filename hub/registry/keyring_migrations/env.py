"""Alembic's entry: runs on the connection that `hub.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="keyring_schema")
with context.begin_transaction():
    context.run_migrations()
