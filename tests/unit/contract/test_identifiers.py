"""Identifiers of the published test series only (birth numbers 980-999), built with an independent Luhn."""

from __future__ import annotations

import traceback
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.se import personnummer

from hub.contract.identifiers import UNRESOLVED, Rule, UnresolvedIdentifierError, birth_date, canonical_identifier
from hub.errors import RejectedError

TODAY = date(2025, 5, 19)
YOUTHS = st.dates(date(2000, 1, 1), TODAY)
GROWN = st.dates(date(1926, 1, 1), date(1999, 12, 31))
SERIES = st.integers(980, 999)
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63\ufe58\u00ad\u2043\u02d7\u2796\u207b\u208b"
PLUSES = "+\uff0b\ufe62\u207a\u208a\u2795"
SPACES = ["", " ", "\u00a0", "\u202f", "\u2009", "\u3000", "\t", "\n", "\u200b", "\u2060", "\ufeff"]
LETTERS = "TRSUWXJKLMN"


def make_number(born: date, series: int, *, extra: int = 0) -> str:
    head = f"{born.year:04d}{born.month:02d}{born.day + extra:02d}{series:03d}"
    return head + luhn.calc_check_digit(head[2:])


def make_interim(born: date, letter: str, two: int) -> str:
    day = f"{born:%Y%m%d}"
    return f"{day}{letter}{two:02d}{luhn.calc_check_digit(f'{day[2:]}1{two:02d}')}"


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in text)


def refusal(text: str, today: date = TODAY) -> UnresolvedIdentifierError:
    with pytest.raises(UnresolvedIdentifierError) as caught:
        canonical_identifier(text, today=today)
    assert caught.value.code == UNRESOLVED
    return caught.value


@given(YOUTHS | GROWN, SERIES, st.sampled_from(DASHES), st.sampled_from(SPACES))
def test_every_spelling_of_a_number_is_one_identifier(born: date, series: int, dash: str, space: str) -> None:
    number = make_number(born, series)
    spellings = [
        number,
        number[:8] + dash + number[8:],
        number[2:8] + dash + number[8:],
        wide(number),
        wide(number[2:8]) + dash + wide(number[8:]),
        f"{space}{number[:8]}{space}{number[8:]}{space}",
        f"{number[:8]}{space}{dash}{space}{number[8:]}",
    ]
    assert {canonical_identifier(spelling, today=TODAY) for spelling in spellings} == {number}
    assert birth_date(number) == born


@given(YOUTHS, SERIES)
def test_a_coordination_number_keeps_its_day_plus_sixty(born: date, series: int) -> None:
    number = make_number(born, series, extra=60)
    assert canonical_identifier(f"{number[2:8]}\u2013{number[8:]}", today=TODAY) == number
    assert birth_date(number) == born


