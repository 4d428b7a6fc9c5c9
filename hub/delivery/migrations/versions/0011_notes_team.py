"""Whose a note is: that of the team which had the task when it was written, so that no other team reads it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from hub.database import UtcInstant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TASKS = sa.table("task", sa.column("task_id"), sa.column("team"))
_NOTES = sa.table("task_note", sa.column("task_id"), sa.column("at", UtcInstant), sa.column("team"))
_MOVES = sa.table(
    "task_move", sa.column("id"), sa.column("task_id"), sa.column("at", UtcInstant), sa.column("move"), sa.column("detail")
)


def upgrade() -> None:
    op.add_column("task_note", sa.Column("team", sa.String(64), nullable=False, server_default=""))
    give(op.get_bind())


def give(connection: Connection) -> None:
    """Each note to the team that has its task now, or to the one from which the task was first taken over after it."""
    present = sa.select(_TASKS.c.team).where(_TASKS.c.task_id == _NOTES.c.task_id).scalar_subquery()
    connection.execute(sa.update(_NOTES).values(team=sa.func.coalesce(present, "")))
    taken = sa.select(_MOVES).where(_MOVES.c.move == "take-over").order_by(_MOVES.c.id.desc())
    for move in connection.execute(taken).all():  # the latest first, so that the first one after a note has the last word
        before, of_task = move.detail.partition(">")[0], _NOTES.c.task_id == move.task_id
        connection.execute(sa.update(_NOTES).where(of_task, _NOTES.c.at <= move.at).values(team=before))


def downgrade() -> None:
    op.drop_column("task_note", "team")
