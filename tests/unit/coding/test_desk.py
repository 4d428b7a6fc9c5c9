"""What the officer sees, decides and takes back; every step in the log first, and nothing without it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.coding.queue import NoticeState
from hub.errors import RejectedError, RetriableError
from tests.unit.coding.make import OFFICER, UNDO, CodingPlace, make_answer
from tests.unit.connectors.sdk.make import OTHER_PERSON, PERSON, SUBJECT, reference

CANONICAL = "201203149800"


def break_audit(place: CodingPlace) -> None:
    with place.audit.engine.begin() as connection:
        connection.exec_driver_sql("drop table audit_entry")


def test_the_list_shows_arrival_and_clocks_and_opens_no_report(place: CodingPlace) -> None:
    place.arrive(1, at=place.clock.now() - timedelta(days=2))
    place.arrive(2, at=place.clock.now() - timedelta(days=3))
    listed = place.desk.list(OFFICER)
    assert [one.report.clocks.protect_by.isoformat() for one in listed if one.report] == ["2025-05-17", "2025-05-18"]
    assert place.told() == [("report_listed", "coding", "permit")]


def test_what_waits_gives_way_to_nothing_that_is_decided_and_the_oldest_come_first(place: CodingPlace) -> None:
    waiting = []
    for number in range(1, 10):
        found = place.arrive(number)
        if number in {1, 3, 5}:
            waiting.append(found)
        elif number == 2:
            place.code(found)
        else:
            place.desk.dismiss(OFFICER, found)
        place.clock.advance(timedelta(minutes=1))
    shown = [(one.notice.number, one.notice.state) for one in place.desk.list(OFFICER, most=2)]
    assert [number for number, state in shown if state is NoticeState.WAITING] == waiting[:2]
    assert [state for _, state in shown[2:]] == [NoticeState.DISMISSED, NoticeState.DISMISSED, NoticeState.CODED]
    assert place.desk.waiting() == 3


def test_an_opened_notice_shows_what_the_message_says_and_the_opening_is_logged(place: CodingPlace) -> None:
    number = place.arrive(1, reference(SUBJECT, PERSON), reference(SUBJECT, "19999999-9999"))
    opened = place.desk.open(OFFICER, number)
    assert [(one.place, one.identifier, one.readable) for one in opened.people] == [
        (1, PERSON, True),
        (2, "19999999-9999", False),
    ]
    assert (opened.draft.title, opened.draft.sender) == ("Underrättelse", "in")
    assert [one.name for one in opened.draft.documents] == ["a.pdf"]
    assert PERSON not in repr(opened)
    assert place.told() == [("report_opened", "coding", "permit")]


def test_a_report_that_is_no_message_at_all_can_be_coded_with_a_typed_number(place: CodingPlace) -> None:
    from hub.connector import RawMessage, report_number

    place.store.put(RawMessage("odd", place.clock.now(), b"\x00 not json"))
    number = report_number("odd")
    place.queue.add({number: "unreadable_message"}, place.clock.now())
    assert place.desk.open(OFFICER, number).people == ()
    place.code(number, places=(), typed=(PERSON,))
    coded = place.seal.open(number, place.queue.find(number).sealed)
    assert (coded.message_id, coded.subjects) == ("odd", ((1, CANONICAL),))


def test_a_coded_notice_is_sealed_and_logged_and_can_be_taken_back(place: CodingPlace) -> None:
    number = place.arrive()
    notice = place.code(number)
    assert (notice.state, notice.ready_at) == (NoticeState.CODED, place.clock.now() + UNDO)
    assert CANONICAL.encode() not in notice.sealed
    assert place.told() == [("report_coded", "coded", "permit")]
    notice = place.desk.undo(OFFICER, number)
    assert (notice.state, notice.sealed) == (NoticeState.WAITING, b"")
    assert place.told()[-1] == ("report_coded", "undone", "permit")


def test_what_is_not_a_matter_for_the_hub_can_be_brought_back(place: CodingPlace) -> None:
    number = place.arrive()
    assert place.desk.dismiss(OFFICER, number).state is NoticeState.DISMISSED
    place.arrive()  # the source shows it again
    assert place.queue.find(number).state is NoticeState.DISMISSED
    assert place.desk.undo(OFFICER, number).state is NoticeState.WAITING
    assert [purpose for _, purpose, _ in place.told()] == ["dismissed", "undone"]


def test_another_content_under_the_same_message_id_waits_anew(place: CodingPlace) -> None:
    number = place.arrive(1)
    place.desk.dismiss(OFFICER, number)
    place.arrive(1, reference(SUBJECT, OTHER_PERSON), reason="no_subject")
    found = place.queue.find(number)
    assert (found.state, found.reason, place.queue.waiting()) == (NoticeState.WAITING, "no_subject", 1)
    place.desk.dismiss(OFFICER, number)
    place.arrive(1)
    assert place.queue.find(number).state is NoticeState.DISMISSED


def test_another_content_that_comes_while_the_first_is_on_its_way_waits_once_that_is_published(place: CodingPlace) -> None:
    number = place.arrive(1)
    place.code(number)
    place.arrive(1, reference(SUBJECT, OTHER_PERSON))
    place.clock.advance(UNDO)
    assert [one.number for one in place.queue.take(place.clock.now(), 10)] == [number]
    place.queue.settle({number: ""}, place.clock.now())
    assert place.queue.find(number).state is NoticeState.WAITING
    place.code(number)
    place.clock.advance(UNDO)
    place.queue.take(place.clock.now(), 10)
    place.queue.settle({number: ""}, place.clock.now())
    assert place.queue.find(number).state is NoticeState.PUBLISHED


def test_two_officers_do_not_decide_about_the_same(place: CodingPlace) -> None:
    number = place.arrive()
    place.desk.dismiss(OFFICER, number)
    with pytest.raises(RejectedError) as refused:
        place.code(number)
    assert refused.value.code == "not_waiting"


def test_an_answer_about_one_content_is_not_taken_for_another_that_came_meanwhile(place: CodingPlace) -> None:
    number = place.arrive(1, reference(SUBJECT, PERSON))
    seen = place.desk.open(OFFICER, number).content
    place.clock.advance(timedelta(seconds=30))
    place.arrive(1, reference(SUBJECT, OTHER_PERSON))
    for deed in (
        lambda: place.desk.code(OFFICER, number, make_answer(place.clock), seen=seen),
        lambda: place.desk.dismiss(OFFICER, number, seen=seen),
    ):
        with pytest.raises(RejectedError) as refused:
            deed()
        assert refused.value.code == "changed_meanwhile"
        assert place.queue.find(number).state is NoticeState.WAITING
    place.desk.code(OFFICER, number, make_answer(place.clock), seen=place.desk.open(OFFICER, number).content)
    assert place.seal.open(number, place.queue.find(number).sealed).subjects == ((1, OTHER_PERSON),)


def test_what_the_connector_has_in_hand_is_not_undone(place: CodingPlace) -> None:
    number = place.arrive()
    place.code(number)
    assert place.queue.take(place.clock.now(), 10) == []  # not yet
    place.clock.advance(UNDO)
    assert [one.number for one in place.queue.take(place.clock.now(), 10)] == [number]
    with pytest.raises(RejectedError) as refused:
        place.desk.undo(OFFICER, number)
    assert refused.value.code == "not_undone"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"places": ()}, "no_subject"),
        ({"places": (7,)}, "no_subject"),
        ({"typed": ("123",)}, "unresolved_identifier"),
        ({"occurred_at": None}, "future_time"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_refused_and_the_notice_waits_on(place: CodingPlace, changes: dict, code: str) -> None:
    number = place.arrive()
    if "occurred_at" in changes:
        changes = {"occurred_at": place.clock.now() + timedelta(hours=1)}
    with pytest.raises(RejectedError) as refused:
        place.code(number, **changes)
    assert refused.value.code == code
    assert place.queue.find(number).state is NoticeState.WAITING


def test_a_person_who_is_named_and_typed_is_one_and_another_stands_behind(place: CodingPlace) -> None:
    number = place.arrive()
    place.code(number, typed=(CANONICAL, OTHER_PERSON))
    coded = place.seal.open(number, place.queue.find(number).sealed)
    assert coded.subjects == ((1, CANONICAL), (3, OTHER_PERSON))


def test_without_the_log_nothing_is_shown_and_nothing_decided(place: CodingPlace) -> None:
    number, dismissed = place.arrive(1), place.arrive(2)
    place.desk.dismiss(OFFICER, dismissed)
    break_audit(place)
    deeds = (
        lambda: place.desk.list(OFFICER),
        lambda: place.desk.envelope(OFFICER, number),
        lambda: place.desk.open(OFFICER, number),
        lambda: place.code(number),
        lambda: place.desk.dismiss(OFFICER, number),
        lambda: place.desk.undo(OFFICER, dismissed),
    )
    for deed in deeds:
        with pytest.raises(RetriableError) as failed:
            deed()
        assert failed.value.code == "audit"
    assert place.queue.find(number).state is NoticeState.WAITING
    assert place.queue.find(dismissed).state is NoticeState.DISMISSED


def test_a_number_that_is_nobody_s_is_refused_and_looks_up_no_file(place: CodingPlace) -> None:
    for number in ("..", "0" * 40):
        with pytest.raises(RejectedError) as refused:
            place.desk.open(OFFICER, number)
        assert refused.value.code == "no_such_notice"
    assert [outcome for *_, outcome in place.told()] == ["deny", "deny"]


def test_a_notice_whose_report_does_not_open_is_listed_and_says_so(place: CodingPlace) -> None:
    number = place.arrive()
    for file in place.store.folder.rglob("*.sealed"):
        file.write_bytes(file.read_bytes()[:-1])
        file.write_bytes(b"HUBSTAT1")
    assert [one.report for one in place.desk.list(OFFICER)] == [None]
    with pytest.raises(RejectedError) as refused:
        place.desk.open(OFFICER, number)
    assert refused.value.code == "no_report"


def test_the_seal_opens_for_its_own_notice_and_key_alone(place: CodingPlace) -> None:
    from hub.coding.sealing import CodingSeal

    number = place.arrive()
    place.code(number)
    sealed = place.queue.find(number).sealed
    assert place.seal.open(number, sealed) is not None
    assert place.seal.open("0" * 40, sealed) is None
    assert CodingSeal(bytes(32), "sdk").open(number, sealed) is None
    assert place.seal.open(number, b"") is None
