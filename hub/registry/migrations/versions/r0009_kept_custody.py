"""Whom custody makes sign, as it was recorded last, kept beyond the last consent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_custody",
        sa.Column("lookup", sa.LargeBinary(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signatories", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("lookup", name="pk_kept_custody"),
    )


def downgrade() -> None:
    op.drop_table("kept_custody")
