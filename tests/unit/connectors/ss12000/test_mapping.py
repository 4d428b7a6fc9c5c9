from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ss12000.instants import day_start
from connectors.ss12000.mapping import map_absence, map_event, piece_record
from connectors.ss12000.roster import read_roster
from hub.connector import PersonRecord, Unmapped
from hub.contract.models import AbsenceKind, InfoKind
from tests.unit.connectors.ss12000.make import ALVA, make_absence, make_attendance, make_event, make_id, make_person

START = "2025-05-06T09:00:00+02:00"
ROSTER = read_roster([make_person("alva", ALVA), make_person("marked", securityMarking="Sekretessmarkering")])
SPAN = (day_start(date(2025, 5, 5)), day_start(date(2025, 5, 12)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def mapped(event, pieces=None):
    return [record for _, records in map_event(event, ROSTER, {} if pieces is None else pieces) for record in records]


def facts(event):
    """(kind, minutes, retracted) of every person's record."""
    records = [record for record in mapped(event) if isinstance(record, PersonRecord)]
    return [(record.body.kind.value, record.body.minutes, record.retracted) for record in records]


def reasons(event):
    return [record.reason for record in mapped(event) if isinstance(record, Unmapped)]


def test_one_attendance_gives_unexcused_and_excused_minutes_apart():
    event = make_event("lesson", START, make_attendance("a", "alva", unexcused=40, excused=20), minutes=80)
    unexcused, excused = mapped(event)
    assert (unexcused.source_id, excused.source_id) == (f"{make_id('a')}:unexcused", f"{make_id('a')}:excused")
    assert (unexcused.body.minutes, excused.body.minutes) == (40, 20)
    assert {unexcused.kind, excused.kind} == {InfoKind.SCHOOL_ABSENCE}
    assert {unexcused.person_id, excused.person_id} == {ALVA}
    assert unexcused.occurred_at == datetime(2025, 5, 6, 7, tzinfo=UTC)
    assert unexcused.body.offered_minutes == 80
    assert not unexcused.retracted
    assert ALVA not in repr(unexcused)


def test_a_correction_keeps_its_identity_and_zero_minutes_retract():
    before, after = (
        mapped(make_event("lesson", START, make_attendance("a", "alva", unexcused=minutes)))[0] for minutes in (60, 0)
    )
    assert before.source_id == after.source_id
    assert (before.retracted, after.retracted) == (False, True)


@pytest.mark.parametrize("reported", [False, None, "true", 1])
def test_an_attendance_that_is_not_reported_counts_nothing(reported):
    event = make_event("lesson", START, make_attendance("a", "alva", unexcused=60, reported=reported))
    assert facts(event) == [("unexcused", 0, True), ("excused", 0, True)]


def test_a_lesson_cancelled_afterwards_retracts_what_was_reported():
    event = make_event("lesson", START, make_attendance("a", "alva", unexcused=60), cancelled=True)
    assert facts(event) == [("unexcused", 0, True), ("excused", 0, True)]
    assert reasons(event) == ["cancelled_lesson"]


def test_a_protected_student_is_only_counted():
    event = make_event("lesson", START, make_attendance("a", "marked", unexcused=60))
    assert mapped(event) == [Unmapped("protected", intentional=True)]


def test_omitted_minutes_are_zero_when_the_lesson_is_reported():
    attendance = make_attendance("a", "alva", unexcused=30)
    del attendance["validAbsenceMinutes"]
    assert facts(make_event("lesson", START, attendance)) == [("unexcused", 30, False), ("excused", 0, True)]


@pytest.mark.parametrize("minutes", [-1, 1441, "60", True, float("nan"), float("inf"), []])
def test_impossible_minutes_are_counted_and_the_other_kind_still_told(minutes):
    event = make_event("lesson", START, make_attendance("a", "alva", excused=10) | {"invalidAbsenceMinutes": minutes})
    assert facts(event) == [("excused", 10, False)]
    assert reasons(event) == ["bad_minutes"]


@pytest.mark.parametrize("event", [None, [], {}, make_event("lesson", START) | {"startTime": "soon"}])
def test_an_event_without_a_start_is_counted(event):
    assert reasons(event) == ["malformed_event"]


@pytest.mark.parametrize("attendance", [None, {}, {"id": ""}, {"id": 7}])
def test_a_malformed_attendance_does_not_stop_the_next(attendance):
    event = make_event("lesson", START, attendance, make_attendance("a", "alva", unexcused=60))
    assert reasons(event) == ["malformed_attendance"]
    assert facts(event)[0] == ("unexcused", 60, False)


@pytest.mark.parametrize(
    ("changed", "offered"),
    [({"teachingLengthStudent": 45}, 45), ({"teachingLengthStudent": 0}, None), ({"teachingLengthStudent": "x"}, 60),
     ({"endTime": None}, None), ({"endTime": "2025-05-05T09:00:00+02:00"}, None), ({"endTime": "2025-05-09T09:00:00"}, 1440)],
)  # fmt: skip
def test_the_offered_minutes_are_the_taught_ones_else_the_lessons_length(changed, offered):
    event = make_event("lesson", START, make_attendance("a", "alva", unexcused=30), **changed)
    assert mapped(event)[0].body.offered_minutes == offered


@given(st.dictionaries(st.sampled_from(["startTime", "endTime", "cancelled", "_embedded", "teachingLengthStudent"]), JSON), JSON,
       st.dictionaries(st.sampled_from(["id", "student", "isReported", "validAbsenceMinutes"]), JSON))  # fmt: skip
def test_no_event_raises(changed, extra, attendance):
    event = make_event("lesson", START, extra, make_attendance("a", "alva") | attendance) | changed
    assert all(isinstance(record, PersonRecord | Unmapped) for record in mapped(event))


def test_an_absence_is_cut_into_school_days_of_the_window():
    row = make_absence("x", "alva", "2025-05-08T12:00:00+02:00", "2025-05-13T10:00:00+02:00")
    pieces = map_absence(row, ROSTER, *SPAN)
    assert [piece.source_id.rpartition(":")[2] for piece in pieces] == ["2025-05-08", "2025-05-09"]
    records = [piece_record(piece, 360) for piece in pieces]
    assert [record.body.minutes for record in records] == [360, 360]
    assert {record.body.kind for record in records} == {AbsenceKind.EXCUSED}
    assert records[0].occurred_at == datetime(2025, 5, 8, 10, tzinfo=UTC)
    following = map_absence(row, ROSTER, SPAN[1], day_start(date(2025, 5, 19)))
    assert [piece_record(piece, 720).body.minutes for piece in following] == [720, 600]


def test_a_short_absence_counts_its_own_minutes():
    (piece,) = map_absence(make_absence("x", "alva", START, "2025-05-06T10:30:00+02:00"), ROSTER, *SPAN)
    assert piece_record(piece, 360).body.minutes == 90


@pytest.mark.parametrize(
    ("lesson", "attendance", "covered"),
    [
        (START, {"unexcused": 60}, True),
        (START, {}, True),
        (START, {"reported": False}, False),
        ("2025-05-06T08:00:00+02:00", {}, False),
        ("2025-05-06T10:30:00+02:00", {}, False),
        ("2025-05-06T08:30:00+02:00", {}, True),
    ],
)
def test_an_absence_that_reported_attendance_tells_of_is_retracted_so_nothing_counts_twice(lesson, attendance, covered):
    (piece,) = map_absence(make_absence("x", "alva", START, "2025-05-06T10:30:00+02:00"), ROSTER, *SPAN)
    mapped(make_event("lesson", lesson, make_attendance("a", "alva", **attendance)), {ALVA: [piece]})
    assert piece_record(piece, 360).retracted is covered


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"id": None}, "malformed_absence"), ({"startTime": "x"}, "malformed_absence"), ({"endTime": START}, "malformed_absence"),
     ({"type": "Sjuk"}, "unknown_absence_type"), ({"student": {"id": make_id("nobody")}}, "unknown_person"),
     ({"student": {"id": make_id("marked")}}, "protected")],
)  # fmt: skip
def test_an_absence_that_cannot_be_told_is_counted(changed, reason):
    mapped = map_absence(make_absence("x", "alva", START, "2025-05-06T10:30:00+02:00") | changed, ROSTER, *SPAN)
    assert isinstance(mapped, Unmapped)
    assert mapped.reason == reason


@given(JSON)
def test_no_absence_raises(row):
    assert isinstance(map_absence(row, ROSTER, *SPAN), Unmapped)


@given(st.integers(0, 35 * 24 * 60), st.integers(1, 20 * 24 * 60))
def test_windows_divide_an_absence_without_loss_or_overlap(after, minutes):
    start = datetime(2025, 4, 20, tzinfo=UTC) + timedelta(minutes=after)
    row = make_absence("x", "alva", start.isoformat(), (start + timedelta(minutes=minutes)).isoformat())
    edges = [day_start(date(2025, 4, 14)), day_start(date(2025, 4, 28)), *SPAN, day_start(date(2025, 6, 30))]
    whole = map_absence(row, ROSTER, edges[0], edges[-1])
    parts = [map_absence(row, ROSTER, *span) for span in pairwise(edges)]
    assert [piece for part in parts for piece in part] == whole
