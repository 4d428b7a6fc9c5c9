"""Alembic's entry: runs on the connection that `hub.database.migrate` hands over."""

from alembic import context

from hub.access.tables import AccessRow

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=AccessRow.metadata,
    render_as_batch=True,
    version_table="access_schema",
)
with context.begin_transaction():
    context.run_migrations()
