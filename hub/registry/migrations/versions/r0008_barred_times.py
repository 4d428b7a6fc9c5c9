"""Times of which no consent of a number's owner may cover anything: blocks that outlive the last one, lifted protections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "barred_time",
        sa.Column("lookup", sa.LargeBinary(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("cooperation", sa.String(16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("lookup", "since", "by", "cooperation", name="pk_barred_time"),
    )


def downgrade() -> None:
    op.drop_table("barred_time")
