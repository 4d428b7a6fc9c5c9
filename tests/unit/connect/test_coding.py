"""From a notice without a code to the event on Kafka: by a lane whose source could not read it, and an officer who did."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from hub.coding.queue import NoticeState
from hub.connect.coding import Coding
from hub.connect.letter_rows import find_letters
from hub.connect.tables import letters as letter_table
from hub.connector import Notice, PersonRecord, RawMessage, Unmapped, report_number
from hub.contract.models import InfoKind, PoliceCategory
from hub.errors import RetriableError
from tests.unit.coding.make import OFFICER, UNDO, CodingPlace
from tests.unit.connect.conftest import NOW, World
from tests.unit.connectors.sdk.make import PERSON, make_message

IDENTITY = make_message(1)["attributes"]["messageId"]


class Desk(CodingPlace):
    """The officer's side of the world's lane."""

    def __init__(self, world: World) -> None:
        super().__init__(world.folder, world.clock)
        self.world = world
        world.origin = replace(world.origin, agency="police-ost", connector="sdk", kinds=frozenset({InfoKind.POLICE_NOTICE}))

    def lane(self, **changes):
        coding = Coding("sdk", self.queue, self.seal, self.world.ledger, self.clock, self.store.contents)
        return self.world.lane(coding=coding, **changes)

    def grant(self, **changes) -> None:
        self.world.grant(PERSON, kinds=(InfoKind.POLICE_NOTICE,), **changes)

    def state(self) -> NoticeState:
        return self.queue.find(report_number(IDENTITY)).state


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    built = Desk(world)
    yield built
    built.close()
    built.audit.close()


def coded(desk: Desk, **changes) -> str:
    number = desk.arrive()
    desk.code(number, **changes)
    desk.clock.advance(UNDO)
    return number


def notice(source_id: str, person: str = PERSON, category: PoliceCategory = PoliceCategory.NARCOTICS) -> PersonRecord:
    body = Notice(category=category, area="0581-hageby")
    return PersonRecord(InfoKind.POLICE_NOTICE, person, source_id, NOW, body)


def letters(world: World) -> list:
    with world.ledger._engine.connect() as connection:
        return find_letters(connection, letter_table.c.state == "waiting")


def test_what_has_no_code_and_whose_person_cannot_be_read_waits_for_the_officer_and_is_no_letter(desk: Desk) -> None:
    desk.world.source.given = [
        [
            Unmapped("uncoded", intentional=False, source_id="m1"),
            Unmapped("other_sender", intentional=True, source_id="m2"),
            notice("m3#2", "nobody's"),
            Unmapped("unreadable_message", intentional=False),
            replace(notice("m4#1"), kind=InfoKind.RISK_EVENT),
        ]
    ]
    desk.lane().poll()
    waiting = {one.number: one.reason for one in desk.queue.all()}
    assert waiting == {report_number("m1"): "uncoded", report_number("m3"): "unresolved_identifier"}
    assert sorted(one.reason for one in letters(desk.world)) == ["kind_not_allowed", "unreadable_message"]


def test_it_is_in_the_queue_before_the_cursor_has_passed_it(desk: Desk) -> None:
    desk.world.source.given = [[Unmapped("uncoded", intentional=False, source_id=IDENTITY)]]
    with desk.queue._engine.begin() as connection:
        connection.exec_driver_sql("alter table notices rename to away")
    with pytest.raises(RetriableError):
        desk.lane().poll()
    assert desk.world.ledger.cursor("events") is None


def test_another_content_that_the_store_has_got_lets_a_dismissed_notice_wait_anew(desk: Desk) -> None:
    number = desk.arrive()
    desk.desk.dismiss(OFFICER, number)
    desk.world.source.given = [[Unmapped("uncoded", intentional=False, source_id=IDENTITY)]] * 2
    desk.lane().poll()
    assert desk.state() is NoticeState.DISMISSED
    desk.store.put(RawMessage(IDENTITY, NOW, b"another"))
    desk.world.source.given += desk.world.source.given[:1]
    desk.lane().poll()
    assert desk.state() is NoticeState.WAITING


def test_a_coded_notice_is_published_once_as_the_mapping_would_have(desk: Desk) -> None:
    desk.grant()
    coded(desk)
    lane = desk.lane()
    lane.keep()
    lane.keep()
    (event,) = desk.world.published
    assert (event.category, event.area, event.may_tell_youth, event.revision) == (
        PoliceCategory.NARCOTICS,
        "0581-hageby",
        False,
        1,
    )
    assert desk.state() is NoticeState.PUBLISHED
    assert desk.queue.find(report_number(IDENTITY)).sealed == b""
    # The sender mends its own coding and says the same: it is the same event.
    desk.world.source.given = [[replace(notice(f"{IDENTITY}#1"), occurred_at=event.occurred_at)]]
    lane.poll()
    assert len(desk.world.published) == 1


def test_nothing_is_published_before_the_time_to_undo_has_passed(desk: Desk) -> None:
    desk.grant()
    number = desk.arrive()
    desk.code(number)
    desk.lane().keep()
    assert desk.world.published == []
    desk.desk.undo(OFFICER, number)
    desk.clock.advance(UNDO)
    desk.lane().keep()
    assert (desk.world.published, desk.state()) == ([], NoticeState.WAITING)


@pytest.mark.parametrize("granted", [True, False])
def test_it_ends_alike_whether_or_not_somebody_has_a_reference(desk: Desk, granted: bool) -> None:
    if granted:
        desk.grant()
    coded(desk)
    desk.lane().keep()
    assert len(desk.world.published) == granted
    assert desk.state() is NoticeState.PUBLISHED
    assert desk.world.ledger.totals()["handled", ""] == 1


def test_what_a_process_that_died_left_of_a_coded_result_in_the_log_is_gone_at_the_next_look(desk: Desk) -> None:
    number = desk.arrive()
    sealed = desk.code(number).sealed
    with closing(sqlite3.connect(desk.world.folder / "coding.db")) as other, other:
        other.execute("update notices set state = 'waiting', sealed = x''")
    files = sorted(desk.world.folder.glob("coding.db*"))
    assert any(sealed in file.read_bytes() for file in files)
    desk.lane().keep()
    assert not any(sealed in file.read_bytes() for file in files)


def test_consent_is_asked_as_of_the_publication(desk: Desk) -> None:
    desk.grant()
    coded(desk)
    desk.world.directory.withdraw(PERSON, None)
    desk.lane().keep()
    assert (desk.world.published, desk.state()) == ([], NoticeState.PUBLISHED)


def test_without_kafka_it_stays_coded_and_can_still_be_undone(desk: Desk) -> None:
    number = coded(desk)
    desk.world.publisher.away = RetriableError("no broker", code="kafka")
    with pytest.raises(RetriableError):
        desk.lane().keep()
    assert desk.desk.undo(OFFICER, number).state is NoticeState.WAITING


@pytest.mark.parametrize("moment", ["publish", "settle"])
def test_a_crash_repeats_it_under_the_same_identity_and_it_has_one_effect(desk: Desk, moment: str) -> None:
    class KilledError(Exception):
        pass

    def die(*_: object) -> None:
        raise KilledError

    desk.grant()
    coded(desk)
    lane = desk.lane(after_publish=die) if moment == "publish" else desk.lane()
    if moment == "settle":
        queue = desk.queue
        lane._coding = replace(lane._coding, queue=DyingQueue(queue, die))
    with pytest.raises(KilledError):
        lane.keep()
    desk.world.crash()
    desk.lane().keep()
    assert {(one.event_id, one.revision) for one in desk.world.published} == {(desk.world.published[0].event_id, 1)}
    assert len(desk.world.published) == (2 if moment == "publish" else 1)
    assert desk.state() is NoticeState.PUBLISHED


class DyingQueue:
    """A queue that ends the process as soon as it should say what became of a notice."""

    def __init__(self, queue, die) -> None:
        self._queue = queue
        self.settle = die

    def __getattr__(self, name: str):
        return getattr(self._queue, name)


def test_a_notice_sealed_under_a_former_key_waits_again_and_says_why(desk: Desk) -> None:
    number = coded(desk)
    with desk.queue._engine.begin() as connection:
        connection.exec_driver_sql("update notices set sealed = x'00'")
    desk.lane().keep()
    found = desk.queue.find(number)
    assert (found.state, found.reason, found.taken) == (NoticeState.WAITING, "key_changed", False)


def test_how_many_wait_and_since_when_is_told_for_the_alarm(desk: Desk) -> None:
    def told() -> tuple[float | None, ...]:
        desk.lane().keep()
        names = ("hub_connector_uncoded_notices", "hub_connector_uncoded_since_seconds")
        return tuple(REGISTRY.get_sample_value(name, {"connector": "sdk"}) for name in names)

    start = desk.clock.now()
    first = desk.arrive(1)
    desk.clock.advance(UNDO)
    second = desk.arrive(2)
    assert told() == (2, start.timestamp())
    desk.desk.dismiss(OFFICER, first)
    assert told() == (1, (start + UNDO).timestamp())
    desk.desk.dismiss(OFFICER, second)
    assert told() == (0, 0)
    desk.clock.advance(UNDO)
    desk.desk.undo(OFFICER, first)  # somebody has looked at it: it waits anew
    assert told() == (1, desk.clock.now().timestamp())


def test_one_person_of_a_notice_that_the_gate_refuses_keeps_the_whole_waiting(desk: Desk) -> None:
    desk.grant()
    number = coded(desk)
    desk.world.origin = replace(desk.world.origin, kinds=frozenset())
    desk.lane().keep()
    assert (desk.world.published, desk.queue.find(number).reason) == ([], "kind_not_allowed")
