from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conditions",
        sa.Column("lane", sa.String(16), primary_key=True),
        sa.Column("watched_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("succeeded_at", sa.DateTime(timezone=True)),
        sa.Column("next_poll", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "news",
        sa.Column("lane", sa.String(16), primary_key=True),
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "pauses",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True)),
        sa.Column("resumed_by", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("pauses")
    op.drop_table("news")
    op.drop_table("conditions")
