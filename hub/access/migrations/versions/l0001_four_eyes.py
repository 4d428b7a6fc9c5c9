"""Requests that take a second person."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "l0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_request",
        sa.Column("request_id", sa.String(32), primary_key=True),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("matter", "purpose", "team", "requester")),
        sa.Column("item", sa.String(128), nullable=False),
        sa.Column("requester_name", sa.String(80), nullable=False),
        sa.Column("asked_at", UtcInstant, nullable=False),
        sa.Column("until", UtcInstant, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decider", sa.String(64), nullable=False),
        sa.Column("decider_name", sa.String(80), nullable=False),
    )
    op.create_index("ix_access_request_until", "access_request", ["until"])


def downgrade() -> None:
    op.drop_table("access_request")
