from datetime import UTC, datetime, timedelta

import pytest

from connectors.ss12000.told import NOTHING, Kind, Known, Position, Told, Watch, read_position
from hub.errors import ConfigError
from tests.unit.connectors.ss12000.make import NOW

EARLIER, LATER = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
TOLD = Told(NOW, Known({Kind.ATTENDANCE: EARLIER}, {Kind.ATTENDANCE: EARLIER}))


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


@pytest.mark.parametrize("ahead", [-2, 0, 2])
def test_what_changed_in_a_poll_is_sure_after_the_next_one_whatever_hour_the_server_writes(ahead):
    missed, met = (dated(modified=NOW + timedelta(hours=ahead, seconds=second)) for second in (30, 60))
    first = Watch(NOW, {Kind.ATTENDANCE: EARLIER - timedelta(days=1)})
    first.changed(Kind.ATTENDANCE, met)
    told = Told(NOW, first.known())
    assert told.changed_since(Kind.ATTENDANCE, Watch(NOW).changed(Kind.ATTENDANCE, missed), EARLIER)
    assert told.again(Kind.ATTENDANCE, Watch(NOW).changed(Kind.ATTENDANCE, met), EARLIER)
    second = Watch(NOW + timedelta(minutes=15), first.newest)
    second.changed(Kind.ATTENDANCE, met)
    assert second.known().sure == first.newest


def test_what_is_older_than_a_list_may_be_late_is_sure_at_once():
    watch = Watch(NOW, late=timedelta(hours=20))
    watch.changed(Kind.ATTENDANCE, dated(modified=NOW - timedelta(days=1)))
    assert watch.known() == Known(watch.newest, watch.newest)


@pytest.mark.parametrize(
    "row", [None, "x", {}, {"meta": None}, {"meta": {"modified": "soon"}}, dated(modified=NOW + timedelta(days=2))]
)
def test_a_time_of_change_that_cannot_be_or_cannot_be_read_is_none(row):
    watch = Watch(NOW)
    assert watch.changed(Kind.ATTENDANCE, row) is None
    assert watch.newest == {}


def test_what_a_list_came_to_show_under_the_reading_is_not_sure_however_old_it_is():
    watch = Watch(NOW, {Kind.ATTENDANCE: NOW - timedelta(hours=30)})
    watch.changed(Kind.ATTENDANCE, dated(modified=NOW - timedelta(hours=10)))
    assert watch.known().sure == {Kind.ATTENDANCE: NOW - timedelta(hours=30)}


@pytest.mark.parametrize(
    ("shown", "asked"), [(None, 36.25), (1 / 60, 0.25), (5, 5), (100, 36.25)], ids=["never", "now", "then", "long ago"]
)
def test_changes_are_asked_for_since_what_the_list_showed_and_as_far_back_as_it_may_be_late(shown, asked):
    sure = {} if shown is None else {Kind.ATTENDANCE_CHANGES: NOW - timedelta(hours=shown)}
    position = Position(NOW, NOW, Known({}, {}), Known({}, sure | {Kind.ATTENDANCE: NOW - timedelta(hours=7)}))
    late = timedelta(hours=36)
    assert position.asked_after(late)[Kind.ATTENDANCE] == NOW - timedelta(hours=asked)
    assert position.told_behind(NOW, late).known.sure[Kind.ATTENDANCE] == NOW - timedelta(hours=max(7, asked))


def test_a_cursor_comes_back_as_it_was_and_an_earlier_one_goes_by_our_clock():
    known, followed = Known({Kind.ATTENDANCE: LATER}, {Kind.ATTENDANCE: EARLIER}), Known({Kind.LESSON: EARLIER}, {})
    position = Position(NOW, LATER, known, followed)
    assert read_position(position.written()) == position
    assert read_position(None) is read_position({}) is None
    before = read_position({"through": NOW.isoformat(), "seen": LATER.isoformat()})
    assert before.known == before.followed == Known(dict.fromkeys(Kind, LATER), dict.fromkeys(Kind, LATER - timedelta(hours=3)))
    yesterday = {name: text for name, text in position.written().items() if "sure" not in name}
    assert read_position(yesterday).known == Known(known.newest, {Kind.ATTENDANCE: LATER - timedelta(hours=3)})
    with pytest.raises(ConfigError):
        read_position({"through": datetime.now(UTC).date().isoformat()})
