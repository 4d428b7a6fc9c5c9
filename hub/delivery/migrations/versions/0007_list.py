"""One index that holds all that a team's list goes by, in place of two that held less."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LISTED = (
    "team", "state", "closed_at", "due_by", "received_at", "task_id", "opened_at", "holder", "recall_of", "acknowledged_at",
)  # fmt: skip


def upgrade() -> None:
    op.drop_index("ix_task_team_closed", "task")
    op.drop_index("ix_task_team_state", "task")
    op.create_index("ix_task_list", "task", list(_LISTED))


def downgrade() -> None:
    op.drop_index("ix_task_list", "task")
    op.create_index("ix_task_team_state", "task", ["team", "state"])
    op.create_index("ix_task_team_closed", "task", ["team", "closed_at", "due_by"])
