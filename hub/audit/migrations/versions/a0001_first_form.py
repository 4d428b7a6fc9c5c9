"""Entries, checkpoints, horizon; triggers that let nobody change or delete an entry, or put one anywhere but at the end."""

import sqlalchemy as sa
from alembic import op

revision = "a0001"
down_revision = None
branch_labels = None
depends_on = None

_LAST = "COALESCE((SELECT MAX(position) FROM audit_entry), (SELECT MAX(size) FROM audit_horizon), 0)"
_HORIZON = "COALESCE((SELECT MAX(size) FROM audit_horizon), 0)"
# table, what is tried, on which rows it is refused
_SQLITE = (
    ("audit_entry", "UPDATE", "1"),
    ("audit_entry", "DELETE", f"OLD.position > {_HORIZON}"),
    ("audit_entry", "INSERT", f"NEW.position <> {_LAST} + 1"),
    ("audit_checkpoint", "UPDATE", "1"),
    ("audit_checkpoint", "DELETE", f"OLD.size >= {_HORIZON}"),
)
_GUARD = f"""CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'audit_entry' AND TG_OP = 'INSERT' THEN
    IF NEW.position = {_LAST} + 1 THEN RETURN NEW; END IF;
  ELSIF TG_TABLE_NAME = 'audit_entry' AND TG_OP = 'DELETE' THEN
    IF OLD.position <= {_HORIZON} THEN RETURN OLD; END IF;
  ELSIF TG_OP = 'DELETE' THEN
    IF OLD.size < {_HORIZON} THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION '% is only appended to', TG_TABLE_NAME USING HINT = 'hub audit prune lets go of what is old enough';
END $$"""


def _triggers(dialect: str) -> list[str]:
    if dialect != "postgresql":
        return [
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only appended to'); END"
            for table, what, refused in _SQLITE
        ]
    guarded = {"audit_entry": "INSERT OR UPDATE OR DELETE", "audit_checkpoint": "UPDATE OR DELETE"}
    each = [
        f"CREATE TRIGGER {table}_guard BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION audit_guard()"
        for table, what in guarded.items()
    ]
    whole = [f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_guard()" for table in guarded]
    return [_GUARD, *each, *whole]


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("account", "unit", "role", "action", "subject", "item")),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("rule", "leaf", "chain")),
    )
    for column in ("at", "subject", "item"):
        op.create_index(f"ix_audit_entry_{column}", "audit_entry", [column])
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("peaks", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "audit_horizon",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for table in ("audit_horizon", "audit_checkpoint", "audit_entry"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_guard()")
