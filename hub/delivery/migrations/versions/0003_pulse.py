"""When delivery last knew that no withdrawal waited for it, by partition."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pulse",
        sa.Column("topic", sa.String(128), primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("seen_at", UtcInstant, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("pulse")
