"""A calendar address for each team of an account, and the day on which it was last asked for."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("made_at", UtcInstant, nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("team", sa.String(64), primary_key=True),
        *_columns(),
        sa.Column("fetched_on", sa.Date),
    )
    # What holds goes on holding: every address until now was for the plan of presence.
    op.execute(
        "INSERT INTO calendar_feed (account, team, digest, language, made_at, expires_at) "
        "SELECT account, 'outreach', digest, language, made_at, expires_at FROM presence_feed"
    )
    op.drop_table("presence_feed")


def downgrade() -> None:
    op.create_table("presence_feed", sa.Column("account", sa.String(64), primary_key=True), *_columns())
    op.execute(
        "INSERT INTO presence_feed (account, digest, language, made_at, expires_at) "
        "SELECT account, digest, language, made_at, expires_at FROM calendar_feed WHERE team = 'outreach'"
    )
    op.drop_table("calendar_feed")