@given(YOUTHS, st.sampled_from(LETTERS), st.integers(0, 99))
def test_an_interim_number_counts_its_letter_as_one(born: date, letter: str, two: int) -> None:
    number = make_interim(born, letter, two)
    assert canonical_identifier(number[:8].lower() + "-" + number[8:].lower(), today=TODAY) == number
    assert canonical_identifier(number[2:8] + "-" + number[8:], today=TODAY) == number
    refusal(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_the_published_interim_example_is_accepted() -> None:
    assert canonical_identifier("20000101T220", today=TODAY) == "20000101T220"


@pytest.mark.parametrize("text", ["20130101TF01", "20130101-TF01", "130101-tf01", "２０１３０１０１ＴＦ０１"])
def test_a_tf_number_has_no_check_digit(text: str) -> None:
    assert canonical_identifier(text, today=TODAY) == "20130101TF01"


def test_a_letter_outside_the_interim_set_is_refused() -> None:
    for letter in "ABCDEFGHIOPQVYZ":
        refusal(f"20000101{letter}220")


@given(YOUTHS | GROWN, SERIES, st.integers(0, 11), st.integers(1, 9))
def test_one_mistyped_digit_never_passes_as_the_same_or_another_number(born: date, series: int, place: int, by: int) -> None:
    number = make_number(born, series)
    typo = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    if place < 2:  # the century has no check digit: only impossible dates are caught
        try:
            assert canonical_identifier(typo, today=TODAY) == typo
        except RejectedError:
            return
    else:
        refusal(typo)


@given(YOUTHS, SERIES)
def test_ten_digits_without_a_sign_are_refused_when_two_centuries_are_possible(born: date, series: int) -> None:
    if (born.month, born.day) == (2, 29) and born.year == 2000:
        return  # 29 February 1900 does not exist, so the century is clear
    assert "century is unclear" in str(refusal(make_number(born, series)[2:]))


@given(st.dates(date(1926, 1, 1), date(1999, 12, 31)), SERIES)
def test_ten_digits_without_a_sign_are_accepted_when_one_century_is_possible(born: date, series: int) -> None:
    number = make_number(born, series)
    assert canonical_identifier(number[2:], today=TODAY) == number


@given(st.dates(date(1900, 1, 1), date(1925, 12, 31)), SERIES, st.sampled_from(PLUSES))
def test_a_plus_says_a_hundred_years_or_more(born: date, series: int, plus: str) -> None:
    number = make_number(born, series)
    assert canonical_identifier(f"{number[2:8]}{plus}{number[8:]}", today=TODAY) == number
    assert canonical_identifier(f"{number[:8]}{plus}{number[8:]}", today=TODAY) == number


@given(YOUTHS | GROWN, SERIES, st.integers(1, 9))
def test_ordinary_numbers_are_judged_as_the_published_library_judges_them(born: date, series: int, by: int) -> None:
    number = make_number(born, series)
    typo = number[:-1] + str((int(number[-1]) + by) % 10)
    assert personnummer.is_valid(f"{number[:8]}-{number[8:]}")
    assert not personnummer.is_valid(f"{typo[:8]}-{typo[8:]}")
    assert canonical_identifier(number, today=TODAY) == number
    refusal(typo)


def test_a_dash_in_the_year_a_person_turns_a_hundred_is_not_guessed() -> None:
    number = make_number(date(1925, 6, 1), 985)  # 1 June 2025 is still to come, and 1925 would have a plus
    refusal(f"{number[2:8]}-{number[8:]}")
    assert canonical_identifier(f"{number[2:8]}+{number[8:]}", today=TODAY) == number


def test_a_plus_that_contradicts_the_year_is_refused() -> None:
    number = make_number(date(2010, 3, 4), 985)
    refusal(f"{number[:8]}+{number[8:]}")


@given(st.dates(TODAY + timedelta(days=1), date(2099, 12, 31)), SERIES)
def test_nobody_is_born_tomorrow(born: date, series: int) -> None:
    refusal(make_number(born, series))


@given(st.text(max_size=200))
def test_any_text_gives_an_identifier_or_one_kind_of_refusal(text: str) -> None:
    try:
        canonical = canonical_identifier(text, today=TODAY)
    except RejectedError:
        refusal(text)
    else:
        assert len(canonical) == 12
        assert canonical.isascii()
        assert canonical_identifier(canonical, today=TODAY) == canonical


@pytest.mark.parametrize("zero", [0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x1040])
def test_digits_and_letters_of_other_scripts_are_refused_in_words(zero: int) -> None:
    number = make_number(date(2010, 3, 4), 985)
    assert refusal("".join(chr(zero + int(digit)) for digit in number)).rule is Rule.SCRIPT
    assert "digits 0-9" in str(refusal(number[:-1] + chr(zero + int(number[-1]))))
    assert refusal("20000101\u0131220").rule is Rule.SCRIPT  # no letter outside ASCII is upper-cased into it


@pytest.mark.parametrize(
    ("text", "rule", "swedish"),
    [
        ("9" * 65, Rule.LENGTH, "längre än"),
        ("\u0660" * 12, Rule.SCRIPT, "annat skriftsystem"),
        ("2013-03-04", Rule.FORM, "tolv tecken, eller tio med streck"),
        ("", Rule.FORM, "tolv tecken"),
        ("20000101A220", Rule.LETTER, "T R S U W X J K L M N"),
        ("20000161T220", Rule.COORDINATION, "samordningsnummer"),
        ("20130230980", Rule.FORM, "tolv tecken"),
        ("201302309801", Rule.BORN, "födelsedatum"),
        ("20100304+9850", Rule.SIGN, "hundra år"),
        ("1003049850", Rule.CENTURY, "skriv födelseåret med fyra siffror"),
        ("20000101T221", Rule.CHECK_DIGIT, "felskriven siffra"),
    ],
)
def test_every_refusal_is_said_in_words_a_clerk_understands(text: str, rule: Rule, swedish: str) -> None:
    error = refusal(text)
    assert error.rule is rule
    assert swedish in error.told("sv")
    assert error.told("en") == str(error)
    assert {letter for letter in error.told("sv") if letter.isdigit()} <= set("0-960")  # of our own words, never of the value


def test_a_coordination_number_may_have_a_plus_and_the_days_beyond_it_are_no_dates() -> None:
    number = make_number(date(1924, 2, 29), 982, extra=60)
    assert canonical_identifier(f"{number[2:8]}+{number[8:]}", today=TODAY) == number
    for day in ("60", "92", "00", "32"):
        assert refusal(f"201301{day}9801").rule is Rule.BORN


def test_no_refusal_repeats_the_value() -> None:
    number = make_number(date(2010, 3, 4), 985)
    wrong = [
        number[:-1] + str((int(number[-1]) + 1) % 10),
        number[2:],
        number + "7",
        f"{number[:8]}+{number[8:]}",
        f"99{number[2:]}",
        f"20103939{number[8:]}",
        f"{number[:8]}é{number[8:]}",
    ]
    for text in wrong:
        error = refusal(text)
        shown = "".join(traceback.format_exception(error)[-1:]) + repr(error.__cause__) + repr(error.__context__)
        assert text not in shown
        assert not any(text[start : start + 6] in shown for start in range(len(text) - 5))
