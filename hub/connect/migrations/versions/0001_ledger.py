from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.String(41), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
    )
    op.create_index("events_by_subject", "events", ["subject"])
    op.create_table(
        "intents",
        sa.Column("event_id", sa.String(41), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("content", sa.String(64), nullable=False),
    )
    op.create_index("intents_by_subject", "intents", ["subject"])
    op.create_table(
        "cursors",
        sa.Column("lane", sa.String(16), primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("outcome", sa.String(32), primary_key=True),
        sa.Column("reason", sa.String(64), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "receipts",
        sa.Column("erasure_id", sa.String(36), primary_key=True),
        sa.Column("youth_ref", sa.String(33), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table("secured", sa.Column("message", sa.String(64), primary_key=True))


def downgrade() -> None:
    for table in ("secured", "receipts", "outcomes", "cursors", "intents", "events"):
        op.drop_table(table)
