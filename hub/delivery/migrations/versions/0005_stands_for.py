"""A task remembers the later proposals that it has taken in."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TASK = sa.table("task", sa.column("task_id"), sa.column("payload"), sa.column("open_key"), sa.column("stands_for"))


def upgrade() -> None:
    op.add_column("task", sa.Column("stands_for", sa.Text, nullable=True))
    connection = op.get_bind()
    standing = sa.select(_TASK.c.task_id, _TASK.c.payload).where(_TASK.c.open_key.is_not(None), _TASK.c.payload.is_not(None))
    for task_id, payload in connection.execute(standing).all():
        shown = json.loads(payload)["task_id"]
        if shown != task_id:  # reinstated by a later one
            connection.execute(_TASK.update().where(_TASK.c.task_id == task_id).values(stands_for=shown))


def downgrade() -> None:
    op.drop_column("task", "stands_for")
