"""The clock of presence tasks that are open: the end of their week, or of the one in which they came where that is later."""

import json
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from hub.clock import STOCKHOLM, stockholm_date
from hub.database import UtcInstant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TASKS = sa.table(
    "task", sa.column("task_id"), sa.column("kind"), sa.column("payload"), sa.column("closed_at", UtcInstant),
    sa.column("received_at", UtcInstant), sa.column("respond_by", UtcInstant), sa.column("due_by", UtcInstant),
)  # fmt: skip


def upgrade() -> None:
    give(op.get_bind())


def give(connection: Connection) -> None:
    """Each open presence task its clock; one that has it keeps it. `hub deliver` looks at every clock as it starts."""
    lacking = (_TASKS.c.kind == "presence") & _TASKS.c.closed_at.is_(None) & _TASKS.c.due_by.is_(None)
    for row in connection.execute(sa.select(_TASKS).where(lacking, _TASKS.c.payload.is_not(None))).all():
        year, number = json.loads(row.payload)["week"].split("-W")
        came = stockholm_date(row.received_at)
        monday = max(date.fromisocalendar(int(year), int(number), 1), came - timedelta(days=came.weekday()))
        ends = datetime.combine(monday + timedelta(weeks=1), time(), STOCKHOLM).astimezone(UTC)
        change = sa.update(_TASKS).where(_TASKS.c.task_id == row.task_id)
        connection.execute(change.values(respond_by=ends, due_by=ends))


def downgrade() -> None:
    presence = (_TASKS.c.kind == "presence") & _TASKS.c.closed_at.is_(None)
    op.get_bind().execute(sa.update(_TASKS).where(presence).values(respond_by=None, due_by=None))
