from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("events", "intents")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("occurred_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "occurred_at")
