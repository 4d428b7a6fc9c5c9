"""What a school reports or corrects after a poll, through source and intake: it is news, is counted, and is of one pupil."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ss12000.instants import STOCKHOLM
from connectors.ss12000.simulator import build_simulator
from hub.connect.letter_rows import find_letters
from hub.connect.letters import Sealing
from hub.connect.news import newest_news
from hub.connect.recall import Recall
from hub.connect.tables import letters
from tests.unit.connect.conftest import KEY, World
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.ss12000.make import (
    ALVA,
    BO,
    CLEO,
    make_absence,
    make_attendance,
    make_event,
    make_person,
    write_dataset,
)
from tests.unit.connectors.ss12000.test_source import make_source

PERSONS = [
    make_person("alva", ALVA),
    make_person("bo", BO),
    make_person("marked", CLEO, securityMarking="Sekretessmarkering"),
    make_person("unnumbered"),
]
NOON = datetime(2025, 5, 6, 10, tzinfo=UTC)
LESSON = "2025-05-06T09:00:00+02:00"
LATE = {"reportedTimestamp": "2025-05-06T22:00:00+02:00"}
CORRECTED = {"meta": {"created": "2025-05-06T09:30:00+02:00", "modified": "2025-05-08T10:00:00+02:00"}}
MOVED = (("alva", {}), ("bo", CORRECTED))


class SchoolDays:
    """A school whose days go by; each poll is one of a source of its own, as after a restart."""

    def __init__(self, world, folder, events, absences=(), **config):
        write_dataset(folder, persons=PERSONS, events=events, absences=absences)
        self.world = world
        self.config = config
        self.app = build_simulator(folder, {"now": world.clock.now})
        world.clock.set(NOON)

    def batches(self, cursor):
        return make_source(self.app, self.world.clock.now(), **self.config).batches(cursor)

    def close(self):
        pass

    def poll(self, **later):
        self.world.clock.advance(timedelta(**later))
        lane = self.world.lane(source=self)
        return lane.poll() | {("handled", ""): lane.handled}

    def standing(self):
        """By person's number in the world: the minutes that stand."""
        return sorted((int(one.youth_ref[1:], 16), one.minutes) for one in self._left())

    def days(self):
        """By person's number in the world: the days of May of which something stands."""
        return sorted((int(one.youth_ref[1:], 16), one.occurred_at.astimezone(STOCKHOLM).day) for one in self._left())

    def _left(self):
        newest = {(one.youth_ref, one.event_id): one for one in self.world.published}
        return [one for one in newest.values() if not one.retracted]


class SlowSchool(SchoolDays):
    """One that takes half a minute to answer."""

    def batches(self, cursor):
        inner = InProcess(self.app)

        def answer(request):
            answered = inner.handle_request(request)
            self.world.clock.advance(timedelta(seconds=30))
            return answered

        return make_source(httpx.MockTransport(answer), self.world.clock.now(), page_size=100).batches(cursor)


@pytest.fixture
def world(tmp_path):
    built = World(tmp_path)
    yield built
    built.close()


def test_attendance_that_is_reported_after_the_lesson_was_seen_is_news_and_is_counted_once(world, tmp_path):
    world.grant(ALVA)
    school = SchoolDays(
        world, tmp_path / "school", [make_event("one", LESSON, make_attendance("a", "alva", unexcused=30, **LATE))]
    )
    assert school.poll()["handled", ""] == 0
    counts = school.poll(hours=12)
    assert (counts["published", ""], counts["handled", ""]) == (1, 2)
    with world.ledger.engine.connect() as connection:
        assert newest_news(connection, "events") == world.clock.now()
    assert school.poll(hours=1)["handled", ""] == 0


@pytest.mark.parametrize("days", [1, 20], ids=["in the days read again", "behind them"])
def test_a_late_report_that_cannot_be_read_is_counted_and_kept_once(world, tmp_path, days):
    at = (NOON + timedelta(days=days, minutes=-5)).isoformat()
    reported = {"reportedTimestamp": at, "meta": {"created": at, "modified": at}}
    bad = make_attendance(
        "b", "bo", invalidAbsenceMinutes="trettio", calendarEvent={"id": make_event("one", LESSON)["id"]}, **reported
    )
    school = SchoolDays(world, tmp_path / "school", [make_event("one", LESSON, bad)])
    school.poll()
    school.poll(days=days - 1)
    assert school.poll(days=1)["unmapped", "bad_minutes"] == 1
    assert ("unmapped", "bad_minutes") not in school.poll(minutes=5)
    assert world.ledger.waiting() == 1


def test_what_was_reported_late_and_refused_is_found_again_at_the_source(world, tmp_path):
    bad = make_attendance("b", "bo", invalidAbsenceMinutes="trettio", **LATE)
    school = SchoolDays(world, tmp_path / "school", [make_event("one", LESSON, make_attendance("a", "alva", unexcused=30), bad)])
    school.poll()
    school.poll(hours=12)
    with world.ledger.engine.connect() as connection:
        (letter,) = find_letters(connection, letters.c.state == "waiting")
    found = Recall(Sealing(KEY, "ss12000"), lambda: school)([letter])[letter.letter_id]
    assert [one.reason for one in found.records] == ["bad_minutes"]


