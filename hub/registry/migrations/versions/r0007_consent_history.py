"""A consent's history: facts that are only ever added. What was known of older consents becomes their history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None

_REFUSED = "consent_fact is append-only"
_SQLITE = (
    f"CREATE TRIGGER consent_fact_update BEFORE UPDATE ON consent_fact BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    f"CREATE TRIGGER consent_fact_delete BEFORE DELETE ON consent_fact BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
)
_POSTGRESQL = (
    f"""CREATE FUNCTION consent_fact_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    "CREATE TRIGGER consent_fact_kept BEFORE UPDATE OR DELETE ON consent_fact FOR EACH ROW EXECUTE FUNCTION consent_fact_kept()",
)


def upgrade() -> None:
    op.create_table(
        "consent_fact",
        sa.Column("consent_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("by", sa.String(32), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("consent_id", "position", name="pk_consent_fact"),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.consent_id"], name="fk_consent_fact_consent_id_consent"),
    )
    op.add_column("consent", sa.Column("rule", sa.String(32), nullable=False, server_default=""))
    for name in ("declined", "blocked_by", "spans"):
        op.add_column("consent", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    _write_histories()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(sa.text(statement))


def _write_histories() -> None:
    instants = ("valid_from", "valid_to", "created_at", "in_force_at", "ended_at")
    lists = ("agencies", "recipients", "kinds", "required", "signed")
    consent = sa.table(
        "consent",
        *(sa.column(name, sa.DateTime(timezone=True)) for name in instants),
        *(sa.column(name, sa.JSON) for name in lists),
        *(sa.column(name, sa.String) for name in ("consent_id", "cooperation", "state", "withdrawn_by", "rule")),
        sa.column("spans", sa.JSON),
    )
    fact = sa.table(
        "consent_fact",
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("details", sa.JSON),
        sa.column("oral", sa.Boolean),
        sa.column("position", sa.Integer),
        *(sa.column(name, sa.String) for name in ("consent_id", "kind", "by")),
    )
    for row in op.get_bind().execute(sa.select(consent)).mappings().all():
        facts = [{"position": place, "oral": False, **one} for place, one in enumerate(_facts(dict(row)))]
        op.get_bind().execute(sa.insert(fact), [{"consent_id": row["consent_id"], **one} for one in facts])
        begun = row["in_force_at"] is not None
        spans = [[_utc(row["valid_from"]).isoformat(), _utc(row["valid_to"]).isoformat()]] if begun else []
        rule = {"waiting": "awaiting_signature", "suspended": "custody_changed"}.get(row["state"], row["state"])
        values = {"rule": rule, "spans": spans}
        op.get_bind().execute(sa.update(consent).where(consent.c.consent_id == row["consent_id"]).values(**values))


def _facts(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The older form knew no instants of a suspension: it is taken to have come at once, which covers least."""
    created = _utc(row["created_at"])
    signed = {role: max(created, datetime.fromisoformat(at)) for role, at in dict(row["signed"]).items()}
    form = "adult" if list(row["required"]) == ["youth"] else "child"
    terms = {name: row[name] for name in ("agencies", "recipients", "kinds")}
    terms |= {name: _utc(row[name]).isoformat() for name in ("valid_from", "valid_to")}
    details = {"form": form, "signatories": row["required"], "cooperation": row["cooperation"], "includes_earlier": True, **terms}
    yield {"at": created, "kind": "registered", "by": None, "details": json.loads(json.dumps(details))}
    if row["state"] == "suspended" and row["in_force_at"] is not None:
        signed_then = dict.fromkeys(row["required"], max(created, _utc(row["in_force_at"])))
        yield from _signatures(signed_then)
        at = max(signed_then.values(), default=created)
        again = {"signatories": row["required"]}
        yield {"at": at, "kind": "custody_changed", "by": None, "details": again}
        signed = {role: max(at, when) for role, when in signed.items()}
    yield from _signatures(signed)
    latest = max([created, *signed.values()])
    if row["ended_at"] is not None and row["state"] in {"expired", "withdrawn"}:
        ended = {} if row["state"] == "withdrawn" else {"rule": "expired"}
        kind = "withdrawn" if row["state"] == "withdrawn" else "ended"
        yield {"at": max(latest, _utc(row["ended_at"])), "kind": kind, "by": row["withdrawn_by"], "details": ended}


def _signatures(signed: dict[str, datetime]) -> Iterator[dict[str, Any]]:
    for role, at in sorted(signed.items(), key=lambda one: (one[1], one[0])):
        yield {"at": at, "kind": "signed", "by": role, "details": {}}


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def downgrade() -> None:
    op.drop_table("consent_fact")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION consent_fact_kept()"))
    for name in ("spans", "blocked_by", "declined", "rule"):
        op.drop_column("consent", name)
