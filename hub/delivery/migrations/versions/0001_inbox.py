"""The inbox: tasks, references, positions, ledger, outbox, lease."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64)),
        sa.Column("open_key", sa.String(200), unique=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("function", sa.String(64), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("area", sa.String(64)),
        sa.Column("payload", sa.Text),
        sa.Column("created_at", UtcInstant, nullable=False),
        sa.Column("received_at", UtcInstant, nullable=False),
        sa.Column("respond_by", UtcInstant),
        sa.Column("opened_at", UtcInstant),
        sa.Column("ground_lost_at", UtcInstant),
        sa.Column("closed_at", UtcInstant),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_task_team_state", "task", ["team", "state"])
    op.create_index("ix_task_subject", "task", ["subject"])
    op.create_table(
        "reference",
        sa.Column("youth_ref", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_table(
        "position",
        sa.Column("topic", sa.String(128), primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "count",
        sa.Column("topic", sa.String(128), primary_key=True),
        sa.Column("outcome", sa.String(64), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(128), nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", UtcInstant, nullable=False),
    )


def downgrade() -> None:
    for table in ("lease", "outbox", "count", "position", "reference", "task"):
        op.drop_table(table)