def test_a_reported_absence_that_cannot_be_read_is_counted_once_however_many_windows_it_touches(world, tmp_path):
    later = {"meta": {"created": "2025-05-06T14:00:00+02:00", "modified": "2025-05-06T14:00:00+02:00"}}
    odd = make_absence("odd", "bo", "2025-04-28T08:00:00+02:00", "2025-05-07T16:00:00+02:00", type="Annat", **later)
    school = SchoolDays(world, tmp_path / "school", [make_event("one", LESSON, make_attendance("a", "alva"))], [odd])
    assert ("unmapped", "unknown_absence_type") not in school.poll()
    assert school.poll(hours=12)["unmapped", "unknown_absence_type"] == 1
    assert ("unmapped", "unknown_absence_type") not in school.poll(hours=1)


@pytest.mark.parametrize(
    ("numbers", "standing"),
    [((1, 2), [[(1, 60)], [(2, 60)]]), ((1, None), [[(1, 60)], []]), ((None, 2), [[], [(2, 60)]]), ((None, None), [[], []])],
    ids=["both have a reference", "the former alone", "the right one alone", "neither"],
)
@pytest.mark.parametrize("what", ["attendance", "absence"])
def test_what_was_reported_of_the_wrong_pupil_is_of_the_right_one_alone(world, tmp_path, what, numbers, standing):
    for number, person in zip(numbers, (ALVA, BO), strict=True):
        if number:
            world.grant(person, number)
    absence = [make_absence("r", pupil, LESSON, "2025-05-06T10:00:00+02:00", **changed) for pupil, changed in MOVED]
    marks = [make_attendance("r", pupil, unexcused=60, **changed) for pupil, changed in MOVED]
    lesson = make_event("one", LESSON, *(marks if what == "attendance" else ()))
    school = SchoolDays(world, tmp_path / "school", [lesson], absence if what == "absence" else ())
    for days, minutes in zip((0, 2), standing, strict=True):
        school.poll(days=days)
        assert school.standing() == minutes
    said = len(world.published)
    school.poll(hours=1)
    assert len(world.published) == said


def test_a_pupil_of_whom_it_was_wrongly_reported_is_cleared_though_the_right_one_is_protected(world, tmp_path):
    world.grant(ALVA)
    marks = [make_attendance("r", pupil, unexcused=60, **changed) for pupil, changed in (("alva", {}), ("marked", CORRECTED))]
    school = SchoolDays(world, tmp_path / "school", [make_event("one", LESSON, *marks)])
    school.poll()
    school.poll(days=2)
    assert school.standing() == []
    assert {one.youth_ref for one in world.published} == {world.entry(1).youth_ref}


@pytest.mark.parametrize("pupil", ["unnumbered", "of another school"])
def test_nothing_is_taken_back_when_it_cannot_be_told_of_whom_it_is_now(world, tmp_path, pupil):
    world.grant(ALVA)
    marks = [make_attendance("r", "alva", unexcused=60), make_attendance("r", pupil, unexcused=60, **CORRECTED)]
    school = SchoolDays(world, tmp_path / "school", [make_event("one", LESSON, *marks)])
    school.poll()
    counts = school.poll(days=2)
    assert school.standing() == [(1, 60)]
    assert counts.get(("unmapped", "no_identifier"), 0) + counts.get(("unmapped", "unknown_person"), 0) == 1


@pytest.mark.parametrize("follow_changes", [True, False])
@pytest.mark.parametrize("pupil", ["alva", "bo", "unnumbered"])
@pytest.mark.parametrize("day", [5, 6])
def test_a_reported_absence_that_is_shortened_stands_on_the_days_that_are_left_to_it(world, tmp_path, day, pupil, follow_changes):
    world.grant(ALVA, 1)
    world.grant(BO, 2)
    long = make_absence("r", "alva", "2025-05-05T08:00:00+02:00", "2025-05-06T16:00:00+02:00")
    short = make_absence("r", pupil, f"2025-05-0{day}T08:00:00+02:00", f"2025-05-0{day}T16:00:00+02:00", **CORRECTED)
    lessons = [make_event("old", "2025-03-18T09:00:00+01:00")]
    school = SchoolDays(world, tmp_path / "school", lessons, [long, short], follow_changes=follow_changes)
    school.poll()
    assert school.days() == [(1, 5), (1, 6)]
    school.poll(days=2)
    assert school.days() == [({"bo": 2}.get(pupil, 1), day)]


def test_what_is_corrected_behind_a_poll_under_way_is_taken_back_at_the_next_one(world, tmp_path):
    world.grant(ALVA, 1)
    world.grant(BO, 2)
    began = datetime(2025, 5, 15, 8, tzinfo=UTC)
    # The third of four weeks, with the first lesson, is read after three minutes, and the last one after four.
    corrected, late = ((began + timedelta(seconds=second)).isoformat() for second in (190, 200))
    moved = {"meta": {"created": "2025-05-06T09:30:00+02:00", "modified": corrected}}
    marks = [make_attendance("r", "alva", unexcused=60), make_attendance("r", "bo", unexcused=60, **moved)]
    other = make_attendance("o", "bo", meta={"created": late, "modified": late})
    lessons = [make_event("one", LESSON, *marks), make_event("two", "2025-05-15T08:00:00+02:00", other)]
    school = SlowSchool(world, tmp_path / "school", lessons)
    school.poll()
    world.clock.set(began)
    for standing in ([(1, 60)], [(2, 60)]):
        school.poll()
        assert school.standing() == standing
