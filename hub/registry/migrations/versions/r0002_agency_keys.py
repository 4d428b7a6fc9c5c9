"""Agencies' keys rotate: hashes are told, not stored; the directory knows which keys it told them under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("subject_entry", "subject_hash")
    op.add_column("agency_version", sa.Column("key_ids", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("agency_version", sa.Column("used", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("agency_version", "used")
    op.drop_column("agency_version", "key_ids")
    op.add_column("subject_entry", sa.Column("subject_hash", sa.String(64), nullable=False, server_default=""))
