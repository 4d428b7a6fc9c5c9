"""The rules' figures of whole weeks, counted once and kept."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_block",
        sa.Column("first_day", sa.Date, primary_key=True),
        sa.Column("counted_at", UtcInstant, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("rule_block")
