"""The manual lane's clock for an alarm: yes or no, from a midnight on, and nothing that leads to a case."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from hub.clock import ManualClock
from hub.errors import ConfigError
from hub.metrics import PROTECTED_LATE
from hub.settings import Settings, load_settings
from hub.statutory.handing_over import CaseOutcome
from hub.statutory.late_cases import CASE_SECONDS, CaseWatch
from hub.statutory.manual import ManualCases, manual_folder, open_manual_store, open_outcomes
from hub.statutory.process import run

MONDAY = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
DUE = datetime(2025, 5, 26, 5, 30, tzinfo=UTC)  # five working days later
MIDNIGHT = datetime(2025, 5, 26, 22, 0, tzinfo=UTC)  # in Sweden


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    (tmp_path / "hub.toml").write_text("", encoding="utf-8")
    (tmp_path / "keys").mkdir()
    for name in ("statutory", "protected"):
        key = PrivateKey.generate()
        (tmp_path / "keys" / f"{name}.public").write_text(base64.b64encode(bytes(key.public_key)).decode(), encoding="utf-8")
    PROTECTED_LATE.set(0)
    yield load_settings(tmp_path)
    PROTECTED_LATE.set(0)


def told(settings: Settings, clock: ManualClock) -> float:
    """What a first look tells."""
    CaseWatch(settings, clock).look(0)
    return PROTECTED_LATE.collect()[0].samples[0].value


def come(settings: Settings, clock: ManualClock, name: str = "one") -> Path:
    """A case comes; its file."""
    before = set(open_manual_store(settings, clock).files())
    ManualCases(settings, clock).put(name, b"{}", clock.now())
    (path,) = set(open_manual_store(settings, clock).files()) - before
    return path


def test_a_clock_that_has_run_out_is_told_of_from_the_next_midnight_on_and_not_at_its_minute(
    settings: Settings, clock: ManualClock
) -> None:
    come(settings, clock)
    seen = {}
    for at in (MONDAY, DUE, DUE + timedelta(minutes=1), MIDNIGHT - timedelta(seconds=1), MIDNIGHT):
        clock.set(at)
        seen[at] = told(settings, clock)
    assert list(seen.values()) == [0, 0, 0, 0, 1]


def test_two_late_cases_are_told_as_one_and_none_as_one_in_time(settings: Settings, clock: ManualClock) -> None:
    assert told(settings, clock) == 0
    come(settings, clock)
    come(settings, clock, "two")
    clock.set(MIDNIGHT)
    assert told(settings, clock) == 1


def test_what_came_of_it_ends_the_alarm(settings: Settings, clock: ManualClock) -> None:
    first, second = come(settings, clock), come(settings, clock, "two")
    clock.set(MIDNIGHT)
    outcomes = open_outcomes(settings)
    for path, left in ((first, 1), (second, 0)):
        outcomes.conclude(path, CaseOutcome.DECLINED, registered_as="", who="account-1", at=clock.now())
        assert told(settings, clock) == left


def test_a_case_whose_clock_cannot_be_read_is_told_of_at_once(settings: Settings, clock: ManualClock) -> None:
    come(settings, clock).write_bytes(b"damaged")
    assert told(settings, clock) == 1


def test_a_lane_that_cannot_be_judged_is_told_of_and_raises(settings: Settings, clock: ManualClock) -> None:
    come(settings, clock)
    (settings.keys / "protected.public").unlink()
    with pytest.raises(ConfigError):
        told(settings, clock)
    assert PROTECTED_LATE.collect()[0].samples[0].value == 1


def test_the_lane_is_looked_at_once_a_minute(settings: Settings, clock: ManualClock) -> None:
    watch = CaseWatch(settings, clock)
    watch.look(0)
    come(settings, clock).write_bytes(b"damaged")
    watch.look(CASE_SECONDS - 1)
    assert PROTECTED_LATE.collect()[0].samples[0].value == 0
    watch.look(CASE_SECONDS)
    assert PROTECTED_LATE.collect()[0].samples[0].value == 1


def test_without_a_case_no_key_is_asked_for_and_no_folder_is_made(settings: Settings, clock: ManualClock) -> None:
    (settings.keys / "protected.public").unlink()
    assert told(settings, clock) == 0
    assert not manual_folder(settings).exists()


@pytest.mark.parametrize("key", ["there", "gone"])
def test_the_lanes_process_tells_of_it_and_a_lane_that_cannot_be_judged_does_not_stop_reports(
    settings: Settings, clock: ManualClock, key: str
) -> None:
    come(settings, clock)
    clock.set(MIDNIGHT)
    if key == "gone":
        (settings.keys / "protected.public").unlink()
    stop = threading.Event()
    stop.set()
    run(settings, clock, stop)
    assert PROTECTED_LATE.collect()[0].samples[0].value == 1
