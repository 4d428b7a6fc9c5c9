"""Which entries waited on a machine's disk, and where they stand now: added to and never changed or removed."""

import sqlalchemy as sa
from alembic import op

revision = "a0003"
down_revision = "a0002"
branch_labels = None
depends_on = None

_GUARD = """CREATE FUNCTION audit_carried_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_carried is only appended to';
END $$"""


def upgrade() -> None:
    op.create_table(
        "audit_carried",
        sa.Column("spool", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_GUARD)
        op.execute(
            "CREATE TRIGGER audit_carried_guard BEFORE UPDATE OR DELETE ON audit_carried "
            "FOR EACH ROW EXECUTE FUNCTION audit_carried_guard()"
        )
        op.execute("CREATE TRIGGER audit_carried_whole BEFORE TRUNCATE ON audit_carried EXECUTE FUNCTION audit_carried_guard()")
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_carried_no_{what.lower()} BEFORE {what} ON audit_carried "
            "BEGIN SELECT RAISE(ABORT, 'audit_carried is only appended to'); END"
        )


def downgrade() -> None:
    op.drop_table("audit_carried")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_carried_guard()")
