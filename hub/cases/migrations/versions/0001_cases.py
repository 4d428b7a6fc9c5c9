"""Cases, what was done with them, and outcomes without any tie to a case."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "c0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "youth_case",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("cooperation", sa.String(16), nullable=False),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64)),
        sa.Column("open_key", sa.String(130), unique=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("opened_at", UtcInstant, nullable=False),
        sa.Column("closed_at", UtcInstant),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_youth_case_team", "youth_case", ["team", "state", "opened_at"])
    op.create_index("ix_youth_case_subject", "youth_case", ["subject"])
    op.create_table(
        "youth_case_move",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("move", sa.String(16), nullable=False),
    )
    op.create_index("ix_youth_case_move_case", "youth_case_move", ["case_id"])
    op.create_table(
        "youth_case_outcome",
        sa.Column("outcome_id", sa.String(36), primary_key=True),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_youth_case_outcome_team", "youth_case_outcome", ["team", "year"])


def downgrade() -> None:
    for table in ("youth_case_outcome", "youth_case_move", "youth_case"):
        op.drop_table(table)
