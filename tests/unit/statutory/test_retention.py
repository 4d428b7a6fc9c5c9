"""Originals go only when they are registered, and for long enough; what was said of them stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import RetriableError
from hub.retention import Due
from hub.statutory.lane import key_of
from hub.statutory.retention import Originals
from tests.unit.statutory.handing import LaneTown
from tests.unit.statutory.make import KEY, WatchedDisk, make_store

DAY = timedelta(days=1)


def originals(town: LaneTown, disk: WatchedDisk | None = None) -> Originals:
    return Originals("reports", make_store(town.folder, private=False), town.hand_overs(), 90, disk=disk)


def registered(town: LaneTown, name: str) -> Path:
    stored, lane = town.put(name), town.lane()
    lane.look()
    town.reception.register_all()
    lane.look()
    return stored


def test_what_no_case_system_has_stays_whatever_its_age(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored = town.put()
    town.lane().look()  # taken, not registered
    found = originals(town)
    assert found.due(town.clock.now() + 5000 * DAY) == Due(0, 0, None, {"not_registered": 1})
    assert found.let_go(town.clock.now() + 5000 * DAY, 500) == 0
    assert stored.exists()


def test_what_is_registered_for_long_enough_goes_and_what_was_said_stays(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    old = registered(town, "one")
    since = town.clock.now()
    town.clock.advance(DAY)
    fresh = registered(town, "two")
    found = originals(town)
    assert found.due(since) == Due(1, 1, since, {})
    assert (found.let_go(since, 500), found.let_go(since, 500)) == (1, 0)
    assert (old.exists(), fresh.exists()) == (False, True)
    assert town.hand_overs().said(old, KEY)["registered_as"].startswith("SN 2025/")
    assert town.hand_overs().has("one")


def test_a_report_that_its_source_tells_again_is_not_handed_over_again(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored = registered(town, "one")
    arrived = town.clock.now()
    originals(town).let_go(arrived, 500)
    assert town.put("one", arrived=arrived) == stored
    town.lane().look()
    assert town.reception.asked == [key_of(stored)]


def test_a_batch_is_no_larger_than_asked_and_the_next_goes_on(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    for name in "abc":
        registered(town, name)
    found, now = originals(town), town.clock.now()
    assert [found.let_go(now, 2) for _ in range(3)] == [2, 1, 0]


def test_a_disk_that_refuses_says_what_to_do(tmp_path: Path) -> None:
    class Refusing(WatchedDisk):
        def remove(self, path: Path) -> None:
            self._step("remove")
            super().remove(path)

    town = LaneTown(tmp_path)
    registered(town, "one")
    with pytest.raises(RetriableError, match="look at the disk"):
        originals(town, Refusing(fail_at=0)).let_go(town.clock.now(), 500)
