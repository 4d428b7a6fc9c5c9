"""Which teams have opened a task: a withdrawal is told to each, and not only to the one that has it now."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from hub.database import UtcInstant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LISTED = ("team", "state", "closed_at", "due_by", "received_at", "task_id", "opened_at", "holder")
_RECALL = ("recall_of", "recall_id", "acknowledged_at")
_READERS = sa.table(
    "task_reader", sa.column("task_id"), sa.column("team"), sa.column("at", UtcInstant), sa.column("recall_of"),
    sa.column("recall_id"), sa.column("acknowledged_at", UtcInstant),
)  # fmt: skip
_TASKS = sa.table(
    "task", sa.column("task_id"), sa.column("team"), sa.column("kind"), sa.column("opened_at", UtcInstant),
    sa.column("recall_of"), sa.column("recall_id"), sa.column("acknowledged_at", UtcInstant),
)  # fmt: skip
_MOVES = sa.table(
    "task_move", sa.column("id"), sa.column("task_id"), sa.column("at", UtcInstant), sa.column("move"), sa.column("detail")
)


def upgrade() -> None:
    op.create_table(
        "task_reader",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("recall_of", sa.String(40)),
        sa.Column("recall_id", sa.String(36)),
        sa.Column("acknowledged_at", UtcInstant),
        sa.UniqueConstraint("task_id", "team", name="uq_task_reader"),
    )
    op.create_index("ix_task_reader_recall_of", "task_reader", ["recall_of"])
    note(op.get_bind())
    op.drop_index("ix_task_recall_of", "task")
    op.drop_index("ix_task_list", "task")
    for column in _RECALL:
        op.drop_column("task", column)
    op.create_index("ix_task_list", "task", list(_LISTED))


def note(connection: Connection) -> None:
    """The team that has an opened task, and each one from which it was taken over after it had read it."""
    opened = (_TASKS.c.opened_at.is_not(None), _TASKS.c.kind == "referral")
    columns = ("task_id", "team", "at", *_RECALL)
    present = sa.select(_TASKS.c.task_id, _TASKS.c.team, _TASKS.c.opened_at, *(_TASKS.c[name] for name in _RECALL)).where(*opened)
    connection.execute(sa.insert(_READERS).from_select(columns, present))
    taken = sa.select(_MOVES, _TASKS.c.team, _TASKS.c.opened_at, _TASKS.c.recall_of, _TASKS.c.recall_id)
    taken = taken.join_from(_MOVES, _TASKS, _MOVES.c.task_id == _TASKS.c.task_id).order_by(_MOVES.c.id)
    seen: set[tuple[str, str]] = set()
    for move in connection.execute(taken.where(_MOVES.c.move == "take-over", _TASKS.c.acknowledged_at.is_(None), *opened)).all():
        key = (move.task_id, move.detail.partition(">")[0])
        # A team that took it over has it as one that has read it; the first one has, if somebody opened it before that.
        if key[1] != move.team and key not in seen and move.opened_at < move.at:
            row = {
                "task_id": key[0],
                "team": key[1],
                "at": move.opened_at,
                "recall_of": move.recall_of,
                "recall_id": move.recall_id,
            }
            connection.execute(sa.insert(_READERS).values(row))
            seen.add(key)


def downgrade() -> None:
    op.drop_index("ix_task_list", "task")
    op.add_column("task", sa.Column("recall_of", sa.String(40), nullable=True))
    op.add_column("task", sa.Column("recall_id", sa.String(36), nullable=True))
    op.add_column("task", sa.Column("acknowledged_at", UtcInstant, nullable=True))
    own = (_READERS.c.task_id == _TASKS.c.task_id, _READERS.c.team == _TASKS.c.team)
    before = {name: sa.select(_READERS.c[name]).where(*own).scalar_subquery() for name in _RECALL}
    op.get_bind().execute(sa.update(_TASKS).values(before))
    op.create_index("ix_task_list", "task", [*_LISTED, "recall_of", "acknowledged_at"])
    op.create_index("ix_task_recall_of", "task", ["recall_of"])
    op.drop_index("ix_task_reader_recall_of", "task_reader")
    op.drop_table("task_reader")
