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


def test_without_the_audit_log_the_page_before_a_withdrawal_says_where_it_can_be_recorded(desk: Desk) -> None:
    address = desk.register(signatures=BOTH)
    with desk.town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    page = desk.client.get(f"{address}/withdraw?all=1")
    assert page.status_code == 503
    assert "Inget kan visas just nu" in page.text
    assert 'href="/withdrawal"' in page.text
    assert "hub consent withdraw" in page.text
    assert "SSPF" not in page.text
    desk.client.get("/language/en")
    assert "Nothing can be shown right now" in desk.client.get(f"{address}/withdraw").text


def test_a_withdrawal_that_was_on_its_way_when_the_audit_log_went_is_taken(desk: Desk, tmp_path: Path) -> None:
    address, audit = desk.register(signatures=BOTH), desk.town.audit
    audit.spool = Spool(tmp_path / "audit-waiting", bytes(32))
    with audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    refused = desk.client.post(f"{address}/withdraw", data={"all": "0", "by": "god_man"})
    assert refused.status_code == 503
    assert desk.town.consents.registry.counts()["withdrawn"] == 0
    taken = desk.client.post(f"{address}/withdraw", data={"all": "1", "by": "guardian_1"})
    assert taken.status_code == 200
    assert "återkallelse" in taken.text.lower()
    assert desk.town.consents.registry.counts()["withdrawn"] == 1
    waiting = [(one.values["action"], one.values["rule"]) for one in audit.spool.look().entries]
    assert waiting == [("consent_withdrawn", "not_a_signatory"), ("consent_withdrawn", ""), ("erasure_requested", "")]
