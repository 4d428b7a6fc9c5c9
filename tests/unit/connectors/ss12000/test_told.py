from datetime import UTC, datetime, timedelta

import pytest

from connectors.ss12000.told import NOTHING, Kind, Position, Told, Watch, read_position
from hub.errors import ConfigError
from tests.unit.connectors.ss12000.make import NOW

EARLIER, LATER = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
TOLD = Told(NOW, {Kind.ATTENDANCE: EARLIER})


def dated(**meta):
    return {"meta": {name: at.isoformat() for name, at in meta.items()}}


@pytest.mark.parametrize(
    ("changed", "begins", "again"),
    [
        (EARLIER, EARLIER, True),
        (LATER, EARLIER, False),
        (EARLIER, NOW, False),
        (None, EARLIER, True),
        (None, NOW, False),
        (EARLIER, None, True),
        (None, None, False),
    ],
)
def test_what_is_told_again_began_before_and_was_not_changed_since(changed, begins, again):
    assert TOLD.again(Kind.ATTENDANCE, changed, begins) is again
    assert not NOTHING.again(Kind.ATTENDANCE, changed, begins)


def test_each_list_is_compared_with_itself_and_one_that_never_had_a_row_has_only_news():
    assert not TOLD.again(Kind.ABSENCE, EARLIER, EARLIER)
    assert TOLD.again(Kind.ATTENDANCE, EARLIER, EARLIER)


def test_only_what_may_have_been_told_before_can_have_been_corrected():
    assert TOLD.changed_since(Kind.ATTENDANCE, LATER, EARLIER)
    assert not TOLD.changed_since(Kind.ATTENDANCE, LATER, NOW)
    assert not TOLD.changed_since(Kind.ATTENDANCE, EARLIER, EARLIER)
    assert not TOLD.changed_since(Kind.ATTENDANCE, None, EARLIER)
    assert not NOTHING.changed_since(Kind.ATTENDANCE, LATER, EARLIER)


def test_an_attendance_is_no_older_than_its_report_and_of_each_list_the_newest_change_is_kept():
    watch = Watch(NOW)
    assert watch.changed(Kind.ATTENDANCE, dated(created=EARLIER) | {"reportedTimestamp": LATER.isoformat()}) == LATER
    assert watch.changed(Kind.ATTENDANCE, dated(created=EARLIER, modified=EARLIER)) == EARLIER
    assert watch.changed(Kind.LESSON, dated(modified=EARLIER)) == EARLIER
    assert watch.newest == {Kind.ATTENDANCE: LATER, Kind.LESSON: EARLIER}


@pytest.mark.parametrize(
    "row", [None, "x", {}, {"meta": None}, {"meta": {"modified": "soon"}}, dated(modified=NOW + timedelta(days=2))]
)
def test_a_time_of_change_that_cannot_be_or_cannot_be_read_is_none(row):
    watch = Watch(NOW)
    assert watch.changed(Kind.ATTENDANCE, row) is None
    assert watch.newest == {}


def test_a_cursor_comes_back_as_it_was_and_an_earlier_one_goes_by_our_clock():
    position = Position(NOW, LATER, {Kind.ATTENDANCE: EARLIER}, {})
    assert read_position(position.written()) == position
    assert read_position(None) is read_position({}) is None
    before = read_position({"through": NOW.isoformat(), "seen": LATER.isoformat()})
    assert (before.newest, before.followed) == (dict.fromkeys(Kind, LATER), dict.fromkeys(Kind, LATER))
    with pytest.raises(ConfigError):
        read_position({"through": datetime.now(UTC).date().isoformat()})
