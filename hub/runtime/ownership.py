"""One owned partition: its restored state, and the only way to change it.

Order of a change, so that a kill at any point repeats work but neither loses nor doubles it:

1. dead letters are acknowledged (the lane does that before it calls `commit`);
2. states, the tasks to be said and the partition's record are acknowledged by the changelog;
3. they enter the local store in one batch, with the changelog offset they reach;
4. the tasks are acknowledged (the lane again; or `restore`, when the lane did not come to it);
5. the positions are told to the consumer, which commits them some time later (the lane).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hub.errors import FatalError
from hub.kafka import Outgoing
from hub.logs import get_logger
from hub.runtime.effects import META_KEY, RULES_KEY, Effects
from hub.runtime.fence import Fence, epoch_of, stamp
from hub.runtime.ledger import PartitionRecord, Rebuilding
from hub.runtime.outbox import changes_of, unsaid
from hub.runtime.rulebook import ActiveRules, Rulebook
from hub.runtime.store import LocalMark, PartitionStore
from hub.runtime.timers import Timers, clock_in, clock_of, sealed, unsealed
from hub.runtime.transport import Log, LogRecord

__all__ = ["CLAIM_KEY", "Changelog", "OwnedPartition"]

_log = get_logger(__name__)
CLAIM_KEY = b"\x00claim"
_CLOCKS = 2_000  # read at a time: some milliseconds
_FIRST_SUBJECT = b"\x01"  # behind the partition's own records


@dataclass(frozen=True, slots=True)
class Changelog:
    """A changelog topic and the id of every topic whose offsets the state holds."""

    topic: str
    topic_ids: Mapping[str, str]

    @property
    def topic_id(self) -> str:
        """The changelog's own id; empty when the broker does not tell."""
        return self.topic_ids.get(self.topic, "")


