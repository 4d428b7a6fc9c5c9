"""The keyring's first form: wrapped keys, and the shred list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "k0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("youth_id", sa.String(32), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcInstant, nullable=False),
    )
    op.create_table(
        "shred_list",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shred_list_subject", "shred_list", ["subject"])


def downgrade() -> None:
    op.drop_table("shred_list")
    op.drop_table("data_key")
