from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import RejectedError
from hub.said_why import LONGEST_REASON, checked_reason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", "no_reason"),
        ("x" * (LONGEST_REASON + 1), "long_reason"),
        ("one\nline", "reason_in_lines"),
        ("about 20110315-9801", "number_in_reason"),
        ("about 2011 03 15 98 01", "number_in_reason"),
        ("about ２０１１０３１５", "number_in_reason"),
    ],
)
def test_a_reason_is_a_short_line_without_a_person_s_number(text: str, code: str) -> None:
    with pytest.raises(RejectedError) as refused:
        checked_reason(text)
    assert refused.value.code == code


def test_the_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(RejectedError) as refused:
        checked_reason("about 20110315-9801")
    assert "0315" not in str(refused.value)


@given(st.text(alphabet="0123456789 -+.:/abcåäö０１２９–", max_size=40))
def test_no_line_that_is_taken_holds_six_digits_in_a_row_however_they_are_spaced(text: str) -> None:
    try:
        line = checked_reason(text)
    except RejectedError:
        return
    joined = "".join(line.split())
    runs = "".join(letter if letter.isdigit() else " " for letter in joined).split()
    assert all(len(run) < 6 for run in runs)
