"""Where the paper of a consent lies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005_papers"
down_revision = "r0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent_paper",
        sa.Column("consent_id", sa.String(36), nullable=False),
        sa.Column("document", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("consent_id", name="pk_consent_paper"),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.consent_id"], name="fk_consent_paper_consent_id_consent"),
    )


def downgrade() -> None:
    op.drop_table("consent_paper")
