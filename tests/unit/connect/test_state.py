"""How connectors are, as another process reads it."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest

from hub.breaker import BreakerState
from hub.clock import ManualClock
from hub.connect.breaking import SourceBreaker
from hub.connect.conditions import Conditions
from hub.connect.ledger import Ledger
from hub.connect.pauses import Pause, add_pause
from hub.connect.revisions import Plan
from hub.connect.silence import Silence
from hub.connect.state import LaneState, read_state, read_states
from hub.errors import RejectedError, RetriableError
from hub.settings import load_settings
from tests.support import make_settings
from tests.unit.connect.conftest import NOW
from tests.unit.connect.toy import install_toys

HOUR = timedelta(hours=1)


class Instances:
    def __init__(self, home) -> None:
        chosen = {"agency": "school-norrkoping"}
        self.settings = make_settings(home, connectors={"toyraw": chosen, "toyplaces": chosen, "gone": chosen})

    def ledger(self, name: str, file: str = "ledger.db") -> Ledger:
        folder = self.settings.data / "connect" / name
        folder.mkdir(parents=True, exist_ok=True)
        return Ledger(folder / file)

    def announce(self, name: str) -> None:
        self.settings.run.mkdir(parents=True, exist_ok=True)
        entry = {"name": f"connect-{name}", "pid": os.getpid(), "started": 0, "metrics": "http://127.0.0.1:1/metrics"}
        (self.settings.run / f"connect-{name}.json").write_text(json.dumps(entry))


@pytest.fixture
def instances(tmp_path, monkeypatch) -> Instances:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return Instances(tmp_path / "home")


def test_one_that_never_ran_and_one_that_cannot_be_loaded_are_shown_and_nothing_is_made(instances) -> None:
    gone, places, raw = read_states(instances.settings, NOW)
    assert [one.name for one in (gone, places, raw)] == ["gone", "toyplaces", "toyraw"]
    assert (gone.title, gone.statutory, places.title) == ("", None, "A connector for tests (toyplaces)")
    assert (places.running, places.paused, places.events, places.statutory) == (False, None, LaneState(), None)
    assert raw.statutory == LaneState()
    assert not (instances.settings.data / "connect").exists()


def test_a_lane_says_when_it_succeeded_what_was_new_and_when_it_asks_again(instances) -> None:
    ledger = instances.ledger("toyplaces")
    for hours, records in ((30, 100), (2, 36), (1, 12)):
        ledger.settle("events", {"next": hours}, NOW - hours * HOUR, Plan((), 0), {("placed", ""): records, ("refused", "no"): 9})
    ledger.settle("events", {"next": 9}, NOW, Plan((), 0), {("unchanged", ""): 5})
    conditions = Conditions(ledger.engine, "events")
    conditions.note(NOW - HOUR, "ok", "", NOW)
    conditions.note(NOW, "retry", "source_down", NOW + HOUR)
    instances.announce("toyplaces")
    state = read_state(instances.settings, "toyplaces", NOW)
    lane = state.events
    assert state.running
    assert (lane.last_success, lane.last_poll, lane.last_result, lane.last_code) == (NOW - HOUR, NOW, "retry", "source_down")
    assert (lane.last_news, lane.cursor_moved, lane.rate, lane.next_poll) == (NOW - HOUR, NOW, 2.0, NOW + HOUR)


def test_of_one_that_is_paused_or_down_no_next_poll_is_promised_but_its_statutory_lane_has_one(instances) -> None:
    for file, lane in (("ledger.db", "events"), ("statutory.db", "statutory")):
        Conditions(instances.ledger("toyraw", file).engine, lane).note(NOW, "ok", "", NOW + HOUR)
    assert read_state(instances.settings, "toyraw", NOW).events.next_poll is None
    instances.announce("toyraw")
    assert read_state(instances.settings, "toyraw", NOW).events.next_poll == NOW + HOUR
    with instances.ledger("toyraw").engine.begin() as connection:
        add_pause(connection, Pause(NOW, "anna", "why"))
    state = read_state(instances.settings, "toyraw", NOW)
    assert (state.paused, state.events.next_poll) == (Pause(NOW, "anna", "why"), None)
    assert state.statutory is not None
    assert state.statutory.next_poll == NOW + HOUR


def test_a_breaker_that_is_open_says_since_when_and_when_it_is_tried(instances) -> None:
    ledger = instances.ledger("toyplaces")
    breaker = SourceBreaker(ledger.engine, "toyplaces", ManualClock(NOW), most=1, longest=60.0)
    breaker.failed(RetriableError("down", code="source_down"))
    instances.announce("toyplaces")
    state = read_state(instances.settings, "toyplaces", NOW)
    assert (state.breaker.state, state.breaker.since, state.breaker.code) == (BreakerState.OPEN, NOW, "source_down")
    assert state.events.next_poll == state.breaker.retry_at


def test_when_something_is_expected_is_the_connector_s_word_or_the_settings(instances) -> None:
    ledger = instances.ledger("toyplaces")
    Conditions(ledger.engine, "events").note(NOW, "ok", "", None)
    assert read_state(instances.settings, "toyplaces", NOW).expected_by is None
    with (instances.settings.home / "hub.toml").open("a") as toml:
        toml.write("[[connectors.toyplaces.expect]]\nvalid_from = 2025-05-01\nwithin_hours = 2\n")
    settings = load_settings(instances.settings.home)
    state = read_state(settings, "toyplaces", NOW)
    assert (state.expected_by, state.silent_since) == (NOW + 2 * HOUR, None)
    Silence(ledger.engine, "toyplaces", ManualClock(NOW + 3 * HOUR), state.expects).look()
    assert read_state(settings, "toyplaces", NOW).silent_since == NOW + 2 * HOUR
    off = settings.model_copy(
        update={"connectors": {"toyplaces": settings.connectors["toyplaces"].model_copy(update={"enabled": False})}}
    )
    state = read_state(off, "toyplaces", NOW)
    assert (state.silent_since, state.expected_by) == (None, None), "nobody asks it"


def test_hours_long_past_are_forgotten_and_the_last_news_is_not(instances) -> None:
    ledger = instances.ledger("toyplaces")
    for days in (40, 20):
        ledger.settle("events", {"next": days}, NOW - timedelta(days=days), Plan((), 0), {("placed", ""): 1})
    lane = read_state(instances.settings, "toyplaces", NOW).events
    assert (lane.last_news, lane.rate) == (NOW - timedelta(days=20), 0.0)


def test_an_instance_that_hub_toml_does_not_have_is_refused(instances) -> None:
    with pytest.raises(RejectedError, match="toyplaces"):
        read_state(instances.settings, "nobody", NOW)
