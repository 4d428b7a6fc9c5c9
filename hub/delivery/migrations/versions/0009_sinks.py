"""What teams' own systems are to be told of tasks, and how each way out is."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "errand",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sink", sa.String(24), nullable=False),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("function", sa.String(64), nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("created_at", UtcInstant, nullable=False),
        sa.Column("respond_by", UtcInstant, nullable=False),
        sa.Column("written_at", UtcInstant, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("begun_at", UtcInstant),
        sa.Column("next_try", UtcInstant),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("settled_at", UtcInstant),
        sa.UniqueConstraint("task_id", "state", "sink", name="uq_errand"),
    )
    op.create_index("ix_errand_due", "errand", ["sink", "status", "next_try"])
    op.create_table(
        "sink",
        sa.Column("name", sa.String(24), primary_key=True),
        sa.Column("breaker", sa.String(16), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("since", UtcInstant),
        sa.Column("retry_at", UtcInstant),
        sa.Column("breaker_code", sa.String(64), nullable=False),
        sa.Column("stopped_at", UtcInstant),
        sa.Column("stopped_code", sa.String(64), nullable=False),
        sa.Column("paused_at", UtcInstant),
        sa.Column("paused_by", sa.String(64), nullable=False),
        sa.Column("paused_reason", sa.String(200), nullable=False),
        sa.Column("succeeded_at", UtcInstant),
        sa.Column("failed_at", UtcInstant),
        sa.Column("failed_code", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sink")
    op.drop_table("errand")
