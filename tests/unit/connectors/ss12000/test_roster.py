from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ss12000.roster import is_marked, read_roster
from hub.connector import Unmapped
from tests.unit.connectors.ss12000.make import ALVA, BO, make_id, make_person

TODAY = date(2025, 5, 19)
PROTECTED = Unmapped("protected", intentional=True)


def reference(name, **more):
    return {"id": make_id(name)} | more


def responsible(name, relation="Vårdnadshavare", **more):
    return {"person": reference(name, **more), "relationType": relation}


def test_a_student_is_found_whatever_the_case_of_the_id():
    roster = read_roster([make_person("alva", ALVA)])
    assert roster.person_of({"id": make_id("alva").upper()}) == ALVA
    assert ALVA not in repr(roster)


@pytest.mark.parametrize(
    ("item", "reason"),
    [(None, "malformed_reference"), ({}, "malformed_reference"), ({"id": 7}, "malformed_reference"),
     (reference("nobody"), "unknown_person"), (reference("cleo"), "no_identifier")],
)  # fmt: skip
def test_a_student_without_an_identifier_is_counted_by_reason(item, reason):
    assert read_roster([make_person("cleo")]).person_of(item) == Unmapped(reason, intentional=False)


@pytest.mark.parametrize("marking", ["Sekretessmarkering", "Skyddad folkbokföring", "something new", ""])
def test_a_marked_person_is_never_yielded(marking):
    assert read_roster([make_person("alva", ALVA, securityMarking=marking)]).person_of(reference("alva")) == PROTECTED


@pytest.mark.parametrize("marking", ["Ingen", " ingen ", None])
def test_a_person_without_marking_is_yielded(marking):
    assert read_roster([make_person("alva", ALVA, securityMarking=marking)]).person_of(reference("alva")) == ALVA


def test_a_marking_on_the_reference_alone_protects():
    assert (
        read_roster([make_person("alva", ALVA)]).person_of(reference("alva", securityMarking="Sekretessmarkering")) == PROTECTED
    )


@pytest.mark.parametrize("where", ["own row", "reference"])
def test_a_marked_guardian_protects_the_child(where):
    on_reference = {"securityMarking": "Sekretessmarkering"} if where == "reference" else {}
    rows = [make_person("alva", ALVA, responsibles=[responsible("guardian", **on_reference)])]
    if where == "own row":
        rows.append(make_person("guardian", securityMarking="Skyddad folkbokföring"))
    assert read_roster(rows).person_of(reference("alva")) == PROTECTED


def test_a_marked_sibling_protects_the_other_child_of_the_same_guardian():
    rows = [
        make_person("alva", ALVA, responsibles=[responsible("guardian")]),
        make_person("bo", BO, securityMarking="Sekretessmarkering", responsibles=[responsible("guardian")]),
    ]
    assert read_roster(rows).person_of(reference("alva")) == PROTECTED


@pytest.mark.parametrize("relation", ["God man", "Utsedd behörig"])
def test_a_shared_deputy_makes_no_household(relation):
    rows = [
        make_person("alva", ALVA, responsibles=[responsible("deputy", relation)]),
        make_person("bo", BO, securityMarking="Sekretessmarkering", responsibles=[responsible("deputy", relation)]),
    ]
    assert read_roster(rows).person_of(reference("alva")) == ALVA


def test_ten_positions_get_their_century_from_a_birth_date_that_agrees():
    short = ALVA[2:]
    born = f"{ALVA[:4]}-{ALVA[4:6]}-{ALVA[6:8]}"
    person = make_person("alva", short, birthDate=born)
    assert read_roster([person]).person_of(reference("alva")) == ALVA
    assert read_roster([person | {"birthDate": "2011-01-01"}]).person_of(reference("alva")) == short
    assert read_roster([make_person("alva", short)]).person_of(reference("alva")) == short


def test_a_dashed_number_is_left_to_the_intake():
    dashed = f"{ALVA[2:8]}-{ALVA[8:]}"
    assert read_roster([make_person("alva", f" {dashed} ")]).person_of(reference("alva")) == dashed


@given(st.lists(st.none() | st.integers() | st.dictionaries(st.sampled_from(["id", "civicNo", "responsibles", "securityMarking"]),
       st.none() | st.text() | st.lists(st.none() | st.dictionaries(st.just("person"), st.none() | st.text()))), max_size=4))  # fmt: skip
def test_no_row_raises(rows):
    read_roster(rows)


def test_a_marking_is_anything_but_ingen():
    assert [is_marked(item) for item in (None, {}, {"securityMarking": "Ingen"}, {"securityMarking": 1})] == [False] * 3 + [True]


DASHED = f"{ALVA[2:8]}-{ALVA[8:]}"


@pytest.mark.parametrize("spelling", [ALVA, DASHED, f"{ALVA[:8]}-{ALVA[8:]}"])
@pytest.mark.parametrize("marked", ["one", "other"])
def test_what_protects_one_row_of_a_child_protects_every_row_of_hers(spelling, marked):
    rows = [make_person("one", ALVA), make_person("other", spelling)]
    found = read_roster(
        [row | {"securityMarking": "Sekretessmarkering"} if row["id"] == make_id(marked) else row for row in rows], TODAY
    )
    assert found.person_of(reference("one")) == found.person_of(reference("other")) == PROTECTED
    assert found.protected_persons() == [ALVA]


def test_a_household_protects_a_child_whichever_of_her_rows_names_it():
    guardian = [responsible("guardian", securityMarking="Sekretessmarkering")]
    found = read_roster([make_person("one", ALVA, responsibles=guardian), make_person("other", DASHED)], TODAY)
    assert found.person_of(reference("other")) == PROTECTED


def test_a_child_of_several_rows_has_one_number_in_one_spelling():
    rows = [make_person("one", ALVA), make_person("other", DASHED), make_person("bo", BO)]
    found = read_roster(rows, TODAY)
    assert found.person_of(reference("one")) == found.person_of(reference("other")) == ALVA
    assert found.person_of(reference("bo")) == BO


@pytest.mark.parametrize("number", [ALVA[2:], DASHED.replace("-", "+")])
def test_a_number_of_another_century_or_of_none_is_not_taken_for_hers(number):
    found = read_roster([make_person("one", ALVA), make_person("other", number)], TODAY)
    assert found.person_of(reference("other")) == number
