"""A case number may be as long as a personal number; only the shape of one keeps it out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import RejectedError
from hub.statutory.case_numbers import check_case_number, kept_case_number


@pytest.mark.parametrize(
    "number",
    ["SN 2025/117", "SOC-2025-00012345", "2025000012345", "BoU 2025-117:2", "99999999999999",
     "SN 20250312-00045", "SOC-2025-00012345/2"],
)  # fmt: skip
def test_a_number_of_a_case_system_is_taken_however_long(number: str) -> None:
    check_case_number(number)
    assert kept_case_number(number) == number


@pytest.mark.parametrize(
    "number",
    [
        "201203149800", "20120314-9800", "120314-9800", "SN 20120314 9800", "SN 2025 20120314-9800", "2012 03 14 98 00",
        "2012-03-14-9800", "20120374-9800", "20120314T980", "20120314TF80", "120314.9800",
        "20120314-9800-01", "201203149800/1", "201203149800 14", "SN 20120314-9800-2", "120314-9800 2025/117", "20120314T980-1",
        "120374-9800:1", "2012 03 14 98 00 1",
    ],
)  # fmt: skip
def test_what_has_the_shape_of_a_personal_number_is_refused_and_of_a_receipt_not_kept(number: str) -> None:
    with pytest.raises(RejectedError) as refused:
        check_case_number(number)
    assert refused.value.code == "bad_case_number"
    assert number not in str(refused.value)
    assert "98" not in kept_case_number(number)


def test_of_a_receipt_a_number_in_brackets_and_what_is_no_personal_number_are_kept() -> None:
    assert kept_case_number("SN 2025/117 (BoU)") == "SN 2025/117 BoU"


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[\w ()/+-]{0,9}20120314[-+ ()]{0,2}9800[\w ()/+-]{0,40}", fullmatch=True)))
def test_whatever_a_receipt_says_what_is_kept_of_it_passes_the_check_or_is_nothing(told: str) -> None:
    if kept := kept_case_number(told):
        check_case_number(kept)
