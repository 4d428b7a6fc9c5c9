"""One person, one reference, through the real registry, however her identifier is written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError
from tests.unit.registry.support import START, Installation, make_grant

TODAY = START.date()
BORN = st.dates(date(2011, 1, 1), date(2018, 1, 1))  # children: both guardians sign
DASHES = ["", "-", "\u2010", "\u2013", "\u2014", "\u2212", "\uff0d", "\u00ad"]
SPACES = ["", " ", "\u00a0", "\u202f", "\u3000", "\ufeff"]


@st.composite
def identifiers(draw: st.DrawFn) -> str:
    """A canonical personnummer, samordningsnummer, interim number or TF number; published birth numbers only."""
    kind = draw(st.sampled_from(["personnummer", "coordination", "interim", "tf"]))
    born = draw(BORN)
    head = f"{born:%Y%m}{born.day + (60 if kind == 'coordination' else 0):02d}"
    if kind == "tf":
        return f"{head}TF{draw(st.integers(0, 99)):02d}"
    if kind == "interim":
        two = f"{draw(st.integers(0, 99)):02d}"
        letter = draw(st.sampled_from("TRSUWXJKLMN"))
        return f"{head}{letter}{two}{luhn.calc_check_digit(f'{head[2:]}1{two}')}"
    birth_number = str(draw(st.integers(980, 999)))
    return f"{head}{birth_number}{luhn.calc_check_digit(head[2:] + birth_number)}"


@st.composite
def spellings(draw: st.DrawFn, identifier: str) -> str:
    """One of the ways in which a clerk or a system writes it."""
    dash = draw(st.sampled_from(DASHES))
    short = dash != "" and draw(st.booleans())  # ten positions without a sign leave the century open
    space = draw(st.sampled_from(SPACES))
    text = f"{identifier[2 if short else 0 : 8]}{space}{dash}{space}{identifier[8:]}{space}"
    if draw(st.booleans()):
        text = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)  # full-width, its minus too
    return text.lower() if draw(st.booleans()) else text


def test_every_spelling_of_one_person_gives_one_reference(home: Installation) -> None:
    @settings(max_examples=50)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        identifier = data.draw(identifiers())
        first, second, third = (data.draw(spellings(identifier)) for _ in range(3))
        assert canonical_identifier(first, today=TODAY) == identifier
        before = home.rows("youth")
        granted = home.registry.grant(make_grant(first))
        again = home.registry.grant(make_grant(second, cooperation="sig", recipients=("sig",)))
        assert granted.youth_ref is not None
        assert again.youth_ref == granted.youth_ref
        assert home.registry.references([first, second, third]) == [granted.youth_ref] * 3
        assert home.rows("youth") == before + 1
        with pytest.raises(RejectedError, match="already registered"):
            home.registry.grant(make_grant(third))
        home.registry.withdraw(second)

    check()


def test_two_persons_never_share_a_reference(home: Installation) -> None:
    @settings(max_examples=25)
    @given(st.sets(identifiers(), min_size=2, max_size=2))
    def check(persons: set[str]) -> None:
        references = [home.registry.grant(make_grant(person)).youth_ref for person in persons]
        assert None not in references
        assert len(set(references)) == 2
        for person in persons:
            home.registry.withdraw(person)

    check()


@pytest.mark.parametrize("text", ["1303049805", "130304 9801", "１３０３０４９８０１"])
def test_a_century_that_is_unclear_is_refused_and_leaves_no_row(home: Installation, text: str) -> None:
    with pytest.raises(RejectedError, match="its century is unclear; write the year of birth with four digits"):
        home.registry.grant(make_grant(text))
    assert home.rows("youth") == 0
