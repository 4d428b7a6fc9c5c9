"""What is planned in areas, ahead of its date."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "planned_event",
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("area", sa.String(64), primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("called_off", sa.Boolean, nullable=False),
        sa.Column("starts_at", UtcInstant, nullable=False),
        sa.Column("ends_at", UtcInstant),
        sa.Column("category", sa.String(32), nullable=False),
    )
    op.create_index("ix_planned_event_starts", "planned_event", ["starts_at"])


def downgrade() -> None:
    op.drop_table("planned_event")
