"""Planned presence, agreements with associations, offers, calendar addresses."""

import sqlalchemy as sa
from alembic import op

from hub.database import UtcInstant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _report() -> list[sa.Column[object]]:
    return [
        sa.Column("reported_at", UtcInstant, nullable=True),
        sa.Column("reported_by", sa.String(64), nullable=True),
        sa.Column("day", sa.Date, nullable=True),
        sa.Column("minutes", sa.Integer, nullable=True),
        sa.Column("adults", sa.Integer, nullable=True),
        sa.Column("youths", sa.Integer, nullable=True),
        sa.Column("note", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(32), nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "presence_visit",
        sa.Column("visit_id", sa.String(36), primary_key=True),
        sa.Column("area", sa.String(64), nullable=False),
        sa.Column("starts_at", UtcInstant, nullable=False),
        sa.Column("ends_at", UtcInstant, nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("task_id", sa.String(36), nullable=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("changed_at", UtcInstant, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *_report(),
    )
    op.create_index("ix_presence_visit_starts", "presence_visit", ["starts_at"])
    op.create_table(
        "presence_offer",
        sa.Column("offer_id", sa.String(36), primary_key=True),
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("offered_at", UtcInstant, nullable=False),
        sa.Column("answer_by", UtcInstant, nullable=False),
        sa.Column("answered_at", UtcInstant, nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        *_report(),
    )
    op.create_index("ix_presence_offer_visit", "presence_offer", ["visit_id"])
    op.create_table(
        "presence_agreement",
        sa.Column("agreement_id", sa.String(36), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("association", sa.String(120), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("activities", "areas", "times", "goal", "municipality_does", "association_does")
        ),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date, nullable=False),
    )
    op.create_table(
        "presence_feed",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("made_at", UtcInstant, nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False),
    )
    op.create_table(
        "presence_deed",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("visit_id", sa.String(36), nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("deed", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(64), nullable=False),
    )
    op.create_index("ix_presence_deed_visit", "presence_deed", ["visit_id"])


def downgrade() -> None:
    for table in ("presence_deed", "presence_feed", "presence_agreement", "presence_offer", "presence_visit"):
        op.drop_table(table)
