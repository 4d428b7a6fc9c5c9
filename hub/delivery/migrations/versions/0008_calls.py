"""Whom a task calls as its clock runs out, and where it was routed to."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every open clock is looked at as delivery starts: call_at needs no value here.
    op.add_column("task", sa.Column("call_at", UtcInstant, nullable=True))
    op.add_column("task", sa.Column("addressed_to", sa.String(64), nullable=True))
    op.add_column("task", sa.Column("routed", sa.String(16), nullable=True))
    op.create_index("ix_task_call_at", "task", ["call_at"])
    op.create_index("ix_task_routed", "task", ["routed", "team"])
    op.create_table(
        "task_call",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("due_by", UtcInstant, nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("addressee", sa.String(80), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.UniqueConstraint("task_id", "due_by", "step", "addressee", name="uq_task_call"),
    )
    op.create_index("ix_task_call_addressee", "task_call", ["addressee"])


def downgrade() -> None:
    op.drop_table("task_call")
    op.drop_index("ix_task_routed", "task")
    op.drop_index("ix_task_call_at", "task")
    for column in ("routed", "addressed_to", "call_at"):
        op.drop_column("task", column)
