"""The sources on the operator's pages: how each is, paused and let go on, and tried without anything being done."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta

from hub.clock import ManualClock
from hub.connect.breaking import SourceBreaker
from hub.connect.conditions import Conditions
from hub.connect.database import open_store
from hub.connect.silence import Silence
from hub.connect.state import read_state
from hub.errors import RetriableError
from hub.expectation import Expectation
from tests.prepared import prepare
from tests.unit.connect.conftest import NOW, World
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.operations.source import OFFICER, OPERATOR, OPS, Sources, audited
from tests.unit.web.town import PagesTown, member


def dry_run(client: Browser, source: str = "toymend", **data: str) -> str:
    answer = client.post(f"/sources/{source}/trial", data=data)
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def test_an_installation_without_sources_says_how_to_add_one(sources: Sources, visit: Visit) -> None:
    (sources.home / "hub.toml").write_text("")
    assert "hub.toml nämner ingen källa" in visit(OPERATOR).get("/sources").text


def test_every_source_is_listed_with_what_it_did_last_and_how_many_letters_wait(sources: Sources, visit: Visit) -> None:
    sources.facts(2)
    sources.run()
    text = visit(OPS).get("/sources").text
    row = text.partition('href="/sources/toymend"')[2].partition("</tr>")[0]
    for said in ("kommunala skolor", "körs inte", "mån 19 maj 07.30", "2 väntar"):
        assert said in row
    page = visit(OPS).get("/sources/toymend").text
    for said in ("markören flyttades", "<code>no_minutes</code></a> <span>2</span>", "Lyckades senast"):
        assert said in page
    assert "Pausa källan" not in page
    assert visit(member("Fältare", "outreach")).get("/sources").status_code == 403
    assert visit(OFFICER).get("/sources").status_code == 403
    assert visit(OPERATOR).get("/sources/nobody").status_code == 404


def test_a_source_is_paused_with_a_reason_and_let_go_on(sources: Sources, empty_town: PagesTown, visit: Visit) -> None:
    client = visit(OPERATOR)
    for reason, said in (("", "Säg varför"), ("för 20110315-9801", "kan vara ett personnummer"), ("x" * 201, "högst 200 tecken")):
        answer = client.post("/sources/toymend/pause", data={"reason": reason})
        assert (answer.status_code, said in answer.text) == (400, True)
        assert "20110315-9801" not in answer.text
    assert client.post("/sources/toymend/pause", data={"reason": "mappningen rättas"}).status_code == 303
    page = client.get("/sources/toymend").text
    assert "pausad" in page
    assert "mappningen rättas" in page
    assert client.post("/sources/toymend/pause", data={"reason": "en gång till"}).status_code == 303
    assert client.post("/sources/toymend/resume").status_code == 303
    assert read_state(sources.load(), "toymend", NOW).paused is None
    assert "Tidigare pauser" in client.get("/sources/toymend").text
    assert client.post("/sources/toymend/resume").status_code == 303
    assert audited(empty_town)[:2] == ["connector_resumed", "connector_paused"]
    assert visit(OPS).post("/sources/toymend/pause", data={"reason": "nej"}).status_code == 403


def test_a_dry_run_shows_every_record_before_the_gate_and_does_nothing(
    sources: Sources, empty_town: PagesTown, visit: Visit
) -> None:
    sources.grant(0)
    sources.facts(2)
    client = visit(OPERATOR)
    assert "ger ingen händelse: <code>no_minutes</code> <span>2</span>" in dry_run(client)
    sources.mend()
    text = dry_run(client, limit="50")
    assert "ger en händelse <span>2</span>" in text
    records = re.findall(r'<details class="outcome" open>\s*<summary>(\d)\.(.*?)</details>', text, re.DOTALL)
    assert [number for number, _ in records] == ["1", "2"]
    assert records[0][1] == records[1][1]
    assert not any(World.person(number) in text for number in range(2))
    assert "konnektorn körs inte" in text
    assert not (sources.home / "data" / "connect" / "toymend" / "ledger.db").exists()
    assert audited(empty_town)[0] == "connector_tried"


def test_a_dry_run_of_what_is_set_wrongly_says_where_to_look(sources: Sources, visit: Visit) -> None:
    client = visit(OPERATOR)
    answer = client.post("/sources/wrong/trial")
    assert answer.status_code == 409
    assert "secret-word" not in answer.text
    assert "bad_connector_settings" in answer.text
    assert "unknown_agency" in dry_run(client, "odd")
    assert client.post("/sources/nobody/trial").status_code == 404
    assert client.get(f"/sources/toymend/trial/{'0' * 32}").status_code == 404


def test_what_was_changed_in_the_settings_is_told_by_version(sources: Sources, visit: Visit) -> None:
    client = visit(OPS)
    assert "källan har inte körts än" in client.get("/sources/toymend").text
    sources.run()
    sources.mend()
    sources.run()
    text = client.get("/sources/toymend").text
    assert "source.minutes_in: mins → minutes" in text
    assert "den första som är känd" in text


def test_a_source_that_failed_again_and_again_tells_its_breaker_and_when_it_is_tried_next(sources: Sources, visit: Visit) -> None:
    sources.run()
    engine = open_store(sources.home / "data" / "connect" / "toymend" / "ledger.db")
    breaker = SourceBreaker(engine, "toymend", ManualClock(NOW), most=2, longest=1800)
    for _ in range(2):
        breaker.admit()
        breaker.failed(RetriableError("nobody answers", code="source_away"))
    engine.dispose()
    text = visit(OPS).get("/sources/toymend").text
    for said in ("lämnas i fred en stund", "2 fel i rad", "<code>source_away</code>", "Prövas nästa gång"):
        assert said in text


def test_a_silent_source_says_by_when_something_was_expected(sources: Sources, visit: Visit) -> None:
    sources.run()
    engine = open_store(sources.home / "data" / "connect" / "toymend" / "ledger.db")
    hourly = Expectation(within_hours=1)
    Silence(engine, "toymend", ManualClock(NOW + timedelta(hours=3)), (hourly,)).look()
    engine.dispose()
    assert "inget väntas nu" in visit(OPS).get("/sources/toyrows").text
    text = visit(OPS).get("/sources/toymend").text
    assert "tyst: något nytt väntades" in text
    assert "om 1 timme" in text


def announce(sources: Sources, name: str) -> None:
    """As its process does that runs."""
    folder = sources.load().run
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"name": f"connect-{name}", "pid": os.getpid(), "started": 0, "metrics": "http://127.0.0.1:1/metrics"}
    (folder / f"connect-{name}.json").write_text(json.dumps(entry))


def polled(sources: Sources, result: str, code: str, lane: str = "statutory") -> None:
    """What the process of `toyraw` wrote down of a lane's last poll."""
    store = sources.home / "data" / "connect" / "toyraw" / ("statutory.db" if lane == "statutory" else "ledger.db")
    store.parent.mkdir(parents=True, exist_ok=True)
    if not store.exists():
        prepare(f"sqlite:///{store}", "connect/migrations")
    engine = open_store(store)
    Conditions(engine, lane).note(NOW, result, code, NOW + timedelta(minutes=1))
    engine.dispose()


