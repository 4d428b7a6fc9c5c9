"""CSV plans, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.planned.plan import Planned
from connectors.planned.table import read_table
from hub.connector import Unmapped
from tests.unit.connectors.planned.make import WINDOW, utc

HEAD = "löpnummer;område;börjar;slutar;kategori;status\n"


def read(*rows: str):
    return read_table((HEAD + "\n".join(rows)).encode(), WINDOW)


def test_rows_become_events_in_swedish_time() -> None:
    first, second, third = read(
        "v25;Hageby;2025-04-30 18:00;2025-04-30T23:00;ordningsstörning;",
        "s25;City;2025-06-11;;;inställt",
        "r;City;2025-03-30 02:30;;;",
    )
    assert (first.starts, first.ends, first.place, first.words) == (
        utc(2025, 4, 30, 16),
        utc(2025, 4, 30, 21),
        "Hageby",
        ("ordningsstörning",),
    )
    assert (second.starts, second.ends, second.cancelled) == (utc(2025, 6, 10, 22), utc(2025, 6, 11, 22), True)
    assert third.starts == utc(2025, 3, 30, 1, 30)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("v25;Hageby;2025-04-30 18:00", "malformed_row"),
        ('"v25;Hageby;2025-04-30;;;', "malformed_row"),
        (";Hageby;2025-04-30;;;", "no_row_id"),
        ("v25;Hageby;valborg;;;", "bad_time"),
        ("v25;Hageby;2025-04-30 18:00;2025-04-30 17:00;;", "bad_time"),
        ("v25;Hageby;0001-01-01;;;", "bad_time"),
        ("v25;Hageby;2025-04-30;;;kanske", "unknown_status"),
        ("good;Hageby;2025-04-30;;;", "duplicate_row_id"),
        ("v" + "5" * 9000 + ";Hageby;2025-04-30;;;", "malformed_row"),
    ],
)
def test_a_bad_row_does_not_stop_the_others(row: str, reason: str) -> None:
    found = read("good;City;2025-04-30;;;", row, "better;City;2025-04-30;;;")
    assert [one.reason for one in found if isinstance(one, Unmapped)] == [reason]
    assert sum(isinstance(one, Planned) for one in found) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "unknown_columns"),
        (b"a;b\n1;2", "unknown_columns"),
        (b"id;id;area;starts\n", "unknown_columns"),
        (b"\xff\xfe", "not_utf8"),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(content: bytes, reason: str) -> None:
    found = read_table(content, WINDOW)
    assert isinstance(found, Unmapped)
    assert found.reason == reason


@given(st.binary(max_size=300))
def test_no_bytes_raise(junk: bytes) -> None:
    read_table(HEAD.encode() + junk, WINDOW)
