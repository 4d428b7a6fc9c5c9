"""The registry's first form: identities sealed from the start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "youth",
        sa.Column("youth_id", sa.String(32), nullable=False),
        sa.Column("youth_ref", sa.String(33), nullable=True),
        sa.Column("lookup", sa.LargeBinary(32), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("acked_version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        _instant("created_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("youth_id", name="pk_youth"),
        sa.UniqueConstraint("youth_ref", name="uq_youth_youth_ref"),
        sa.UniqueConstraint("lookup", name="uq_youth_lookup"),
    )
    op.create_index("ix_youth_status", "youth", ["status"])
    _consents()
    _directory()
    _messages()


def _consents() -> None:
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.String(36), nullable=False),
        sa.Column("youth_id", sa.String(32), nullable=False),
        sa.Column("cooperation", sa.String(16), nullable=False),
        sa.Column("agencies", sa.JSON(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        _instant("valid_from"),
        _instant("valid_to"),
        sa.Column("legal_basis", sa.String(64), nullable=False),
        sa.Column("area", sa.String(64), nullable=True),
        sa.Column("required", sa.JSON(), nullable=False),
        sa.Column("signed", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _instant("created_at"),
        _instant("in_force_at", nullable=True),
        _instant("ended_at", nullable=True),
        sa.Column("withdrawn_by", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("consent_id", name="pk_consent"),
        sa.ForeignKeyConstraint(["youth_id"], ["youth.youth_id"], name="fk_consent_youth_id_youth"),
    )
    op.create_index("ix_consent_youth_id", "consent", ["youth_id"])
    op.create_index("ix_consent_state", "consent", ["state"])


def _directory() -> None:
    op.create_table(
        "link_key",
        sa.Column("youth_id", sa.String(32), nullable=False),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("youth_id", "agency", name="pk_link_key"),
        sa.ForeignKeyConstraint(["youth_id"], ["youth.youth_id"], name="fk_link_key_youth_id_youth"),
    )
    op.create_table(
        "subject_entry",
        sa.Column("youth_id", sa.String(32), nullable=False),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("subject_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("first_version", sa.Integer(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("erasure_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("youth_id", "agency", name="pk_subject_entry"),
        sa.ForeignKeyConstraint(["youth_id"], ["youth.youth_id"], name="fk_subject_entry_youth_id_youth"),
    )
    op.create_index("ix_subject_entry_agency_version", "subject_entry", ["agency", "version"])
    op.create_table(
        "agency_version",
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agency", name="pk_agency_version"),
    )


def _messages() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(128), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("record_version", sa.Integer(), nullable=True),
        _instant("created_at"),
        _instant("published_at", nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_published_at", "outbox", ["published_at"])
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("youth_ref", sa.String(33), nullable=False),
        _instant("requested_at"),
        _instant("completed_at", nullable=True),
        sa.PrimaryKeyConstraint("erasure_id", name="pk_erasure"),
        sa.UniqueConstraint("youth_ref", name="uq_erasure_youth_ref"),
    )
    op.create_table(
        "erasure_receipt",
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("component", sa.String(128), nullable=False),
        sa.Column("agency", sa.String(64), nullable=True),
        sa.Column("expected", sa.Boolean(), nullable=False),
        _instant("answered_at", nullable=True),
        sa.PrimaryKeyConstraint("erasure_id", "component", name="pk_erasure_receipt"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.erasure_id"], name="fk_erasure_receipt_erasure_id_erasure"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(128), nullable=False),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "memo",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_memo"),
    )


def downgrade() -> None:
    for table in (
        "memo",
        "lease",
        "erasure_receipt",
        "erasure",
        "outbox",
        "agency_version",
        "subject_entry",
        "link_key",
        "consent",
        "youth",
    ):
        op.drop_table(table)
