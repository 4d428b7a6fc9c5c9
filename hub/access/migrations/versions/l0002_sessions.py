"""Accounts of this installation, sessions, what has been used up, and failed attempts."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "l0002"
down_revision = "l0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_account",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("username", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("roles", sa.String(255), nullable=False),
        sa.Column("teams", sa.Text, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("initial_until", UtcInstant, nullable=True),
        sa.Column("changed_at", UtcInstant, nullable=False),
    )
    op.create_table(
        "access_session",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("roles", sa.String(255), nullable=False),
        sa.Column("teams", sa.Text, nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("browser", sa.String(40), nullable=False),
        sa.Column("begun_at", UtcInstant, nullable=False),
        sa.Column("seen_at", UtcInstant, nullable=False),
        sa.Column("until", UtcInstant, nullable=False),
    )
    op.create_index("ix_access_session_account", "access_session", ["account"])
    op.create_table(
        "access_spent",
        sa.Column("nonce", sa.String(64), primary_key=True),
        sa.Column("until", UtcInstant, nullable=False),
    )
    op.create_table(
        "access_attempt",
        sa.Column("target", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", UtcInstant, nullable=False),
    )


def downgrade() -> None:
    for table in ("access_attempt", "access_spent", "access_session", "access_account"):
        op.drop_table(table)
