"""What the subject service tells and refuses is in the audit log, or it is not told; and no flood fills the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from hub.audit.actions import Action
from hub.audit.log import AuditLog
from hub.audit.spool import Spool
from hub.database import build_engine
from hub.registry.agency_trail import AgencyTrail
from hub.registry.subject_api import build_app
from hub.testing import served
from tests.unit.audit.kept import migrate_url
from tests.unit.registry.memory_log import MemoryLog
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier
from tests.unit.test_beats import Time

MINE = {"Authorization": "Bearer token-1"}
URL = f"/v1/agencies/{SCHOOL}/subjects"


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def client(home: Installation, log: MemoryLog) -> Iterator[httpx.Client]:
    app = build_app(home.engine, home.tools, home.clock, AgencyTrail(log, home.clock), beats=Time().beats())
    with served(app) as url, httpx.Client(base_url=url) as test_client:
        yield test_client


def test_an_answer_is_in_the_log_by_agency_versions_and_numbers_and_never_by_person(
    home: Installation, client: httpx.Client, log: MemoryLog
) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(make_identifier(1)))
    home.relay.run_once()
    client.get(URL, headers=MINE)
    home.registry.withdraw(make_identifier())
    client.get(URL, headers=MINE, params={"since": "2"})
    assert log.told() == [(SCHOOL, SCHOOL, "permit", "since.v0", "v2.n2.r0"), (SCHOOL, SCHOOL, "permit", "since.v2", "v3.n1.r1")]
    assert {(one.action, one.subject, one.item) for one in log.entries} == {(Action.SUBJECTS_FETCHED, None, None)}


def test_without_the_log_nobody_is_told_of_anybody_and_afterwards_everything(
    home: Installation, client: httpx.Client, log: MemoryLog
) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    log.broken = True
    refused = client.get(URL, headers=MINE)
    assert (refused.status_code, "entries" in refused.text) == (503, False)
    assert client.get(URL, headers={**MINE, "If-None-Match": '"1"'}).status_code == 304  # which tells of nobody
    log.broken = False
    assert len(client.get(URL, headers=MINE).json()["entries"]) == 1
    assert log.told()[0][3:] == ("since.v0", "v1.n1.r0")


def test_that_somebody_is_to_be_forgotten_is_told_while_the_log_is_away(
    home: Installation, tmp_path: Path, sqlite_databases: Callable[..., str]
) -> None:
    audit = AuditLog(
        build_engine(sqlite_databases("audit", migrate_url)), bytes(32), home.clock, spool=Spool(tmp_path / "w", bytes(32))
    )
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(make_identifier(1)))
    home.relay.run_once()
    with served(build_app(home.engine, home.tools, home.clock, AgencyTrail(audit, home.clock))) as url:
        assert httpx.get(f"{url}{URL}", headers=MINE).json()["version"] == 2
        with audit.engine.begin() as connection:
            connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
        home.registry.withdraw(make_identifier())
        assert httpx.get(f"{url}{URL}", headers=MINE, timeout=60).status_code == 503  # it would tell of the other person, too
        (entry,) = httpx.get(f"{url}{URL}", headers=MINE, params={"since": "2"}, timeout=60).json()["entries"]
        assert entry["removed"] is True
    assert audit.spool is not None
    assert [one.values["rule"] for one in audit.spool.look().entries] == ["v3.n1.r1"]
    audit.close()


def test_answers_with_nothing_in_them_are_summed(home: Installation, client: httpx.Client, log: MemoryLog) -> None:
    for _ in range(40):
        client.get(URL, headers=MINE)
    for _ in range(5):
        client.get(URL, headers={**MINE, "If-None-Match": '"0"'})
    assert log.told() == [(SCHOOL, SCHOOL, "permit", "n1", "nothing_new")]
    home.clock.advance(timedelta(minutes=15))
    client.get(URL, headers=MINE)
    assert log.told()[1:] == [(SCHOOL, SCHOOL, "permit", "n45", "nothing_new")]


def test_every_kind_of_refusal_is_an_entry_and_a_flood_is_a_number(
    home: Installation, client: httpx.Client, log: MemoryLog
) -> None:
    for number in range(50):
        client.get(f"/v1/agencies/made-up-{number}/subjects")
        client.get(URL, headers={"Authorization": f"Bearer guess-{number}"})
        client.get(URL, headers={"Authorization": "Bearer token-2"}, params={"since": str(number)})
        client.get(URL, headers=MINE, params={"since": f"wrong-{number}"})
        client.post(f"/v1/agencies/{SCHOOL}/protected", headers=MINE, content=f"{number}")
    kinds = [
        ("unknown", "", "deny", "no_token"), ("unknown", SCHOOL, "deny", "no_token"), (POLICE, SCHOOL, "deny", "others_token"),
        (SCHOOL, SCHOOL, "deny", "bad_since"), (SCHOOL, SCHOOL, "deny", "bad_body"),
    ]  # fmt: skip
    assert [(*one[:3], one[4]) for one in log.told()] == kinds
    assert {one[3] for one in log.told()} == {"n1"}
    home.clock.advance(timedelta(minutes=1))
    client.get(URL, headers=MINE)
    later = [one for one in log.told()[len(kinds) :] if one[2] == "deny"]
    assert [(*one[:3], one[4]) for one in later] == kinds
    assert {one[3] for one in later} == {"n49"}


def test_refusals_that_could_not_be_written_are_written_later(home: Installation, client: httpx.Client, log: MemoryLog) -> None:
    log.broken = True
    assert [client.get(URL).status_code for _ in range(3)] == [401] * 3
    log.broken = False
    assert client.get(URL).status_code == 401
    assert log.told() == []  # a log that does not answer is not asked at every request
    home.clock.advance(timedelta(minutes=1))
    client.get(URL, headers=MINE)
    assert ("unknown", SCHOOL, "deny", "n4", "no_token") in log.told()
