"""The sealed vault: parts of documents that are added and never changed or removed."""

import sqlalchemy as sa
from alembic import op

revision = "a0002"
down_revision = "a0001"
branch_labels = None
depends_on = None

_GUARD = """CREATE FUNCTION audit_sealed_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_sealed is only appended to';
END $$"""


def upgrade() -> None:
    op.create_table(
        "audit_sealed",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("document", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_audit_sealed_document", "audit_sealed", ["document"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_GUARD)
        op.execute(
            "CREATE TRIGGER audit_sealed_guard BEFORE UPDATE OR DELETE ON audit_sealed "
            "FOR EACH ROW EXECUTE FUNCTION audit_sealed_guard()"
        )
        op.execute("CREATE TRIGGER audit_sealed_whole BEFORE TRUNCATE ON audit_sealed EXECUTE FUNCTION audit_sealed_guard()")
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_sealed_no_{what.lower()} BEFORE {what} ON audit_sealed "
            "BEGIN SELECT RAISE(ABORT, 'audit_sealed is only appended to'); END"
        )


def downgrade() -> None:
    op.drop_table("audit_sealed")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_sealed_guard()")
