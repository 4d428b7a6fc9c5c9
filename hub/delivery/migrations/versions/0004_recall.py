"""Tasks taken back by a withdrawal ask for an acknowledgement."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("recall_of", sa.String(40), nullable=True))
    op.add_column("task", sa.Column("recall_id", sa.String(36), nullable=True))
    op.add_column("task", sa.Column("acknowledged_at", UtcInstant, nullable=True))
    op.create_index("ix_task_recall_of", "task", ["recall_of"])


def downgrade() -> None:
    op.drop_index("ix_task_recall_of", "task")
    for column in ("acknowledged_at", "recall_id", "recall_of"):
        op.drop_column("task", column)