def row_of(client: Browser, name: str) -> str:
    return client.get("/sources").text.partition(f'href="/sources/{name}"')[2].partition("</tr>")[0]


def test_a_statutory_lane_that_fails_makes_its_source_red_and_says_why(sources: Sources, visit: Visit) -> None:
    client = visit(OPERATOR)
    announce(sources, "toyraw")
    polled(sources, "ok", "")
    assert "körs" in row_of(client, "toyraw")
    polled(sources, "retry", "token_refused")
    polled(sources, "retry", "events_away", "events")
    failing = '<span class="late">det lagstadgade spåret kan inte läsas: en lagstadgad anmälan kan bli liggande</span>'
    for paused in (False, True):
        assert f'{failing} <span class="quiet"><code>token_refused</code></span>' in row_of(client, "toyraw"), paused
        page = client.get("/sources/toyraw").text
        assert failing in page
        own = page.partition("<h2>Det lagstadgade spåret</h2>")[2].partition("</dl>")[0]
        assert '<span class="late">svarar inte; den tillfrågas igen av sig själv</span> <code>token_refused</code>' in own
        events = page.partition("<h2>Det lagstadgade spåret</h2>")[0]
        assert '<span class="soon">svarar inte; den tillfrågas igen av sig själv</span> <code>events_away</code>' in events
        client.post("/sources/toyraw/pause", data={"reason": "mappningen rättas"})
    client.get("/language/en")
    assert "the statutory lane cannot be read: a mandatory report may wait" in client.get("/sources/toyraw").text
    polled(sources, "ok", "")
    assert "the statutory lane cannot" not in row_of(client, "toyraw")
