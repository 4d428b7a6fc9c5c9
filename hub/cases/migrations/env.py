"""Alembic's entry: runs on the connection that `hub.database.migrate` hands over. The tables lie beside the inbox' own."""

from alembic import context

from hub.cases.tables import CasesBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=CasesBase.metadata,
    render_as_batch=True,
    version_table="cases_schema",
)
with context.begin_transaction():
    context.run_migrations()
