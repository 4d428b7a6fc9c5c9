from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.config import Coding
from connectors.sdk.mapping import map_message
from hub.connector import Notice, PersonRecord, Unmapped
from hub.contract.models import InfoKind, PoliceCategory
from hub.testing import MemoryPlaces
from tests.unit.connectors.sdk.make import (
    AREA,
    CATEGORY,
    MAY_TELL,
    NOW,
    OCCURRED,
    OTHER_PERSON,
    PERSON,
    SUBJECT,
    make_message,
    reference,
)

CODED = (reference(SUBJECT, PERSON), reference(CATEGORY, "narcotics"))


def mapped(*references, coding=None, **changes):
    attributes = make_message(1, *references, **changes)["attributes"]
    return map_message("m", attributes, coding or Coding(), MemoryPlaces().area_code, NOW)


def only(*references, **changes) -> PersonRecord:
    (record,) = mapped(*references, **changes)
    assert isinstance(record, PersonRecord)
    return record


def test_a_coded_notice_becomes_one_record():
    record = only(*CODED, reference(AREA, "Hageby"), reference(OCCURRED, "2025-05-11T22:40:00+02:00"), reference(MAY_TELL, "Ja"))
    assert record.kind is InfoKind.POLICE_NOTICE
    assert (record.person_id, record.source_id) == (PERSON, "m#1")
    assert record.occurred_at == datetime(2025, 5, 11, 20, 40, tzinfo=UTC)
    assert record.body == Notice(category=PoliceCategory.NARCOTICS, area="0581-hageby", may_tell_youth=True)


def test_without_a_coded_time_the_message_s_own_creation_counts():
    assert only(*CODED).occurred_at == datetime(2025, 5, 12, 14, 3, tzinfo=UTC)
    assert only(*CODED, created="2019-08-15T17:52:58.1Z").occurred_at.microsecond == 100_000


def test_a_coded_time_without_zone_is_swedish():
    assert only(*CODED, reference(OCCURRED, "2025-05-11T22:40")).occurred_at == datetime(2025, 5, 11, 20, 40, tzinfo=UTC)


def test_the_youth_may_be_told_only_when_the_sender_says_so():
    assert not only(*CODED).body.may_tell_youth
    assert not only(*CODED, reference(MAY_TELL, "nej")).body.may_tell_youth


def test_a_coordination_number_and_an_oid_written_as_urn_are_subjects_too():
    assert only(reference("1.2.752.129.2.1.3.3", "20120374-9807"), CODED[1]).person_id == "20120374-9807"
    assert only(reference(f"urn:oid:{SUBJECT}", PERSON), CODED[1]).person_id == PERSON


def test_several_subjects_give_one_record_each_with_ids_of_their_own():
    records = mapped(CODED[1], reference(SUBJECT, PERSON), reference(SUBJECT, OTHER_PERSON))
    assert [(record.person_id, record.source_id) for record in records] == [(PERSON, "m#1"), (OTHER_PERSON, "m#2")]


def test_the_same_subject_in_two_spellings_counts_once():
    records = mapped(CODED[1], reference(SUBJECT, PERSON), reference(SUBJECT, PERSON[2:]), reference(SUBJECT, OTHER_PERSON))
    assert [record.source_id for record in records] == ["m#1", "m#3"]


@pytest.mark.parametrize("category", list(PoliceCategory))
def test_our_own_categories_are_understood(category):
    assert only(CODED[0], reference(CATEGORY, f" {category.value.upper()} ")).body.category is category


def test_the_sender_s_codes_are_translated_by_configuration():
    coding = Coding(category_root="1.2.3", categories={"NARK-1": PoliceCategory.NARCOTICS})
    assert only(CODED[0], reference("1.2.3", "nark-1"), coding=coding).body.category is PoliceCategory.NARCOTICS


@pytest.mark.parametrize(
    ("references", "reason"),
    [
        ([CODED[1]], "no_subject"),
        ([reference(SUBJECT, "  "), CODED[1]], "no_subject"),
        ([reference("1.2.3", PERSON), CODED[1]], "no_subject"),
        ([CODED[0]], "uncoded"),
        ([CODED[0], reference(CATEGORY, "mordbrand")], "uncoded"),
        ([CODED[0], CODED[1], reference(CATEGORY, "unknown")], "uncoded"),
        ([CODED[0], CODED[1], reference(CATEGORY, "lob")], "ambiguous_category"),
        ([*CODED, reference(OCCURRED, "last night")], "unreadable_time"),
        ([*CODED, reference(OCCURRED, "0001-01-01")], "unreadable_time"),
        ([*CODED, reference(OCCURRED, "2031-01-01")], "future_time"),
        ([*CODED, reference(OCCURRED, "2025-05-11"), reference(OCCURRED, "2025-05-12")], "unreadable_time"),
    ],
)
def test_what_is_not_coded_is_never_guessed(references, reason):
    assert mapped(*references) == [Unmapped(reason, intentional=False)]


def test_a_category_in_label_or_text_is_no_code():
    assert mapped(CODED[0], label="Narkotikabrott narcotics") == [Unmapped("uncoded", intentional=False)]


@pytest.mark.parametrize("area", ["hemma hos Kalle", "Storgatan 1", "120314-9803"])
def test_an_area_that_is_not_configured_is_dropped(area):
    assert only(*CODED, reference(AREA, area)).body.area is None


def test_two_different_areas_are_none():
    assert only(*CODED, reference(AREA, "Hageby"), reference(AREA, "City")).body.area is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["root", "extension", "referenceId"]), inner),
    max_leaves=12,
)


@given(attention=JSON, created=JSON)
def test_no_shape_of_a_message_breaks_the_mapping(attention, created):
    attributes = {"senderAttention": attention, "creationDateTime": created}
    (result,) = map_message("m", attributes, Coding(), MemoryPlaces().area_code, NOW)
    assert result == Unmapped("no_subject", intentional=False)


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "root": st.sampled_from([SUBJECT, CATEGORY, AREA, OCCURRED, MAY_TELL, "1.2.3"]) | JSON,
            "extension": st.sampled_from(
                [PERSON, OTHER_PERSON, "narcotics", "lob", "Hageby", "2025-05-11T22:40", "9999-12-31T23:59"]
            )
            | JSON,
        }
    ),
    max_size=8,
)


@given(entries=ENTRIES)
def test_records_are_one_per_subject_or_one_reason(entries):
    attributes = {"senderAttention": {"referenceId": entries}, "creationDateTime": "2025-05-12T14:03:00Z"}
    results = map_message("m", json.loads(json.dumps(attributes)), Coding(), MemoryPlaces().area_code, NOW)
    persons = [each for each in results if isinstance(each, PersonRecord)]
    assert len(results) == 1 or len(persons) == len(results)
    assert len({each.source_id for each in persons}) == len(persons)
    assert all(each.occurred_at.tzinfo is not None for each in persons)
