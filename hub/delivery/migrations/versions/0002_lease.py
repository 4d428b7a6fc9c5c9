"""The lease in the form that hub.lease shares: a holder's name may be a long host's. What it held is of no worth."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _make(holder: int, until: str) -> None:
    op.drop_table("lease")
    op.create_table(
        "lease",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(holder), nullable=False),
        sa.Column(until, UtcInstant, nullable=False),
    )


def upgrade() -> None:
    _make(128, "expires_at")


def downgrade() -> None:
    _make(64, "until")
