"""Faust's transport, but in runs: the agent gets one event for all that a poll brought of a topic, not one per record.

Faust's own consumer spends four asyncio tasks on each message, keeps a list of acknowledged offsets that it sorts at every
commit, and steps over a single message that was never acknowledged. Here a message holds runs (`hub.runtime.runs`), one or a
few for each partition: an event costs the loop a turn, and lanes that begin in the same turn write in the same request. What
is committed is what the lanes say is durable: the positions of their state, never a record further.

Guarantee: nothing is committed that `settle` was not told of. A run may get lost between the poll and the agent, when a
rebalance begins in between; the state's position knows, and what is missing is read (`hub.runtime.work`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import Transport
from faust.types import TP, ConsumerMessage

from hub.runtime.committed import CommittedConsumer
from hub.runtime.runs import Run, cut

__all__ = ["CROWD", "RunConsumer", "RunSchema", "RunTransport"]

# Messages that may wait for an agent before the next poll, which adds a handful. mode's queue, at its high mark, stops
# partitions and lets arbitrary ones go again.
CROWD = 64
_CROWDED_SECONDS = 0.001
# While something moves a poll is short: aiokafka does not notice that a partition it holds records of may be taken again.
_BUSY_SECONDS = 0.05
_IDLE_SECONDS = 1.0


class RunSchema(faust.Schema):  # type: ignore[misc]
    """Hands a message's value on as it is: it holds runs, and their lanes decode."""

    def compile(self, app: faust.App, **_: Any) -> Any:
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            del propagate
            return create_event(None, message.value, None, message)

        return decode


class RunConsumer(CommittedConsumer):
    """Faust's consumer with its way from poll to agent, and from acknowledgement to commit, replaced."""

    logger = logging.getLogger("faust.transport")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settled: dict[Any, int] = {}
        self._freed = asyncio.Event()

    def settle(self, tp: Any, offset: int) -> None:
        """Everything of `tp` below `offset` is durable: the next commit may take it."""
        self._settled[tp] = offset

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[Any]:
        return iter([tp for tp in self._settled if topics is None or tp in topics or tp.topic in topics])

    def _new_offset(self, tp: Any) -> int | None:
        return self._settled.get(tp)

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Forget what was settled and whom a lane had braked too: both belong to lanes that are gone."""
        await super().on_partitions_revoked(revoked)
        self._buffered_partitions.difference_update(revoked)
        for tp in revoked:
            self._settled.pop(tp, None)

    async def perform_seek(self) -> None:
        """As Faust's. Raises IllegalStateError, which Faust's recovery waits out, when the partitions went away meanwhile."""
        try:
            await super().perform_seek()
        except AssertionError as error:
            raise IllegalStateError("no partition is assigned any more") from error

    def on_buffer_drop(self, tp: Any) -> None:
        """A lane has room again."""
        super().on_buffer_drop(tp)
        self._freed.set()

    async def _drain_messages(self, fetcher: Any) -> None:
        busy = False
        try:
            while not (self.should_stop or fetcher.should_stop):
                await asyncio.sleep(0)  # else polls that find something at once leave no turn to anybody
                await self._await_room()
                timeout = _BUSY_SECONDS if busy or self._buffered_partitions else _IDLE_SECONDS
                records, active = await self._wait_next_records(timeout)
                busy = bool(records)
                if records is None or self.should_stop:
                    continue
                if self.flow_active:
                    await self._hand_on(records, active)
                else:
                    with contextlib.suppress(IllegalStateError):  # the rebalance that stopped the flow seeks as well
                        await self.perform_seek()
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    async def _await_room(self) -> None:
        while self._buffered_partitions and not self._active_partitions and self.flow_active and not self.should_stop:
            self._freed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._freed.wait()
        while any(channel.queue.qsize() >= CROWD for channel in self.app.topics):  # noqa: ASYNC110 -- mode's queue sets no event
            await asyncio.sleep(_CROWDED_SECONDS)

    async def _hand_on(self, records: Mapping[Any, Sequence[Any]], active: set[Any] | None) -> None:
        """All that a poll brought, with one wait: to wait costs four tasks, and a poll may bring dozens of runs."""
        await self.wait_first(self._deliver(records, active), self.suspend_flow.wait())

    async def _deliver(self, records: Mapping[Any, Sequence[Any]], active: set[Any] | None) -> None:
        generation = self.app.consumer_generation_id
        together: dict[str, list[Run]] = {}
        messages: list[Any] = []
        for tp, found in records.items():
            if not (active is None or tp in active or tp in self._buffered_partitions):
                continue
            if self._is_changelog_tp(tp):  # Faust's recovery reads it, record by record
                messages += [self._to_message(tp, one) for one in found if one.offset >= (self._read_offset[tp] or 0)]
            else:
                together.setdefault(tp.topic, []).extend(cut(tp.topic, tp.partition, found))
        for message in (*messages, *map(self._runs_message, together.values())):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            await self.callback(message)
            for run in message.value if message.topic in together else ():
                self._read_offset[TP(run.topic, run.partition)] = run.last
            self._read_offset[message.tp] = message.offset

    def _runs_message(self, runs: Sequence[Run]) -> ConsumerMessage:
        """What a poll brought of a topic, under the offset of its last record. Its time is looked at by nobody."""
        last = runs[-1]
        return ConsumerMessage(
            last.topic,
            last.partition,
            last.last,
            0.0,
            0,
            None,
            None,
            runs,
            None,
            0,
            sum(run.size for run in runs),
            TP(last.topic, last.partition),
            generation_id=self.app.consumer_generation_id,
        )


class RunTransport(Transport):  # type: ignore[misc]
    """For `app.transport`."""

    Consumer: ClassVar[type[Any]] = RunConsumer
