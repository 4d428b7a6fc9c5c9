from __future__ import annotations

import uuid

import pytest

from hub.contract.ids import event_id, new_youth_ref, place_event_id, task_id, valid_key
from hub.contract.topics import KeyKind

REF = "y" + "a" * 32


def test_references_are_random_and_of_our_form() -> None:
    refs = {new_youth_ref() for _ in range(500)}
    assert len(refs) == 500
    assert all(valid_key(KeyKind.YOUTH_REF, ref.encode()) == ref for ref in refs)


def test_a_source_id_that_is_no_text_in_utf_8_has_an_identity_all_the_same() -> None:
    ids = {event_id(b"k" * 32, "risk_event", "\ud800"), place_event_id("polisen", "\ud800"), place_event_id("polisen", "\ud801")}
    assert len(ids) == 3


def test_an_event_identity_depends_on_key_kind_and_source_id() -> None:
    base = event_id(b"k" * 32, "school_absence", "17")
    others = [
        event_id(b"l" * 32, "school_absence", "17"),
        event_id(b"k" * 32, "risk_event", "17"),
        event_id(b"k" * 32, "school_absence", "18"),
    ]
    assert base == event_id(b"k" * 32, "school_absence", "17")
    assert base not in others
    assert len(base) == 41


def test_kind_and_source_id_cannot_be_shifted_into_each_other() -> None:
    assert event_id(b"k", "a", "b") != event_id(b"k", "a\x00b", "")[:-1] + "x"
    assert place_event_id("polisen", "1") != place_event_id("polisen1", "")


def test_a_task_id_is_a_uuid_made_of_a_name() -> None:
    space = uuid.UUID("7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10")
    for number in range(300):
        opened = f"é{number}"
        assert task_id(REF, "absence-alone", opened) == str(uuid.uuid5(space, f"{REF}\x00absence-alone\x00{opened}"))


def test_a_task_id_is_the_same_on_every_replay() -> None:
    first = task_id(REF, "absence-alone", "e1")
    assert first == task_id(REF, "absence-alone", "e1")
    assert str(uuid.UUID(first)) == first
    assert (
        len(
            {
                first,
                task_id(REF, "absence-alone", "e2"),
                task_id(REF, "other", "e1"),
                task_id("y" + "b" * 32, "absence-alone", "e1"),
            }
        )
        == 4
    )


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (KeyKind.YOUTH_REF, REF),
        (KeyKind.AREA, "0581-hageby"),
        (KeyKind.AREA, "0581"),
        (KeyKind.YOUTH_REF_OR_AREA, REF),
        (KeyKind.YOUTH_REF_OR_AREA, "0581-city"),
        (KeyKind.ANY_OR_NONE, REF),
        (KeyKind.RULES_VERSION, "2025.1"),
    ],
)
def test_a_key_of_its_topics_form_is_taken(kind, key) -> None:
    assert valid_key(kind, key.encode()) == key


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize(
    "key",
    [
        None,
        b"",
        b"\xff\xfe",
        "０５８１".encode(),
        b"20000101-9804",
        b"200001019804",
        b"000101-9804",
        b"000101+9804",
        b"area-20000101-9804",
        b"a" * 65,
        REF.encode() + b"\n",
        b"2000-0101-9804",
        b"20-00-01-01-98-04",
        b"0581-hageby\x00",
        b"anna svensson",
    ],
)
def test_a_key_that_could_name_a_person_or_has_another_form_is_refused(kind, key) -> None:
    assert valid_key(kind, key) is None


def test_a_reference_in_capitals_is_no_reference() -> None:
    assert valid_key(KeyKind.YOUTH_REF, REF.upper().encode()) is None


def test_a_reference_is_no_key_of_places_and_an_area_none_of_youths() -> None:
    assert valid_key(KeyKind.YOUTH_REF, b"0581-hageby") is None
    assert valid_key(KeyKind.RULES_VERSION, b"2025 1") is None
