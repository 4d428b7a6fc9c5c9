"""Backfill: a history import that goes on where it was cut off, and the earlier facts that a grant came to cover."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from hub.connect.history import import_history
from hub.connector import Batch
from hub.errors import RejectedError, RetriableError

from .conftest import NOW, ListSource, World

SINCE = NOW - timedelta(days=30)


class Archive(ListSource):
    """A source that can be asked again; one batch a day of its thirty, one absence of each of two persons in each."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list = []
        self.fail_at: list[int] = []

    def backfill(self, subjects, since, progress=None):
        self.asked.append((since, progress))
        for day in range(progress["day"] + 1 if progress else 0, 30):
            if day in self.fail_at:
                self.fail_at.remove(day)
                raise RetriableError("away")
            at = SINCE + timedelta(days=day)
            rows = [World.absence(World.person(number), f"{number}-{day}", at=at) for number in (0, 1)]
            yield Batch([row for row in rows if at >= since and subjects(row.person_id)], {"day": day})

    def records(self) -> list:
        return [record for batch in self.backfill(lambda _: True, SINCE) for record in batch.records]


@pytest.fixture
def archive(world) -> Archive:
    world.source = Archive()
    return world.source


def test_a_history_is_told_once_and_what_consent_does_not_cover_stays(world, archive) -> None:
    world.grant(world.person())
    heard: list = []
    assert world.lane().history(SINCE, lambda at, counts: heard.append((at, counts["handled", ""])) or True)
    assert len(world.published) == 30
    assert heard[-1] == (SINCE + timedelta(days=29), 60)
    assert world.lane().history(SINCE, lambda _at, _counts: True)
    assert len(world.published) == 30
    assert archive.asked == [(SINCE, None), (SINCE, None)]  # it had come to its end: asked again, it begins anew


def test_a_history_that_was_cut_off_goes_on_behind_its_last_settled_group(world, archive) -> None:
    world.grant(world.person())
    archive.fail_at = [12]
    with pytest.raises(RetriableError):
        world.lane().history(SINCE, lambda _at, _counts: True)
    assert len(world.published) == 12
    assert world.lane().history(SINCE, lambda _at, _counts: True)
    assert archive.asked == [(SINCE, None), (SINCE, {"day": 11})]
    assert len(world.published) == 30


def test_failures_are_tried_again_as_long_as_it_gets_on(world, archive, tmp_path) -> None:
    world.grant(world.person())
    archive.fail_at = [3, 9, 21]
    assert import_history(world.lane(), SINCE, lambda _at, _counts: True, threading.Event())
    assert len(world.published) == 30


def test_it_ends_when_it_is_told_to_and_says_that_it_is_not_whole(world, archive) -> None:
    world.grant(world.person())
    assert not world.lane().history(SINCE, lambda _at, _counts: False)


def test_a_source_that_cannot_be_asked_is_named_as_such(world) -> None:
    with pytest.raises(RejectedError) as caught:
        world.lane().history(SINCE, lambda _at, _counts: True)
    assert caught.value.code == "no_history"


def test_a_grant_of_earlier_time_asks_for_that_person_since_then_and_once(world, archive) -> None:
    archive.given = [[world.absence(world.person(), "other")]]
    lane = world.lane()
    lane.poll()
    world.grant(world.person(), spans=((NOW - timedelta(days=10), NOW + timedelta(days=1)),))
    lane.poll()
    assert archive.asked == [(NOW - timedelta(days=10), None)]
    assert len(world.published) == 10
    world.crash()
    world.lane().poll()
    assert len(archive.asked) == 1
    assert world.lane().poll() == {}


def test_earlier_facts_survive_a_kill_and_go_on_where_they_were(world, archive) -> None:
    lane = world.lane()
    archive.given = [[world.unmapped()]]
    lane.poll()
    world.grant(world.person(), spans=((SINCE, NOW + timedelta(days=1)),))
    archive.fail_at = [7]
    with pytest.raises(RetriableError):
        lane.poll()
    world.crash()
    world.lane().poll()
    assert archive.asked == [(SINCE, None), (SINCE, {"day": 6})]
    assert len(world.published) == 30


def test_a_withdrawal_ends_what_is_owed(world, archive) -> None:
    lane = world.lane()
    archive.given = [[world.unmapped()]]
    lane.poll()
    world.grant(world.person(), spans=((SINCE, NOW + timedelta(days=1)),))
    archive.fail_at = [0]
    with pytest.raises(RetriableError):
        lane.poll()
    world.directory.withdraw(world.person(), None)
    lane.poll()
    assert world.published == []
    assert len(archive.asked) == 1


def test_what_was_read_on_the_first_day_before_the_agency_was_told_is_asked_for_again(world, archive) -> None:
    midnight = SINCE + timedelta(days=28)
    lane = world.lane()
    archive.given = [[world.absence(world.person(), "0-28", at=midnight)]]
    lane.poll()
    assert world.published == []
    world.grant(world.person(), spans=((midnight, NOW + timedelta(days=90)),))
    lane.poll()
    assert archive.asked == [(midnight, None)]
    assert len(world.published) == 2  # that of its very first instant, and the next day's
    world.lane().poll()
    assert len(world.published) == 2
