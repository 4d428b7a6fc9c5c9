"""Further identifiers of a person, the names on her form, and who is handled by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("youth", sa.Column("parties", sa.LargeBinary(), nullable=True))
    op.create_table(
        "alias",
        sa.Column("lookup", sa.LargeBinary(32), nullable=False),
        sa.Column("youth_id", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lookup", name="pk_alias"),
        sa.ForeignKeyConstraint(["youth_id"], ["youth.youth_id"], name="fk_alias_youth_id_youth"),
    )
    op.create_index("ix_alias_youth_id", "alias", ["youth_id"])
    op.create_table(
        "protection",
        sa.Column("lookup", sa.LargeBinary(32), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lookup", name="pk_protection"),
    )


def downgrade() -> None:
    op.drop_table("protection")
    op.drop_table("alias")
    op.drop_column("youth", "parties")
