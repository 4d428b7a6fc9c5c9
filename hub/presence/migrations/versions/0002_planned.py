"""For which planned event a presence is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("presence_visit", sa.Column("event_id", sa.String(64)))


def downgrade() -> None:
    op.drop_column("presence_visit", "event_id")
