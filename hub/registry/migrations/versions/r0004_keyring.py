"""Data keys leave the registry's database for the keyring, so that no copy of the one can open what the other has destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    youth = sa.table("youth", sa.column("youth_id", sa.String), sa.column("data_key", sa.LargeBinary))
    rows = op.get_bind().execute(sa.select(youth.c.youth_id, youth.c.data_key).where(youth.c.data_key.is_not(None)))
    keys = {name: bytes(key) for name, key in rows}
    if keys:
        context.config.attributes["take_keys"](keys)  # durable there before this transaction takes them away here
    op.drop_column("youth", "data_key")


def downgrade() -> None:
    op.add_column("youth", sa.Column("data_key", sa.LargeBinary(), nullable=True))
