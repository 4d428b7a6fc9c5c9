from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.polisen.mapping import fingerprint, map_row, parse_feed, parse_time
from hub.connector import PlaceRecord, Unmapped
from hub.contract.models import PlaceCategory, PlaceKind
from tests.unit.connectors.polisen.make import Gazetteer, make_row

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_a_row_becomes_a_coded_place_event_without_any_text():
    record = map_row(make_row(), Gazetteer())
    assert isinstance(record, PlaceRecord)
    assert (record.source_id, record.area) == ("582447", "0581")
    assert record.occurred_at == datetime(2025, 5, 6, 17, 13, 34, tzinfo=UTC)
    assert (record.body.kind, record.body.category, record.body.incidents) == (PlaceKind.POLICE_EVENT, PlaceCategory.VIOLENCE, 1)
    assert not record.retracted
    assert "Bråk mellan" not in repr(record)
    assert "58.58" not in repr(record)


def test_the_area_is_the_one_that_had_the_name_when_it_occurred():
    gazetteer = Gazetteer()
    map_row(make_row(), gazetteer)
    assert gazetteer.asked == ("Norrköping", datetime(2025, 5, 6, 17, 13, 34, tzinfo=UTC))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "malformed_row"),
        ([], "malformed_row"),
        (make_row(id=None), "malformed_row"),
        (make_row(id=True), "malformed_row"),
        (make_row(id=" "), "malformed_row"),
        (make_row(location=None), "no_place"),
        (make_row(location={"name": ""}), "no_place"),
        (make_row(location="Norrköping"), "no_place"),
        (make_row(datetime=None), "bad_time"),
        (make_row(datetime="i går"), "bad_time"),
        (make_row(datetime="2025-02-30 10:00:00 +01:00"), "bad_time"),
    ],
)
def test_a_row_that_cannot_be_read_is_counted(row, reason):
    assert map_row(row, Gazetteer()) == Unmapped(reason, intentional=False)


@given(st.dictionaries(st.sampled_from(sorted(make_row())), JSON))
def test_no_row_raises(changed):
    assert isinstance(map_row(make_row(**changed), Gazetteer()), PlaceRecord | Unmapped)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_body"),
        (b" \r\n", "empty_body"),
        (b"<html>", "not_json"),
        (b'[{"id": 1', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 200_000, "not_json"),
        (b"{}", "not_an_array"),
    ],
)
def test_an_answer_without_rows_says_why(content, reason):
    assert parse_feed(content) == Unmapped(reason, intentional=False)


def test_an_edit_of_a_text_changes_the_fingerprint_and_the_order_of_fields_does_not():
    row = make_row()
    assert fingerprint(dict(reversed(row.items()))) == fingerprint(row)
    for name in row:
        assert fingerprint(make_row(**{name: "edited"})) != fingerprint(row)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-05-06 9:13:34 +02:00", datetime(2025, 5, 6, 7, 13, 34, tzinfo=UTC)),
        ("2025-05-06 09:13:34 +02:00", datetime(2025, 5, 6, 7, 13, 34, tzinfo=UTC)),
        ("2025-01-06 0:03:04 +01:00", datetime(2025, 1, 5, 23, 3, 4, tzinfo=UTC)),
        ("2025-05-06T09:13:34Z", datetime(2025, 5, 6, 9, 13, 34, tzinfo=UTC)),
        ("2025-05-06 09:13:34", datetime(2025, 5, 6, 7, 13, 34, tzinfo=UTC)),
        ("2025-01-06 09:13", datetime(2025, 1, 6, 8, 13, tzinfo=UTC)),
        ("0001-01-01 00:00:00 +23:59", None),
        ("2025-05-06 24:13:34 +02:00", None),
        ("2025-05-06 09:13:34 +99:00", None),
        (1746515614, None),
    ],
)
def test_times_are_read_as_the_feed_writes_them(text, utc):
    assert parse_time(text) == utc


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001 - zone is added below
    st.integers(-12, 14),
)
def test_every_time_is_read_with_and_without_a_leading_zero(moment, hours):
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    offset = moment.strftime("%z")[:3] + ":00"
    for hour in (f"{moment.hour:02d}", str(moment.hour)):
        assert parse_time(f"{moment:%Y-%m-%d} {hour}:{moment:%M:%S} {offset}") == moment


def test_a_row_nested_without_end_keeps_no_other_row_from_being_read():
    deep = "[" * 5_000 + "]" * 5_000
    rows = parse_feed(f'[{{"id": 1, "x": {deep}}}, {{"id": 2}}]'.encode())
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == [1, 2]
