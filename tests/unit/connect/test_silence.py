"""A silent source, as its connector notices it: told once at each end, and remembered."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from hub.clock import STOCKHOLM
from hub.connect.conditions import Conditions
from hub.connect.pauses import Pause, add_pause, end_pause
from hub.connect.revisions import Plan
from hub.connect.silence import Silence, current_silence, expected_by
from hub.expectation import Expectation
from tests.unit.connect.conftest import NOW

HOUR = timedelta(hours=1)
EXPECTS = (Expectation(within_hours=12),)


class Source:
    def __init__(self, world) -> None:
        self.world = world
        self.told: list[str] = []
        self.restart()
        Conditions(world.ledger.engine, "events").note(NOW, "ok", "", None)

    def restart(self, expects=EXPECTS) -> None:
        self.silence = Silence(self.world.ledger.engine, "quiet-one", self.world.clock, expects)

    def look(self, after: timedelta = timedelta(0)) -> float | None:
        self.world.clock.advance(after)
        with capture_logs() as logs:
            self.silence.look()
        self.told += [entry["event"] for entry in logs]
        return REGISTRY.get_sample_value("hub_source_silent", {"connector": "quiet-one"})

    def tell(self, outcome: str = "handled") -> None:
        self.world.ledger.settle("events", {"next": 1}, self.world.clock.now(), Plan((), 0), {(outcome, ""): 1})

    def pause(self) -> None:
        with self.world.ledger.engine.begin() as connection:
            add_pause(connection, Pause(self.world.clock.now(), "anna", "why"))

    def resume(self) -> None:
        with self.world.ledger.engine.begin() as connection:
            end_pause(connection, self.world.clock.now(), "anna")

    def since(self):
        with self.world.ledger.engine.connect() as connection:
            return current_silence(connection)


@pytest.fixture
def source(world) -> Source:
    return Source(world)


def test_it_is_told_once_when_it_begins_and_once_when_it_ends(source) -> None:
    source.tell()
    assert source.look(12 * HOUR) == 0
    assert [source.look(HOUR), source.look(HOUR)] == [1, 1]
    assert (source.told, source.since()) == (["source_silent"], NOW + 12 * HOUR)
    source.tell()
    assert [source.look(), source.look(HOUR)] == [0, 0]
    assert (source.told, source.since()) == (["source_silent", "source_silence_ended"], None)


def test_a_restart_does_not_tell_it_again_and_the_metric_still_says_it(source, world) -> None:
    source.look(13 * HOUR)
    world.crash()
    source.restart()
    assert source.look(HOUR) == 1
    assert source.told == ["source_silent"]


def test_what_is_no_news_ends_no_silence(source) -> None:
    source.look(13 * HOUR)
    source.tell("unchanged")
    source.tell("unmapped")
    assert source.look() == 1


def test_a_paused_source_is_not_silent_and_after_a_pause_it_is_waited_for_anew(source) -> None:
    source.look(13 * HOUR)
    source.pause()
    assert [source.look(), source.look(40 * HOUR)] == [0, 0]
    source.resume()
    assert [source.look(), source.look(12 * HOUR), source.look(HOUR)] == [0, 0, 1]
    assert source.told == ["source_silent", "source_silence_ended", "source_silent"]


WEEKLY = (Expectation(weekdays=("fri",), by=time(16), on_holidays=True),)


def swedish(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("news", "paused", "resumed", "due"),
    [
        pytest.param("05-23 10:00", "05-24 12:00", "05-25 12:00", "05-30 16:00", id="over a weekend"),
        pytest.param("05-23 10:00", "05-28 09:00", "05-28 12:00", "05-30 16:00", id="in the middle of the week"),
        pytest.param("05-23 10:00", "05-30 08:00", "05-30 12:00", "05-30 16:00", id="in the morning of the day itself"),
        pytest.param("05-23 10:00", "05-30 12:00", "05-30 17:00", "06-06 16:00", id="over the hour itself"),
        pytest.param("05-28 10:00", "05-29 12:00", "05-30 08:00", "06-06 16:00", id="after news that came for the day"),
        pytest.param("05-20 10:00", "05-20 12:00", "05-20 13:00", "05-30 16:00", id="on the day of the news"),
        pytest.param(None, "05-24 12:00", "05-25 12:00", "05-30 16:00", id="before anything came"),
    ],
)
def test_a_pause_waives_what_was_due_in_it_and_no_hour_behind_it(source, news: str | None, paused, resumed, due: str) -> None:
    if news is not None:
        source.world.clock.set(swedish(news))
        source.tell()
    for moment, act in ((paused, source.pause), (resumed, source.resume)):
        source.world.clock.set(swedish(moment))
        act()
    with source.world.ledger.engine.connect() as connection:
        assert expected_by(connection, WEEKLY, source.world.clock.now()) == swedish(due)


def test_from_its_first_poll_on_the_next_hour_counts(source) -> None:
    with source.world.ledger.engine.connect() as connection:
        assert expected_by(connection, WEEKLY, NOW) == swedish("05-23 16:00")


def test_a_weekly_report_that_comes_late_does_not_hide_that_the_next_is_missing(source) -> None:
    source.restart((Expectation(weekdays=("wed",), by=time(16)),))
    day, wednesday = 24 * HOUR, 56.5 * HOUR  # from Monday, 7:30
    source.tell()
    assert [source.look(wednesday), source.look(7 * day + HOUR)] == [0, 1]
    source.look(2 * day)
    source.tell()  # on Friday, in two pieces
    assert source.look() == 0
    source.world.clock.advance(HOUR)
    source.tell()
    assert [source.look(), source.look(5 * day - 2 * HOUR), source.look(HOUR)] == [0, 0, 1]


def test_before_its_first_poll_nothing_is_expected_and_then_from_it_on(world) -> None:
    with world.ledger.engine.connect() as connection:
        assert expected_by(connection, EXPECTS, NOW) is None
    Conditions(world.ledger.engine, "events").note(NOW, "retry", "source_down", None)
    with world.ledger.engine.connect() as connection:
        assert expected_by(connection, EXPECTS, NOW) == NOW + 12 * HOUR
        assert expected_by(connection, (), NOW) is None
