"""What could be a personal number in a text, however it is spelt; and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.written_numbers import holds_personal_number, numbers_of_persons

SPELLINGS = {
    "together": "201403049800", "ten together": "1403049800", "a hyphen": "140304-9800", "a plus": "140304+9800",
    "spaces": "2014 03 04 9800", "two groups": "2014 0304 9800", "threes": "140 304 9800", "ten digits": "14 03 04 9800",
    "slashes": "2014/03/04 9800", "full stops": "2014.03.04-9800", "spaces around hyphens": "2014 - 03 - 04 - 9800",
    "non-breaking hyphens": "2014\u20110304\u20119800", "soft hyphens": "2014\u00ad03\u00ad04\u00ad9800",
    "a dash": "140304\u20139800", "pairs": "14 03 04-98 00", "non-breaking spaces": "14\u00a003\u00a004\u00a09800",
    "zero-width spaces": "1403\u200b04\u200b9800", "full-width digits": "\uff11\uff14\uff10\uff13\uff10\uff14\uff0d\uff19\uff18\uff10\uff10",
    "a co-ordination number": "140364-9800", "an interim number": "140304-T980", "of a reserve number": "140304 TF80",
    "with a serial number": "14 03 04 9800.1", "with one of two figures": "2014.03.04 9800.15", "by a colon": "14 03 04 98 00:1",
    "with a year": "140304-9800.2025", "with what is no minute": "14 03 04 98 00.75",
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_personal_number_is_overlooked(spelling: str) -> None:
    for text in ("{}", "rum 2, {}", "{}, rum 2", "{}.", "({})"):
        assert holds_personal_number(text.format(SPELLINGS[spelling]))


@given(st.lists(st.sampled_from(["", " ", "-", "\u2011", "\u00ad", "\u00a0", "\u2013", "_", " - "]), min_size=11, max_size=11))
def test_hyphens_and_spaces_may_stand_anywhere_in_it(gaps: list[str]) -> None:
    assert holds_personal_number("".join(digit + gap for digit, gap in zip("201403049800", [*gaps, ""], strict=True)))


@pytest.mark.parametrize(
    "text",
    [
        "rum 12, kl 17.00\u201318.30", "12/5 17.00\u201318.30", "17.10\u201318.30, 19.00\u201320.30", "8.00\u201312.30, 105",
        "14/10, 13-15, 17.30", "14/10, 13-15, kl 9.30", "17.10\u201318.30, 09:00",
        "Storgatan 14, 123 45", "2025/05/23 kl 18", "2025-05-23", "08-123 456 78", "KS 2025/117", "20141304-9800", "123456-7890",
    ],
)  # fmt: skip
def test_a_time_a_date_an_address_and_what_is_no_date_of_birth_are_none(text: str) -> None:
    assert not holds_personal_number(text)


def test_each_is_told_as_it_is_shown_with_the_plus_sign_before_it() -> None:
    assert list(numbers_of_persons("+45 12 12 12 12 eller 1403\u00ad04\u20119800")) == ["+45 12 12 12 12", "140304\u20109800"]
