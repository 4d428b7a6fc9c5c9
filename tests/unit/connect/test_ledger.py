from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hub.connect.gate import judge_person
from hub.connect.ports import Removed
from hub.connect.revisions import Plan

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
ERASURE = "11111111-2222-3333-4444-555555555555"


def items(world, *, number: int = 1, count: int = 1, minutes: int = 60) -> list:
    entry = world.entry(number)
    records = [world.absence(world.person(), f"a{index}", minutes=minutes) for index in range(count)]
    return [judge_person(record, entry, world.origin, NOW) for record in records]


def test_a_lane_begins_without_a_cursor(world) -> None:
    assert world.ledger.cursor("events") is None


def test_settling_remembers_cursor_counts_and_content(world) -> None:
    plan = world.ledger.plan(items(world, count=1200))
    world.ledger.settle("events", {"next": 1}, NOW, plan, Counter({("published", ""): 1200}))
    world.crash()
    assert world.ledger.cursor("events") == {"next": 1}
    assert world.ledger.totals() == {("published", ""): 1200}
    assert world.ledger.plan(items(world, count=1200)).unchanged == 1200


def test_counts_grow_and_cursors_move(world) -> None:
    for number in (1, 2):
        world.ledger.settle("events", {"next": number}, NOW, Plan((), 0), Counter({("refused", "no_reference"): 2}))
    assert world.ledger.totals() == {("refused", "no_reference"): 4}
    assert world.ledger.cursor("events") == {"next": 2}


def test_a_plan_that_was_not_settled_is_repeated_under_the_same_revision(world) -> None:
    (first,) = world.ledger.plan(items(world)).sends
    world.crash()
    (again,) = world.ledger.plan(items(world)).sends
    assert (again.revision, again.item.event_id, again.repeated) == (first.revision, first.item.event_id, True)


def test_a_settled_change_takes_the_next_revision(world) -> None:
    for minutes, revision in ((60, 1), (30, 2), (60, 3)):
        plan = world.ledger.plan(items(world, minutes=minutes))
        assert [one.revision for one in plan.sends] == [revision]
        world.ledger.settle("events", {}, NOW, plan, Counter())


def test_erasing_forgets_the_reference_everywhere_and_owes_a_receipt(world) -> None:
    mine, other = items(world, number=1, count=3), items(world, number=2)
    world.ledger.settle("events", {}, NOW, world.ledger.plan([*mine[:2], *other]), Counter())
    world.ledger.plan(mine)  # leaves an intent open
    assert world.ledger.erase([Removed(world.entry(1).youth_ref, ERASURE)], NOW) == 1
    assert world.ledger.totals() == {("overtaken", ""): 1}
    world.crash()
    assert [(one.erasure_id, one.youth_ref, one.erased_at) for one in world.ledger.receipts()] == [
        (ERASURE, world.entry(1).youth_ref, NOW)
    ]
    assert [one.revision for one in world.ledger.plan(mine).sends] == [1, 1, 1]
    assert world.ledger.plan(other).unchanged == 1


def test_an_erasure_asked_for_twice_owes_one_receipt_and_none_once_it_is_sent(world) -> None:
    for _ in range(2):
        world.ledger.erase([Removed(world.entry(1).youth_ref, ERASURE)], NOW)
    assert len(world.ledger.receipts()) == 1
    world.ledger.receipts_sent(world.ledger.receipts())
    assert world.ledger.receipts() == []


def test_after_the_receipt_not_a_byte_of_the_reference_is_left_in_the_files(world) -> None:
    entry = world.entry(1)
    world.ledger.settle("events", {}, NOW, world.ledger.plan(items(world, count=50)), Counter())
    assert any(entry.youth_ref.encode() in file.read_bytes() for file in world.folder.glob("ledger.db*"))  # planted
    world.ledger.erase([Removed(entry.youth_ref, ERASURE)], NOW)
    world.ledger.receipts_sent(world.ledger.receipts())
    assert not any(entry.youth_ref.encode() in file.read_bytes() for file in world.folder.glob("ledger.db*"))


def test_a_consent_at_rest_keeps_its_revisions(world) -> None:
    plan = world.ledger.plan(items(world))
    world.ledger.settle("events", {}, NOW, plan, Counter())
    world.ledger.erase([Removed(world.entry(1).youth_ref, None)], NOW)
    assert world.ledger.receipts() == []
    assert [one.revision for one in world.ledger.plan(items(world, minutes=5)).sends] == [2]


def test_a_secured_message_counts_once(world) -> None:
    assert world.ledger.secure("statutory", {"next": 1}, NOW, ["d1", "d1", "d2"]) == 2
    assert world.ledger.secure("statutory", {"next": 2}, NOW, ["d2"]) == 0
    assert world.ledger.is_secured("d1")
    assert not world.ledger.is_secured("d3")
    assert world.ledger.totals() == {("secured", ""): 2}


def test_no_person_and_no_source_id_is_in_the_files(world) -> None:
    record = world.absence(world.person(), "guardian-wrote-this")
    plan = world.ledger.plan([judge_person(record, world.entry(), world.origin, NOW)])
    world.ledger.settle("events", {}, NOW, plan, Counter())
    stored = b"".join(file.read_bytes() for file in world.folder.glob("ledger.db*"))
    assert b"guardian-wrote-this" not in stored
    assert world.person().replace("-", "").encode() not in stored
