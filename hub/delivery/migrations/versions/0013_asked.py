"""What a team's list looks for is found without reading every reader, and without reading what its tasks say."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LISTED = ("team", "state", "closed_at", "due_by", "received_at", "task_id", "opened_at", "holder")
_ASKED = sa.text("recall_of IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_task_reader_asked", "task_reader", ["team"], sqlite_where=_ASKED, postgresql_where=_ASKED)
    op.drop_index("ix_task_list", "task")
    op.create_index("ix_task_list", "task", [*_LISTED, "routed"])


def downgrade() -> None:
    op.drop_index("ix_task_list", "task")
    op.create_index("ix_task_list", "task", list(_LISTED))
    op.drop_index("ix_task_reader_asked", "task_reader")
