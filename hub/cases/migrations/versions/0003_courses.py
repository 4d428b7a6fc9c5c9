"""Of which youths the bus has been told that a cooperation works with them."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "c0003"
down_revision = "c0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "youth_course",
        sa.Column("youth_ref", sa.String(64), primary_key=True),
        sa.Column("told_at", UtcInstant, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("youth_course")
