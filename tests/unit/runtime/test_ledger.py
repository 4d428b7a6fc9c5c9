"""The partition's own record: what was read and what became of it."""

from __future__ import annotations

import pytest

from hub.errors import FatalError
from hub.runtime.effects import Effects
from hub.runtime.ledger import PartitionRecord, Rebuilding
from hub.runtime.limits import Pause, Window
from tests.unit.runtime.fakes import FIRST


def effects(outcomes: dict[tuple[str, str, str], int], **positions: int) -> Effects:
    made = Effects(positions=positions)
    made.ledger.update(outcomes)  # type: ignore[arg-type]
    return made


def test_it_survives_its_bytes() -> None:
    before = PartitionRecord().after(
        effects({("a", "processed", ""): 2, ("a", "refused", "no_consent"): 1}, a=3), {"a": "id"}, "r"
    )
    assert PartitionRecord.from_bytes(before.to_bytes()) == before
    assert before.topic_ids == {"a": "id"}


def test_nothing_stored_is_an_empty_record() -> None:
    assert PartitionRecord.from_bytes(None) == PartitionRecord()


def test_counts_add_up_to_the_position() -> None:
    record = PartitionRecord().after(effects({("a", "processed", ""): 2, ("a", "gone", ""): 4}, a=6), {}, "")
    assert record.imbalance() == {}
    assert record.after(effects({}, a=8), {}, "").imbalance() == {"a": 2}


def test_partitions_are_totalled() -> None:
    one = PartitionRecord().after(effects({("a", "processed", ""): 2}, a=2), {}, "")
    assert PartitionRecord.total([one, one]) == {("a", "processed", ""): 4}


def test_a_recreated_topic_stops_the_worker_and_is_named() -> None:
    record = PartitionRecord().after(effects({}, a=1), {"a": "old"}, "")
    record.check_topics({"a": "old", "b": "new"})
    with pytest.raises(FatalError, match="topic a was deleted and made anew") as caught:
        record.check_topics({"a": "new"})
    assert caught.value.code == "topic_recreated"


def test_the_rules_that_came_into_force_last_stay() -> None:
    record = PartitionRecord().after(Effects(activated=FIRST), {}, "")
    assert record.after(Effects(), {}, "").marker == {"version": "first", "sha256": FIRST.sha256}


def test_an_unknown_form_is_not_guessed() -> None:
    with pytest.raises(FatalError):
        PartitionRecord.from_bytes(b'{"form": 99}')


def test_what_is_left_to_rebuild_is_kept_until_it_is_done() -> None:
    record = PartitionRecord(rebuilding=Rebuilding({"a": 7}))
    for effects, through in ((Effects(positions={"a": 7}), ""), (Effects(passed="k"), "k"), (Effects(positions={"a": 9}), "k")):
        record = PartitionRecord.from_bytes(record.after(effects, {}, "").to_bytes())
        assert record.rebuilding == Rebuilding({"a": 7}, through)
    assert record.after(Effects(rebuilt=True), {}, "").rebuilding is None
    assert b"rebuilding" not in PartitionRecord().to_bytes()


def test_windows_and_pauses_survive_their_bytes_and_end_when_somebody_says_so() -> None:
    stopped = Effects(windows={"a": Window(7, 0b1011, 3), "b": Window(2, 1)}, paused={"a": Pause(8, 3, 4, 1_700_000_000)})
    record = PartitionRecord.from_bytes(PartitionRecord().after(stopped, {}, "").to_bytes())
    assert record == PartitionRecord().after(stopped, {}, "")
    assert (record.windows, record.paused) == (stopped.windows, stopped.paused)
    again = record.after(Effects(windows={"a": Window(7)}, resumed=frozenset({"a"})), {}, "")
    assert (again.windows, again.paused) == ({"a": Window(7), "b": Window(2, 1)}, {})


def test_a_record_of_an_older_hub_has_no_pause() -> None:
    assert b"paused" not in PartitionRecord().to_bytes()
    assert b"windows" not in PartitionRecord().to_bytes()
