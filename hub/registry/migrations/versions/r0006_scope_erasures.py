"""Erasures of one scope, and where bytes may lie still. Made anew: SQLite cannot take away that a reference is erased once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005_papers"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _requests(name: str, *further: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("youth_ref", sa.String(33), nullable=False),
        *further,
        _instant("requested_at"),
        _instant("completed_at", nullable=True),
        sa.PrimaryKeyConstraint("erasure_id", name=f"pk_{name}"),
    )


def _answers(name: str, requests: str) -> None:
    op.create_table(
        name,
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("component", sa.String(128), nullable=False),
        sa.Column("agency", sa.String(64), nullable=True),
        sa.Column("expected", sa.Boolean(), nullable=False),
        _instant("answered_at", nullable=True),
        sa.PrimaryKeyConstraint("erasure_id", "component", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["erasure_id"], [f"{requests}.erasure_id"], name=f"fk_{name}_erasure_id_{requests}"),
    )


def upgrade() -> None:
    _requests("erasure_request", sa.Column("scope_id", sa.String(36), nullable=True))
    op.create_index("ix_erasure_request_youth_ref", "erasure_request", ["youth_ref"])
    _answers("erasure_answer", "erasure_request")
    op.create_table(
        "erasure_removal",
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("place", sa.String(128), nullable=False),
        sa.Column("below", sa.BigInteger(), nullable=True),
        _instant("due_at"),
        _instant("done_at", nullable=True),
        sa.PrimaryKeyConstraint("erasure_id", "place", name="pk_erasure_removal"),
        sa.ForeignKeyConstraint(
            ["erasure_id"], ["erasure_request.erasure_id"], name="fk_erasure_removal_erasure_id_erasure_request"
        ),
    )
    op.execute(
        "INSERT INTO erasure_request (erasure_id, youth_ref, requested_at, completed_at) "
        "SELECT erasure_id, youth_ref, requested_at, completed_at FROM erasure"
    )
    columns = "erasure_id, component, agency, expected, answered_at"
    op.execute(f"INSERT INTO erasure_answer ({columns}) SELECT {columns} FROM erasure_receipt")  # noqa: S608 - constants
    op.drop_table("erasure_receipt")
    op.drop_table("erasure")


def downgrade() -> None:
    _requests("erasure", sa.UniqueConstraint("youth_ref", name="uq_erasure_youth_ref"))
    _answers("erasure_receipt", "erasure")
    op.execute(
        "INSERT INTO erasure (erasure_id, youth_ref, requested_at, completed_at) "
        "SELECT erasure_id, youth_ref, requested_at, completed_at FROM erasure_request WHERE scope_id IS NULL"
    )
    columns = "erasure_id, component, agency, expected, answered_at"
    op.execute(
        f"INSERT INTO erasure_receipt ({columns}) SELECT {columns} FROM erasure_answer "  # noqa: S608 - constants
        "WHERE erasure_id IN (SELECT erasure_id FROM erasure)"
    )
    op.drop_table("erasure_removal")
    op.drop_table("erasure_answer")
    op.drop_index("ix_erasure_request_youth_ref", "erasure_request")
    op.drop_table("erasure_request")
