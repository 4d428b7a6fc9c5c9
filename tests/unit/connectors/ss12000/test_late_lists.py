"""Servers whose lists show at night what changed by day, or whose clock is slow, through source and intake."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.simulator import build_simulator
from connectors.ss12000.source import Ss12000Source
from hub.clock import ManualClock
from hub.connector import Removal
from tests.unit.connect.conftest import World
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.ss12000.make import (
    ALVA,
    BO,
    make_absence,
    make_attendance,
    make_context,
    make_event,
    make_id,
    make_person,
    write_dataset,
)
from tests.unit.connectors.ss12000.test_reading import LESSON, SchoolDays
from tests.unit.connectors.ss12000.test_source import make_source


def of_may(day, hour=0, minute=0):
    return datetime(2025, 5, day, hour, minute, tzinfo=UTC)


def meta(at):
    return {"meta": {"created": "2025-05-05T08:00:00+02:00", "modified": at.isoformat()}}


class LateSchool(SchoolDays):
    """One whose lists show what had changed by `shown`; `next` comes to be shown when a poll under way reads a late window."""

    def __init__(self, world, folder, events, absences=(), deleted=(), **config):
        folder.mkdir()
        (folder / "deletedEntities.json").write_text(json.dumps(list(deleted)), encoding="utf-8")
        super().__init__(world, folder, events, absences, **config)
        self.shown, self.next = world.clock.now(), None
        self.app = build_simulator(folder, {"now": lambda: self.shown})

    def batches(self, cursor):
        inner = InProcess(self.app)

        def answer(request):
            if self.next and request.url.params.get("startTime.onOrAfter", "") > "2025-05-07":
                self.shown, self.next = self.next, None
            return inner.handle_request(request)

        return make_source(httpx.MockTransport(answer), self.world.clock.now(), **self.config).batches(cursor)

    def poll_at(self, at, shown):
        self.world.clock.set(at)
        self.shown = shown
        self.poll()
        return self.standing()


@pytest.fixture
def world(tmp_path):
    built = World(tmp_path)
    built.grant(ALVA, 1)
    built.grant(BO, 2)
    yield built
    built.close()


@pytest.mark.parametrize("what", ["Attendance", "Absence"])
@pytest.mark.parametrize(
    "times",
    [(of_may(7, 7, 41), of_may(7, 8, 15), of_may(7, 7, 55)), (of_may(7, 8, 5), of_may(8, 1), of_may(8))],
    ids=["the server's clock is slow", "the lists are brought up to date at night"],
)
def test_a_deletion_that_shows_late_is_told_however_old_it_is(world, tmp_path, what, times):
    deleted, at, shown = times
    gone = [{"entity": what, "id": make_id("r"), "deletedAt": deleted.isoformat()}]
    absence = make_absence("r", "alva", LESSON, "2025-05-06T10:00:00+02:00")
    lesson = make_event("one", LESSON, *([make_attendance("r", "alva", unexcused=60)] if what == "Attendance" else ()))
    school = LateSchool(world, tmp_path / "school", [lesson], [absence] if what == "Absence" else (), gone)
    assert school.poll_at(of_may(7, 7), of_may(7, 6, 40)) == [(1, 60)]
    assert school.poll_at(of_may(7, 8), of_may(7, 7, 40)) == [(1, 60)]
    school.poll_at(at - timedelta(minutes=10), of_may(7, 7, 40))
    assert school.poll_at(at, shown) == []


def test_a_pupil_is_cleared_of_what_a_list_that_is_brought_up_to_date_under_the_reading_corrects(world, tmp_path):
    marks = [make_attendance("r", "alva", unexcused=60), make_attendance("r", "bo", unexcused=60, **meta(of_may(14, 8)))]
    late = make_attendance("o", "bo", **meta(of_may(14, 14)))
    lessons = [make_event("one", LESSON, *marks), make_event("two", "2025-05-14T08:00:00+02:00", late)]
    school = LateSchool(world, tmp_path / "school", lessons)
    assert school.poll_at(of_may(14, 6), of_may(14)) == [(1, 60)]
    school.next = of_may(15)
    assert school.poll_at(of_may(15), of_may(14)) == [(1, 60)]
    assert school.poll_at(of_may(15, 0, 15), of_may(15)) == [(2, 60)]


def test_a_reported_absence_that_such_a_list_shortens_stands_on_the_days_that_are_left_to_it(world, tmp_path):
    long = make_absence("r", "alva", "2025-05-05T08:00:00+02:00", "2025-05-06T16:00:00+02:00")
    short = make_absence("r", "alva", "2025-05-05T08:00:00+02:00", "2025-05-05T16:00:00+02:00", **meta(of_may(14, 8)))
    late = make_absence("o", "bo", "2025-05-14T08:00:00+02:00", "2025-05-14T16:00:00+02:00", **meta(of_may(14, 14)))
    school = LateSchool(world, tmp_path / "school", [make_event("old", "2025-03-18T09:00:00+01:00")], [long, short, late])
    school.poll_at(of_may(14, 6), of_may(14))
    school.poll_at(of_may(14, 12), of_may(14))
    assert school.days() == [(1, 5), (1, 6)]
    school.next = of_may(15)
    school.poll_at(of_may(15), of_may(14))
    school.poll_at(of_may(15, 0, 15), of_may(15))
    assert school.days() == [(1, 5), (2, 14)]


def test_a_correction_behind_the_days_that_are_read_again_is_followed_though_it_shows_late(world, tmp_path):
    lesson = make_event("one", LESSON)["id"]
    right = make_attendance("r", "bo", unexcused=30, calendarEvent={"id": lesson}, **meta(of_may(14, 8)))
    marks = [make_attendance("r", "alva", unexcused=60), right]
    school = LateSchool(world, tmp_path / "school", [make_event("one", LESSON, *marks)], overlap_days=3)
    assert school.poll_at(of_may(14, 6), of_may(14)) == [(1, 60)]
    assert school.poll_at(of_may(14, 20), of_may(14)) == [(1, 60)]
    assert school.poll_at(of_may(15), of_may(15)) == [(2, 30)]


def test_one_process_tells_of_a_deletion_once_and_again_where_that_was_not_stored(tmp_path):
    gone = [{"entity": "Attendance", "id": make_id("r"), "deletedAt": of_may(7, 8).isoformat()}]
    (tmp_path / "deletedEntities.json").write_text(json.dumps(gone), encoding="utf-8")
    lesson = make_event("one", LESSON, make_attendance("r", "alva"))
    write_dataset(tmp_path, persons=[make_person("alva", ALVA)], events=[lesson])
    clock = ManualClock(of_may(7, 7))
    config = Ss12000Config(base_url="https://school.example/v2.0", since="2025-03-17")
    transport = InProcess(build_simulator(tmp_path, {"now": clock.now}))
    source = Ss12000Source(config, replace(make_context(), now=clock.now), transport=transport)

    def poll(cursor):
        batches = list(source.batches(cursor))
        return any(isinstance(one, Removal) for each in batches for one in each.asides), batches[-1].cursor

    told, before = poll(None)
    assert not told
    clock.set(of_may(7, 10))
    assert poll(before)[0]
    told, after = poll(before)
    assert told
    clock.set(of_may(7, 11))
    assert not poll(after)[0]
