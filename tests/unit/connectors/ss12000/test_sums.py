from datetime import date, datetime

import pytest

from connectors.ss12000.instants import STOCKHOLM
from connectors.ss12000.mapping import Piece
from connectors.ss12000.roster import read_roster
from connectors.ss12000.sums import map_sums
from hub.connector import PersonRecord, Unmapped
from tests.unit.connectors.ss12000.make import ALVA, make_id, make_person

DAY = date(2025, 5, 6)
ROSTER = read_roster([make_person("alva", ALVA), make_person("marked", securityMarking="Sekretessmarkering")])


def make_row(student="alva", **changed):
    row = {"student": {"id": make_id(student)}, "startDate": "2025-05-06", "endDate": "2025-05-06", "attendanceSum": 0}
    return row | {"invalidAbsenceSum": 0, "validAbsenceSum": 0, "offeredSum": 60} | changed


def mapped(*rows, pieces=None):
    return list(map_sums(rows, DAY, ROSTER, pieces if pieces is not None else {}))


def told(records):
    return {one.body.kind.value: one.body.minutes for one in records if isinstance(one, PersonRecord) and not one.retracted}


def test_the_rows_of_a_student_are_one_fact_a_kind():
    records = mapped(make_row(invalidAbsenceSum=40), make_row(invalidAbsenceSum=20, validAbsenceSum=5))
    assert told(records) == {"unexcused": 60, "excused": 5}
    assert {one.body.offered_minutes for one in records} == {120}
    assert {one.source_id for one in records} == {"sums:2025-05-06:unexcused", "sums:2025-05-06:excused"}


def test_a_missing_sum_is_unknown_and_not_nought():
    records = mapped(make_row(invalidAbsenceSum=40), make_row(invalidAbsenceSum=None, validAbsenceSum=5))
    assert told(records) == {"excused": 5}
    assert Unmapped("unknown_sum", intentional=False) in records
    assert len(records) == 2


def test_nothing_offered_gives_no_rate():
    (record, _) = mapped(make_row(offeredSum=0, invalidAbsenceSum=5))
    assert record.body.offered_minutes is None


def test_a_day_without_absence_takes_back_what_was_told_of_it():
    assert [one.retracted for one in mapped(make_row())] == [True, True]


@pytest.mark.parametrize(
    "row", [7, {"student": {"id": make_id("alva")}, "endDate": "2025-06-30"}, make_row(startDate="2025-01-01")]
)
def test_a_row_of_another_time_or_none_is_counted(row):
    assert [type(one) for one in mapped(row)] == [Unmapped]


def test_a_protected_student_is_never_yielded():
    assert mapped(make_row("marked")) == [Unmapped("protected", intentional=True)]


def test_sums_cover_a_reported_absence_of_that_day_when_they_are_known():
    def piece():
        return Piece(ALVA, "x", datetime(2025, 5, 6, 8, tzinfo=STOCKHOLM), datetime(2025, 5, 6, 16, tzinfo=STOCKHOLM))

    known, unknown = piece(), piece()
    mapped(make_row(validAbsenceSum=60), pieces={ALVA: [known]})
    mapped(make_row(validAbsenceSum=None), pieces={ALVA: [unknown]})
    assert (known.covered, unknown.covered) == (True, False)
