"""Orders without a person, and those who ask to be reached."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "c0002"
down_revision = "c0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_order",
        sa.Column("order_id", sa.String(36), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("service", sa.String(32), nullable=False),
        *(sa.Column(name, sa.String(200), nullable=False) for name in ("ordered_by", "place", "theme")),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("time", sa.String(5), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("people", sa.Integer),
        sa.Column("received_at", UtcInstant, nullable=False),
        sa.Column("changed_at", UtcInstant, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_service_order_team", "service_order", ["team", "state", "day"])
    op.create_table(
        "contact_request",
        sa.Column("contact_id", sa.String(36), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("asking", sa.String(16), nullable=False),
        sa.Column("received_at", UtcInstant, nullable=False),
        sa.Column("until", UtcInstant, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_contact_request_team", "contact_request", ["team", "received_at"])
    op.create_index("ix_contact_request_until", "contact_request", ["until"])


def downgrade() -> None:
    for table in ("contact_request", "service_order"):
        op.drop_table(table)
