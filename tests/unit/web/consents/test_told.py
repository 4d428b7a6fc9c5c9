"""A withdrawal that any role takes goes on while the audit log's database is away; what would be read does not."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from hub.audit.spool import Spool
from tests.unit.registry.support import make_identifier
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import Desk
from tests.unit.web.town import member

BOTH = {"signatures": ["guardian_1", "guardian_2"]}


def test_a_withdrawal_is_taken_while_the_audit_log_is_away_and_no_consent_is_shown(
    desk: Desk, visit: Visit, tmp_path: Path
) -> None:
    address = desk.register(signatures=BOTH)
    client, audit = visit(member("Fältare", "outreach")), desk.town.audit
    audit.spool = Spool(tmp_path / "audit-waiting", bytes(32))
    with audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    taken = client.post("/withdrawal", data={"identifier": make_identifier(), "cooperation": "", "by": ""})
    assert taken.status_code == 200
    nobody = client.post("/withdrawal", data={"identifier": make_identifier(3), "cooperation": "", "by": ""})
    assert nobody.text == taken.text
    assert desk.client.get(address).status_code == 500
    assert desk.town.consents.registry.counts()["withdrawn"] == 1
    waiting = [one.values["action"] for one in audit.spool.look().entries]
    assert waiting == ["consent_withdrawn", "erasure_requested", "consent_withdrawn"]
