from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.observations.lines import Kind, Row, read_rows
from hub.connector import Unmapped
from tests.unit.connectors.observations.make import EST_HEADER, HEADER, make_row

GOOD = make_row()


def rows(content: str | bytes):
    raw = content if isinstance(content, bytes) else content.encode()
    return list(read_rows(io.BytesIO(raw)))


def reasons(content):
    return [row.reason for _, row in rows(content) if isinstance(row, Unmapped)]


def test_a_row_is_read_by_the_names_of_its_columns():
    ((number, row),) = rows(f"{HEADER}\n{GOOD}\n")
    assert number == 2
    assert isinstance(row, Row)
    assert (row.kind, row.fields["concern"], row.fields["area"]) == (Kind.OBSERVATIONS, "recruitment", "Hageby")
    assert row.fields["person"] not in repr(row)


@pytest.mark.parametrize(
    "content",
    [
        "week;area;category;incidents\n2025-W20;City;theft;4\n",
        "week,area,category,incidents\n2025-W20,City,theft,4",
        "\ufeffVecka;Område;Kategori;Antal\r\n2025-W20;City;theft;4\r\n",
        'incidents;"category";week;area;comment\n4;theft;"2025-W20";City;free text\n',
        "\n\nWEEK ; AREA;CATEGORY;ANTAL HÄNDELSER\n;;;\n2025-W20;City;theft;4\n",
    ],
)
def test_marks_delimiters_orders_and_swedish_headers_make_no_difference(content):
    ((_, row),) = rows(content)
    assert {name: row.fields[name] for name in row.fields} == {
        "week": "2025-W20",
        "area": "City",
        "category": "theft",
        "incidents": "4",
    }


def test_swedish_names_of_observation_columns_are_known():
    ((_, row),) = rows("Löpnummer,Personnummer,Orosbild,Tidpunkt\na,b,c,d\n")
    assert row.fields == {"id": "a", "person": "b", "concern": "c", "observed_at": "d"}


@pytest.mark.parametrize("content", ["a;b;c\n1;2;3\n", "id;id;person;concern;observed_at\n", b"\xff\xfei\x00d\x00", "x" * 20_000])
def test_a_file_of_neither_kind_is_one_count(content):
    assert rows(content) == [(1, Unmapped("unknown_columns", intentional=False))]


def test_an_empty_file_is_nothing():
    assert rows(b"") == rows(b"\xef\xbb\xbf") == rows("\n\n") == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'a;"b;c;d;e;f', "malformed_row"),
        (b'a;"b"x;c;d;e;f', "malformed_row"),
        (b"a;b;c", "wrong_columns"),
        (b"a;b;c;d;e;f;g", "wrong_columns"),
        (b"a;b;c;d;\xff;f", "not_utf8"),
        (b"a;" + b"b" * 30_000 + b";c;d;e;f", "row_too_long"),
    ],
)
def test_a_bad_line_stops_nothing(bad, reason):
    content = f"{HEADER}\n{GOOD}\n".encode() + bad + f"\n{GOOD}\n".encode()
    found = rows(content)
    assert [number for number, _ in found] == [2, 3, 4]
    assert [isinstance(row, Row) for _, row in found] == [True, False, True]
    assert reasons(content) == [reason]


def test_a_last_line_without_its_end_is_a_line():
    assert len(rows(f"{HEADER}\n{GOOD}")) == 1


@given(st.binary(max_size=400))
def test_no_bytes_behind_a_header_break_the_reading(junk):
    content = f"{EST_HEADER}\n".encode() + junk + b"\n2025-W20;City;theft;4\n"
    last = rows(content)[-1][1]
    assert isinstance(last, Row)
    assert last.fields["incidents"] == "4"


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and line.strip(b" \t;,\r")), max_size=10))
def test_every_line_is_accounted_for(lines):
    content = f"{EST_HEADER}\n".encode() + b"".join(line + b"\n" for line in lines)
    found = rows(content)
    blank = sum(1 for line in lines if not line.decode("utf-8", "replace").rstrip("\r\n").strip(" \t;,"))
    assert len(found) == len(lines) - blank
