"""What teams do with tasks: who holds one, its running clock, its history and notes, and who is of the team."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("holder", sa.String(64), nullable=True))
    op.add_column("task", sa.Column("answered_at", UtcInstant, nullable=True))
    op.add_column("task", sa.Column("due_by", UtcInstant, nullable=True))
    op.add_column("task", sa.Column("notes_taken", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE task SET due_by = respond_by")
    op.create_index("ix_task_team_closed", "task", ["team", "closed_at", "due_by"])
    op.create_table(
        "task_move",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("move", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(64), nullable=False),
    )
    op.create_index("ix_task_move_task", "task_move", ["task_id"])
    op.create_table(
        "task_note",
        sa.Column("note_id", sa.String(36), primary_key=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_task_note_task", "task_note", ["task_id"])
    op.create_table(
        "colleague",
        sa.Column("team", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("seen_at", UtcInstant, nullable=False),
    )


def downgrade() -> None:
    for table in ("colleague", "task_note", "task_move"):
        op.drop_table(table)
    op.drop_index("ix_task_team_closed", "task")
    for column in ("notes_taken", "due_by", "answered_at", "holder"):
        op.drop_column("task", column)
