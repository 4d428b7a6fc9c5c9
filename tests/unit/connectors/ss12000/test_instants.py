from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ss12000.instants import STOCKHOLM, day_start, parse_instant, windows, written

INSTANTS = st.integers(946_684_800, 3_786_912_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-05-06T09:00:00+02:00", datetime(2025, 5, 6, 7, tzinfo=UTC)),
        ("2025-05-06T07:00:00Z", datetime(2025, 5, 6, 7, tzinfo=UTC)),
        ("2025-05-06t07:00:00z", datetime(2025, 5, 6, 7, tzinfo=UTC)),
        ("2025-05-06 09:00:00", datetime(2025, 5, 6, 7, tzinfo=UTC)),
        ("2025-01-06T09:00:00.123456", datetime(2025, 1, 6, 8, 0, 0, 123456, tzinfo=UTC)),
        ("2025-05-06", None),
        ("20250506T0900", None),
        ("2025-05-06T25:00:00", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("", None),
        (None, None),
        (1746515614, None),
    ],
)
def test_instants_are_read_and_naive_ones_are_stockholm_time(text, utc):
    assert parse_instant(text) == utc


@given(st.text())
def test_no_text_raises(text):
    assert parse_instant(text) is None or parse_instant(text).tzinfo is UTC


@given(INSTANTS)
def test_what_is_written_is_read_back(instant):
    instant = instant.replace(microsecond=0)
    assert parse_instant(written(instant)) == instant


@given(INSTANTS, st.integers(1, 30), st.integers(0, 100))
def test_windows_join_without_gap_and_begin_at_midnight(until, days, back):
    first = until.astimezone(STOCKHOLM).date() - timedelta(days=back)
    spans = list(windows(first, until, days))
    edges = [day_start(first), *(end for _, end in spans)]
    assert [start for start, _ in spans] == edges[:-1]
    assert all(start.astimezone(STOCKHOLM).hour == 0 for start, _ in spans)
    assert edges[-1] == max(until, day_start(first))


def test_a_window_over_the_change_of_clocks_keeps_whole_days():
    (span,) = windows(date(2025, 3, 29), day_start(date(2025, 3, 31)), 7)
    assert span == (datetime(2025, 3, 28, 23, tzinfo=UTC), datetime(2025, 3, 30, 22, tzinfo=UTC))
