"""Alembic's entry: runs on the connection that `hub.registry.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from hub.registry.kept_tables import KeptCustody

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=KeptCustody.metadata,
    render_as_batch=True,
    version_table="registry_schema",
)
with context.begin_transaction():
    context.run_migrations()
