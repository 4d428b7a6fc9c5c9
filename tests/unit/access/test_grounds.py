"""A ground is stated in words, and never holds anybody's number, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.grounds import Ground
from hub.errors import RejectedError
from tests.unit.registry.support import make_identifier

PERSON = make_identifier()
FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))
SPELT = {
    "twelve": PERSON, "ten": PERSON[2:], "dashed": f"{PERSON[:8]}-{PERSON[8:]}", "short and dashed": f"{PERSON[2:8]}-{PERSON[8:]}",
    "plus": f"{PERSON[2:8]}+{PERSON[8:]}", "en dash": f"{PERSON[2:8]}\N{EN DASH}{PERSON[8:]}",
    "minus": f"{PERSON[2:8]}\N{MINUS SIGN}{PERSON[8:]}", "full width": PERSON.translate(FULL_WIDTH),
    "spaced": f"{PERSON[:8]} {PERSON[8:]}", "in a sentence": f"rör {PERSON}, enligt brev",
    "a samordningsnummer": f"{PERSON[:6]}{int(PERSON[6:8]) + 60:02}{PERSON[8:]}", "interim": "20000101T220",
}  # fmt: skip


@pytest.mark.parametrize("spelt", SPELT)
def test_a_number_is_refused_however_it_is_spelt_and_not_repeated(spelt: str) -> None:
    for ground in (Ground(SPELT[spelt], "KS 2025/117"), Ground("GDPR art. 58", SPELT[spelt])):
        with pytest.raises(RejectedError) as refused:
            ground.checked()
        assert refused.value.code == "names_somebody"
        assert PERSON[8:] not in str(refused.value)


@pytest.mark.parametrize("case", ["KS 2025/117", "SN-2025-000123", "IMY-2025-4711", "T 1234-25", "2025/00117-3", "Dnr 25/1700 b"])
def test_a_cases_number_is_none_of_a_person(case: str) -> None:
    assert Ground("OSL 10 kap. 17 §", case).checked().case_reference == case


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_is_taken_is_one_tidy_line_and_taken_again_as_it_is(legal: str, case: str) -> None:
    try:
        taken = Ground(legal, case).checked()
    except RejectedError:
        return
    assert taken.checked() == taken
    assert taken.legal_ground.isprintable()
    assert "\n" not in taken.case_reference
