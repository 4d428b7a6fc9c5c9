"""The receivers on the operator's pages: how each is, what it refused, paused, resumed and handed over again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.bootstrap import build_delivery_engine
from hub.delivery.sink_rows import sink_row
from hub.delivery.tables import ErrandRow, TaskRow
from tests.unit.connect.conftest import NOW
from tests.unit.web.conftest import Visit
from tests.unit.web.operations.source import OFFICER, OPERATOR, OPS, Sources, audited
from tests.unit.web.town import PagesTown

TASK = "3f0c2b1e-8d5a-4c7e-9b1a-0e5d7a9c4b01"
SINK = """
[sinks.system]
connector = "webhook"
[sinks.system.settings]
url = "https://system.example.se/hooks/hub"
"""


@pytest.fixture
def delivery(sources: Sources) -> Iterator[Engine]:
    with (sources.home / "hub.toml").open("a", encoding="utf-8") as file:
        file.write(SINK)
    engine = build_delivery_engine(sources.load())
    yield engine
    engine.dispose()


def put(engine: Engine, status: str, *, task_id: str = TASK, code: str = "") -> None:
    at = NOW - timedelta(hours=2)
    with Session(engine) as session, session.begin():
        session.add(
            ErrandRow(
                task_id=task_id, state="requested", sink="system", team="outreach", function="school_attendance", priority="normal",
                created_at=at, respond_by=at, written_at=at, status=status, next_try=NOW if status == "waiting" else None, code=code,
                settled_at=None if status == "waiting" else at, begun_at=at, attempts=1,
            )
        )  # fmt: skip


def put_task(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(
            TaskRow(
                task_id=TASK, kind="referral", subject=None, open_key="k", team="outreach", function="school_attendance",
                rule_id="absence-alone", priority="normal", state="received", created_at=NOW, received_at=NOW,
            )
        )  # fmt: skip


def test_an_installation_without_receivers_says_how_to_add_one(sources: Sources, visit: Visit) -> None:
    (sources.home / "hub.toml").write_text("")
    assert "hub.toml nämner ingen mottagare" in visit(OPERATOR).get("/sinks").text


def test_one_that_no_team_names_says_so_and_is_ready_until_something_waits(delivery: Engine, visit: Visit) -> None:
    page = visit(OPERATOR).get("/sinks/system").text
    for said in ("Ingen enhet nämner den i teams.yaml", "redo; inget har lämnats över än"):
        assert said in page
    put(delivery, "waiting", task_id="waits")
    assert "redo; inget" not in visit(OPERATOR).get("/sinks/system").text


def test_every_receiver_is_listed_with_what_waits_since_when_and_what_it_refused(delivery: Engine, visit: Visit) -> None:
    put(delivery, "waiting", task_id="waits")
    put(delivery, "refused", code="status_422")
    row = visit(OPS).get("/sinks").text.partition('href="/sinks/system"')[2].partition("</tr>")[0]
    for said in ("hos ingen enhet", "lämnar över", "den äldsta sedan", "mån 19 maj 05.30"):
        assert said in row
    page = visit(OPS).get("/sinks/system").text
    for said in ("status_422", TASK[:8], "en ny uppgift"):
        assert said in page
    assert "Pausa mottagaren" not in page
    assert "Lämna över igen" not in page
    assert visit(OFFICER).get("/sinks").status_code == 403
    assert visit(OPERATOR).get("/sinks/nobody").status_code == 404


def test_a_receiver_is_paused_with_a_reason_and_let_go_on(delivery: Engine, empty_town: PagesTown, visit: Visit) -> None:
    client = visit(OPERATOR)
    for reason, said in (("", "Säg varför"), ("för 20110315-9801", "kan vara ett personnummer")):
        answer = client.post("/sinks/system/pause", data={"reason": reason})
        assert (answer.status_code, said in answer.text) == (400, True)
        assert "20110315-9801" not in answer.text
    for _ in range(2):
        assert client.post("/sinks/system/pause", data={"reason": "systemet flyttas"}).status_code == 303
    assert "systemet flyttas" in client.get("/sinks/system").text
    for _ in range(2):
        assert client.post("/sinks/system/resume").status_code == 303
    assert "systemet flyttas" not in client.get("/sinks/system").text
    assert audited(empty_town)[:2] == ["sink_resumed", "sink_paused"]
    assert visit(OPS).post("/sinks/system/pause", data={"reason": "nej"}).status_code == 403


def test_a_stopped_receiver_says_what_to_do_and_is_let_go_on(delivery: Engine, visit: Visit) -> None:
    with Session(delivery) as session, session.begin():
        row = sink_row(session, "system")
        row.stopped_at, row.stopped_code = NOW, "status_401"
    client = visit(OPERATOR)
    page = client.get("/sinks/system").text
    for said in ("stoppad: adressen", "status_401", "hub sinks test system"):
        assert said in page
    assert client.post("/sinks/system/resume").status_code == 303
    assert "stoppad: adressen" not in client.get("/sinks/system").text


def test_what_was_refused_is_handed_over_again_while_its_task_is_open(
    delivery: Engine, empty_town: PagesTown, visit: Visit
) -> None:
    put(delivery, "refused", code="status_422")
    client = visit(OPERATOR)
    answer = client.post("/sinks/system/redrive", data={"task": TASK})
    assert (answer.status_code, "Uppgiften är avslutad" in answer.text) == (400, True)
    put_task(delivery)
    for _ in range(2):
        assert client.post("/sinks/system/redrive", data={"task": TASK}).status_code == 303
    assert "Mottagaren har inte avvisat något" in client.get("/sinks/system").text
    assert audited(empty_town)[0] == "sink_redriven"
