"""No cell of a table is a formula, and its letters survive Excel."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.spreadsheet import as_csv, harmless


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  =", "＝"])
def test_what_a_spreadsheet_would_run_has_an_apostrophe_before_it(start: str) -> None:
    assert harmless(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


def test_numbers_stay_numbers_and_words_words() -> None:
    assert [harmless(cell) for cell in (-5, 2.5, "Hageby IF", "2,5")] == ["-5", "2.5", "Hageby IF", "2,5"]


def test_the_file_has_a_mark_for_excel_and_semicolons() -> None:
    assert as_csv([["Förening", 1]]) == "\ufeffFörening;1\r\n".encode()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=4))
def test_every_text_comes_back_whole(cells: list[str]) -> None:
    read = next(csv.reader(io.StringIO(as_csv([cells]).decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in cells]
