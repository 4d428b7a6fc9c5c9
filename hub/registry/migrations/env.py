"""Alembic's entry: runs on the connection that `hub.registry.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from hub.registry.kept_tables import KeptCustody
from hub.registry.rule_tables import RuleSetVersion

_TABLES = (KeptCustody, RuleSetVersion)  # one of each module, so that all are known

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=_TABLES[0].metadata,
    render_as_batch=True,
    version_table="registry_schema",
)
with context.begin_transaction():
    context.run_migrations()
