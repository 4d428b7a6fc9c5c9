from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("events", "letters")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("heard_at", sa.DateTime(timezone=True)))
    op.execute(
        # Of places alone: of nobody else's letters a body is kept.
        "UPDATE events SET heard_at = (SELECT max(settled_at) FROM journal WHERE journal.event_id = events.event_id)"
        " WHERE event_id IN (SELECT event_id FROM journal WHERE topic = 'hub.place-events.v1')"
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "heard_at")