class OwnedPartition:
    """A StateView of the partition, plus `commit`. Made by `restore`, and no longer valid after `close`."""

    def __init__(self, partition: int, changelog: Changelog, store: PartitionStore, log: Log, rulebook: Rulebook) -> None:
        self.partition = partition
        self.record = PartitionRecord()
        self.timers = Timers()
        self.rules: ActiveRules | None = None
        self._changelog = changelog
        self._rulebook = rulebook
        self._store = store
        self._log = log
        self._fence = Fence(store.mark.epoch)
        self._next = store.mark.next_offset
        self._from_nothing = not self._next
        self._sequence = 0
        self._stale: set[bytes] = set()
        self._kept = 0
        self._clocks_after: bytes | None = None

    @property
    def reaches(self) -> int:
        """The next changelog offset: everything below it is in the local store."""
        return self._next

    def get(self, key: bytes) -> bytes | None:
        """The state of a key, without its clock."""
        value = self._store.get(key)
        return None if value is None else unsealed(value)[1]

    def position(self, topic: str) -> int:
        """The first offset of `topic` that is not in the state yet."""
        return self.record.positions.get(topic, 0)

    @property
    def rebuilding(self) -> Rebuilding | None:
        """How far a partition that began with nothing is to be read in silence; None: it is not being rebuilt."""
        return self.record.rebuilding

    def rebuild_to(self, goals: Mapping[str, int]) -> None:
        """Say nothing until these ends, by topic, have been reached. Kept with the first change that is committed."""
        self.record.rebuilding = Rebuilding(goals) if goals else None

    def holds_back(self, key: bytes) -> bool:
        """Whether the final pass of a rebuilding is still to come to this key."""
        rebuilding = self.record.rebuilding
        return rebuilding is not None and key.decode("ascii") > rebuilding.through

    def keys_after(self, key: bytes, limit: int) -> list[bytes]:
        """The first `limit` keys that a state is held of behind this one, in order."""
        return self._store.keys_after(key, limit)

    async def restore(self, generation: int) -> None:
        """Read the changelog to its end, claim the partition, and read up to the claim: no earlier owner can add to that.

        Raises FatalError when topics were made anew under the state, and what `Rulebook.restored` does.
        """
        known = self._store.mark.topic_id
        if known and self._changelog.topic_id and known != self._changelog.topic_id:
            text = (
                f"changelog {self._changelog.topic} was made anew; delete the worker's data folder too, to rebuild its state "
                "from the topics (deploy/runbooks/rebuild.md)"
            )
            raise FatalError(text, code="topic_recreated")
        await self._read_to(None)
        number = self._fence.next_number(generation)
        epoch = (number, secrets.token_bytes(16))
        claim = Outgoing(self._changelog.topic, CLAIM_KEY, b"", (stamp(epoch, 0),), self.partition)
        [(_, claimed_at)] = await self._log.append([claim])
        if claimed_at == self._next:  # nothing stands between: it need not be read
            self._restore_chunk([LogRecord(claimed_at, CLAIM_KEY, b"", claim.headers)])
        else:
            await self._read_to(claimed_at + 1)
        if self._fence.current != epoch:
            raise FatalError(f"partition {self.partition} was claimed by another worker meanwhile", code="fenced")
        self.record = PartitionRecord.from_bytes(self._store.get(META_KEY))
        self.record.check_topics(self._changelog.topic_ids)
        await self._heal()
        await self._say_unsaid()
        known_rules = self._store.get(RULES_KEY)
        self.rules = None if known_rules is None else self._rulebook.restored(known_rules)
        # Under new rules every state is looked at once, whatever its clock says.
        stale = self.rules is not None and self.record.stepped_with != self.rules.sha256
        self._store.settle()  # first: clocks are read from the files, and what the changelog had beyond them is to be among those
        if stale:
            self._stale = {key for key, _ in self._store.items()}
            for key in self._stale:
                self.timers.set(key, 0)
        elif not self._from_nothing:  # else the clocks came with the changelog
            self._clocks_after = _FIRST_SUBJECT
            self.read_clocks()

    def read_clocks(self) -> bool:
        """Set the clocks of some thousand more states that stood in the local files when it was restored; whether that goes on.

        Of a hundred thousand youths all of them take half a second, and no event need wait for that: a clock that comes some
        seconds late is heeded as if it had come in time.
        """
        if self._clocks_after is None:
            return False
        found = self._store.filed_after(self._clocks_after, _CLOCKS)
        for key, value in found:
            self.timers.learn(key, clock_in(value))
        self._clocks_after = found[-1][0] if len(found) == _CLOCKS else None
        return self._clocks_after is not None

    async def _read_to(self, stop: int | None) -> None:
        self._next = await self._log.read(self._changelog.topic, self.partition, self._next, stop, self._restore_chunk)
        self._store.write({}, self._mark())

    def _restore_chunk(self, records: list[LogRecord]) -> None:
        changes: dict[bytes, bytes | None] = {}
        admits, stamped, epoch = self._fence.admits, records[0].headers, epoch_of(records[0].headers)
        for _, key, value, headers in records:
            if headers != stamped:  # those of one commit have the same
                stamped, epoch = headers, epoch_of(headers)
            if key is not None and admits(epoch, key):
                changes[key] = value
        self._next = records[-1].offset + 1
        self._store.write(changes, self._mark())
        if self._from_nothing:
            for key, value in changes.items():
                if not key.startswith(b"\x00"):
                    self.timers.set(key, None if value is None else clock_in(value))

    async def _heal(self) -> None:
        """Write again what a former owner overwrote after it had lost the partition, before compaction prefers the stray."""
        if not self._fence.strays:
            return
        _log.warning("strays in the changelog are overwritten", partition=self.partition, keys=len(self._fence.strays))
        await self._append({key: self._store.get(key) for key in sorted(self._fence.strays)})
        self._fence.strays.clear()

    async def _say_unsaid(self) -> None:
        """What the states that were restored belong to may not have been said any more."""
        if records := list(unsaid(self._store.get)):
            await self._log.append(records)
        self._kept = len(records)

    async def let_go_of_said(self) -> None:
        """Keep nothing that has been acknowledged; the next commit does it too."""
        if self._kept:
            await self._append({**changes_of((), self._kept), META_KEY: self.record.to_bytes()})
            self._kept = 0

    async def commit(self, effects: Effects) -> None:
        """Steps 2 and 3 above. Raises RetriableError or FatalError; the caller ends the process, and nothing is lost."""
        if not effects.touches:
            return
        rules = effects.activated or self.rules
        stale = self._stale_after(effects)
        # Nothing while some states are still to be looked at: a restart in between must look at all of them, also when the
        # rules have gone back meanwhile to those that the record named before.
        stepped_with = "" if stale or rules is None else rules.sha256
        record = self.record.after(effects, self._changelog.topic_ids, stepped_with)
        # First: should a commit ever weigh more than a batch takes, a kill must not leave a state without what it says.
        said = effects.said
        changes = changes_of(said, self._kept)
        changes |= {key: sealed(change) for key, change in effects.state_changes.items()}
        if effects.activated is not None:
            changes[RULES_KEY] = effects.activated.content.encode()
        # Last, so that the changelog's end is always a record that compaction keeps.
        changes[META_KEY] = record.to_bytes()
        await self._append(changes)
        self.record, self._stale, self.rules = record, stale, rules
        self._kept = len(said)
        for key, change in effects.state_changes.items():
            self.timers.set(key, clock_of(change))
        if effects.activated is not None:
            for key in stale:
                self.timers.set(key, 0)

    def _stale_after(self, effects: Effects) -> set[bytes]:
        """The states that have not been looked at under the rules in force, once `effects` are done: after an activation all."""
        if effects.activated is None:
            return self._stale - effects.state_changes.keys()
        present = {key for key, _ in self._store.items()}
        for key, change in effects.state_changes.items():
            (present.discard if change.value is None else present.add)(key)
        return present

    async def compact(self, keys: Collection[bytes]) -> None:
        """Let go of earlier values of these keys in the local files; other partitions work on meanwhile."""
        await asyncio.to_thread(self._store.compact, sorted(keys))

    async def _append(self, changes: Mapping[bytes, bytes | None]) -> None:
        self._sequence += 1
        header = stamp(self._fence.current, self._sequence)
        offsets = await self._log.change(self._changelog.topic, self.partition, changes, header)
        await self._check_alone(offsets)
        self._next = offsets[-1] + 1
        self._store.write(changes, self._mark())

    async def _check_alone(self, offsets: Sequence[int]) -> None:
        """Whatever stands between our last record and these must be our own (a repeated produce)."""
        if offsets == list(range(self._next, self._next + len(offsets))):
            return
        foreign: set[bytes] = set()

        def judge(records: list[LogRecord]) -> None:
            foreign.update(one.key or b"" for one in records if epoch_of(one.headers) != self._fence.current)

        await self._log.read(self._changelog.topic, self.partition, self._next, offsets[-1] + 1, judge)
        if foreign:
            text = f"another worker wrote to partition {self.partition} of {self._changelog.topic}: starting over to restore it"
            raise FatalError(text, code="fenced")

    def _mark(self) -> LocalMark:
        return LocalMark(self._next, self._fence.current, self._changelog.topic_id)

    def close(self) -> None:
        """Release the local files."""
        self._store.close()
