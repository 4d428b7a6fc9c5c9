"""Restoring, claiming and changing one partition."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hub.core.instants import DAY, to_ms
from hub.errors import FatalError, RetriableError
from hub.kafka import Outgoing
from hub.runtime.effects import Change, Effects
from hub.runtime.fence import stamp
from hub.runtime.ownership import OwnedPartition
from tests.unit.core.make import NOW
from tests.unit.runtime.fakes import CHANGELOG, FIRST, RULEBOOK, MemoryLog, make_marker, make_owned

SECOND = RULEBOOK.judge(make_marker("second"))


def change(value: bytes | None, key: bytes = b"k", **positions: int) -> Effects:
    return Effects(state_changes={key: Change(value)}, positions=positions)


async def restored(folder: Path, log: MemoryLog, generation: int = 1, **given: object) -> OwnedPartition:
    owned = make_owned(folder, log, **given)  # type: ignore[arg-type]
    await owned.restore(generation)
    return owned


def test_what_was_committed_is_there_for_the_next_owner(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path / "one", log)
        await first.commit(change(b"state", a=5))
        await first.commit(change(b"other", b"other"))
        await first.commit(change(None, b"other"))
        first.close()
        for folder in ("one", "two"):  # with the local copy, and from the changelog alone
            owned = await restored(tmp_path / folder, log, 2)
            assert (owned.get(b"k"), owned.get(b"other"), owned.position("a")) == (b"state", None, 5)
            owned.close()

    asyncio.run(story())


def test_the_changelog_comes_before_the_local_copy(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        log.fail = RetriableError("no")
        with pytest.raises(RetriableError):
            await owned.commit(change(b"state", a=1))
        assert owned.get(b"k") is None
        assert owned.position("a") == 0
        owned.close()

    asyncio.run(story())


def test_clocks_are_set_again_from_restored_states(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path / "one", log)
        for changes in ({b"k": Change(b"s", to_ms(NOW)), b"gone": Change(b"s", to_ms(NOW)), b"still": Change(b"s", to_ms(NOW))},
                        {b"gone": Change(None), b"still": Change(b"t")}):  # fmt: skip
            await first.commit(Effects(state_changes=changes))
        first.close()
        for folder in ("one", "two"):  # from the local copy, and with the changelog
            owned = await restored(tmp_path / folder, log, 2)
            assert owned.timers.due(NOW, 9) == [b"k"]
            owned.close()

    asyncio.run(story())


def test_clocks_of_many_states_in_the_local_copy_are_read_by_and_by_and_what_changed_meanwhile_keeps_its_own(
    tmp_path: Path,
) -> None:
    def key(number: int) -> bytes:
        return b"%06d" % number

    async def story() -> None:
        log, later = MemoryLog(), NOW + timedelta(days=9)
        first = await restored(tmp_path, log)
        await first.commit(Effects(state_changes={key(number): Change(b"s", to_ms(NOW)) for number in range(4_500)}))
        first.close()
        second = await restored(tmp_path, log, 2)
        at_once = second.timers.due(NOW, 9_999)
        assert 0 < len(at_once) < 4_500
        await second.commit(
            Effects(state_changes={key(4_400): Change(b"t", to_ms(later)), key(4_401): Change(b"t"), key(4_402): Change(None)})
        )
        assert second.read_clocks()
        assert not second.read_clocks(), "that was the last of them"
        found = second.timers.due(NOW, 9_999)
        assert sorted([*at_once, *found]) == [key(number) for number in range(4_500) if number not in {4_400, 4_401, 4_402}]
        assert second.timers.due(later, 9) == [key(4_400)]
        assert not second.read_clocks()
        second.close()

    asyncio.run(story())


def test_clocks_of_what_was_changed_elsewhere_after_the_local_copy_are_set_too(tmp_path: Path) -> None:
    async def story() -> None:
        log, later = MemoryLog(), NOW + timedelta(days=9)
        here = await restored(tmp_path / "here", log)
        await here.commit(Effects(state_changes={key: Change(b"s", to_ms(NOW)) for key in (b"gone", b"late", b"old", b"still")}))
        here.close()
        there = await restored(tmp_path / "there", log, 2)
        changes = {
            b"gone": Change(None),
            b"late": Change(b"t", to_ms(later)),
            b"new": Change(b"t", to_ms(NOW)),
            b"still": Change(b"t"),
        }
        await there.commit(Effects(state_changes=changes))
        there.close()
        again = await restored(tmp_path / "here", log, 3)
        assert sorted(again.timers.due(NOW, 9)) == [b"new", b"old"]
        assert again.timers.due(later, 9) == [b"late"]
        again.close()

    asyncio.run(story())


def test_a_claim_that_stands_right_behind_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path, log)
        await first.commit(change(b"state"))
        first.close()
        log.history.clear()
        second = await restored(tmp_path, log, 2)
        assert log.history == [f"read {CHANGELOG}", f"append {CHANGELOG}"]
        await second.commit(change(b"next"))
        assert second.get(b"k") == b"next"
        second.close()
        # A third one knows of the second's claim, whether it has the local copy or not.
        for folder in (tmp_path, tmp_path / "empty"):
            third = await restored(folder, log, 3)
            log.add(Outgoing(CHANGELOG, b"k", b"\xff" * 8 + b"wrong", (stamp((1, b"z" * 16), 99),), 0))
            with pytest.raises(FatalError, match="another worker"):
                await third.commit(change(b"state"))
            third.close()

    asyncio.run(story())


def test_under_new_rules_every_state_is_looked_at_once_even_across_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path / "one", log)
        for key in (b"a", b"b"):
            await first.commit(Effects(state_changes={key: Change(b"s", to_ms(NOW) + 9 * DAY)}))
        assert first.timers.due(NOW, 9) == []
        await first.commit(Effects(activated=SECOND, positions={"rules": 1}))
        assert sorted(first.timers.due(NOW, 9)) == [b"a", b"b"]
        first.close()
        second = await restored(tmp_path / "two", log, 2, rules=None)  # the local copy is lost
        assert second.rules == SECOND
        assert sorted(second.timers.due(NOW, 9)) == [b"a", b"b"]
        await second.commit(change(b"s", b"a"))
        second.close()
        third = await restored(tmp_path / "two", log, 3)
        assert sorted(third.timers.due(NOW, 9)) == [b"a", b"b"]
        await third.commit(Effects(state_changes={b"a": Change(b"s"), b"b": Change(b"s")}))
        third.close()
        fourth = await restored(tmp_path / "two", log, 4)
        assert fourth.timers.due(NOW, 9) == []
        fourth.close()

    asyncio.run(story())


def test_rules_taken_back_before_all_states_were_looked_at_are_looked_at_again(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path, log)
        await first.commit(Effects(state_changes={b"a": Change(b"s"), b"b": Change(b"s")}))
        await first.commit(Effects(activated=SECOND, positions={"rules": 1}))
        await first.commit(change(b"of the second", b"a"))
        await first.commit(Effects(activated=FIRST, positions={"rules": 2}))
        first.close()
        second = await restored(tmp_path, log, 2)
        assert second.rules == FIRST
        assert sorted(second.timers.due(NOW, 9)) == [b"a", b"b"]
        second.close()

    asyncio.run(story())


def test_states_changed_or_erased_with_the_activation_itself_are_told_apart(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        await owned.commit(Effects(state_changes={b"a": Change(b"s"), b"b": Change(b"s")}))
        changes = {b"a": Change(None), b"c": Change(b"s", to_ms(NOW) + 9 * DAY)}
        await owned.commit(Effects(activated=SECOND, state_changes=changes))
        assert sorted(owned.timers.due(NOW, 9)) == [b"b", b"c"]
        owned.close()

    asyncio.run(story())


def test_a_zombies_late_write_is_passed_over_and_overwritten(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path / "one", log, 1)
        await first.commit(change(b"right"))
        zombie_header = stamp((1, b"z" * 16), 99)
        second = await restored(tmp_path / "two", log, 2)
        log.add(Outgoing(CHANGELOG, b"k", b"\xff" * 8 + b"wrong", (zombie_header,), 0))
        first.close()
        second.close()
        third = await restored(tmp_path / "three", log, 3)
        assert third.get(b"k") == b"right"
        third.close()
        last = log.topics[CHANGELOG, 0][-1]
        assert last is not None
        assert (last.key, (last.value or b"").endswith(b"right")) == (b"k", True)

    asyncio.run(story())


def test_the_owner_notices_a_foreign_write_at_its_next_own(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        log.add(Outgoing(CHANGELOG, b"k", None, (stamp((0, b"z" * 16), 1),), 0))
        with pytest.raises(FatalError) as caught:
            await owned.commit(change(b"state"))
        assert caught.value.code == "fenced"
        owned.close()

    asyncio.run(story())


def test_a_repeat_of_its_own_is_no_foreign_write(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        await owned.commit(change(b"state"))
        own = log.topics[CHANGELOG, 0][-1]
        assert own is not None
        log.add(Outgoing(CHANGELOG, own.key, own.value, own.headers, 0))
        await owned.commit(change(b"next"))
        assert owned.get(b"k") == b"next"
        owned.close()

    asyncio.run(story())


def test_a_recreated_changelog_stops_the_worker(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        (await restored(tmp_path, log, ids={CHANGELOG: "old"})).close()
        owned = make_owned(tmp_path, log, ids={CHANGELOG: "new"})
        with pytest.raises(FatalError, match="made anew"):
            await owned.restore(2)
        owned.close()

    asyncio.run(story())


def test_a_recreated_source_stops_the_worker(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        first = await restored(tmp_path / "one", log, ids={"a": "old"})
        await first.commit(change(b"s", a=1))
        first.close()
        owned = make_owned(tmp_path / "two", log, ids={"a": "new"})
        with pytest.raises(FatalError, match="topic a was deleted"):
            await owned.restore(2)
        owned.close()

    asyncio.run(story())


def test_nothing_to_change_writes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        before = len(log.topics[CHANGELOG, 0])
        await owned.commit(Effects())
        assert len(log.topics[CHANGELOG, 0]) == before
        owned.close()

    asyncio.run(story())
