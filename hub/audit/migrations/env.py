"""Alembic's entry: runs on the connection that `hub.database.migrate` hands over."""

from alembic import context

from hub.audit.tables import AuditRow

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=AuditRow.metadata,
    render_as_batch=True,
    version_table="audit_schema",
)
with context.begin_transaction():
    context.run_migrations()
