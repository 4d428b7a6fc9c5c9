"""Which person an account is, on what ground something is asked for, and when a provider last vouched for a session."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "l0003"
down_revision = "l0002"
branch_labels = None
depends_on = None

_TEXTS = {
    "access_request": {
        "requester_person": 64, "requester_role": 32, "decider_person": 64, "decider_role": 32, "legal_ground": 120,
        "case_reference": 80,
    },
    "access_account": {"person": 64},
    "access_session": {"person": 64, "provider_session": 64},
}  # fmt: skip


def upgrade() -> None:
    for table, columns in _TEXTS.items():
        for name, length in columns.items():
            op.add_column(table, sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("access_session", sa.Column("vouched_at", UtcInstant, nullable=True))
    op.create_index("ix_access_session_provider_session", "access_session", ["provider_session"])


def downgrade() -> None:
    op.drop_index("ix_access_session_provider_session", "access_session")
    op.drop_column("access_session", "vouched_at")
    for table, columns in _TEXTS.items():
        for name in columns:
            op.drop_column(table, name)
