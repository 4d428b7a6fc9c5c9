"""Puts notices without a readable code aside for the statutory officer, and takes her coded ones through the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from hub.clock import Clock
from hub.coding.queue import CodingQueue, QueuedNotice
from hub.coding.sealing import CodingSeal
from hub.connect.gate import Origin, Publishable
from hub.connect.instance import Instance
from hub.connect.ledger import Ledger, Tally
from hub.connect.ports import StatutoryPort
from hub.connect.sending import Sending
from hub.connect.sifting import Sifting
from hub.connector import PersonRecord, Record, Unmapped, report_number
from hub.metrics import CONNECTOR_UNCODED, CONNECTOR_UNCODED_SINCE

__all__ = ["Coding", "coding_of"]

_AT_ONCE = 50
_NOT_HERS = frozenset({"kind_not_allowed", "invalid_record"})
"""What no code of a person's would mend: settings, or a fault of ours. It stays a letter."""
_KEY_CHANGED = "key_changed"
"""The agency's key is another than the notice was sealed under: it has to be coded again."""


@dataclass(frozen=True, slots=True)
class Coding:
    """One instance's; for the thread of its events lane.

    Guarantee: at least once, and one effect. A notice is in the queue before the cursor passes its record, and leaves it as
    published only after Kafka acknowledged it and the ledger has settled it; a crash in between says it again under the same
    identity, which the ledger then knows. It ends as published whatever consent decides, so that nobody reads from the queue
    who has a reference.
    """

    connector: str
    queue: CodingQueue
    seal: CodingSeal
    ledger: Ledger
    clock: Clock
    contents: Callable[[str], str] = lambda _number: ""
    """A mark of all contents that the statutory store has of a message, by its number."""

    def put_aside(self, records: Sequence[Record], refused: Mapping[int, str]) -> dict[int, str]:
        """Queue what a person can code, durably; the answer is what is left of `refused`, by place: for letters."""
        found, left = {}, {}
        for place, reason in refused.items():
            message_id = _message_of(records[place])
            if message_id and reason not in _NOT_HERS:
                found[report_number(message_id)] = reason
            else:
                left[place] = reason
        if found:
            self.queue.add(found, self.clock.now(), {number: self.contents(number) for number in found})
        self.show()
        return left

    def show(self) -> None:
        """Set the gauges."""
        since = self.queue.waiting_since()
        CONNECTOR_UNCODED.labels(connector=self.connector).set(self.queue.waiting())
        CONNECTOR_UNCODED_SINCE.labels(connector=self.connector).set(since.timestamp() if since else 0)

    def __call__(self, ready: Callable[[], None], sifting: Sifting, sending: Sending) -> Tally:
        """Publish what is coded and due. `ready` learns the newest consents, and raises when nothing may be published; then the
        notices stay coded. The answer counts what was settled.
        """
        counts: Tally = Counter()
        while self.queue.due(self.clock.now()):
            ready()
            now = self.clock.now()
            ended: dict[str, str] = {}
            publishable: list[Publishable] = []
            settled: Tally = Counter()
            for notice, records in self._opened(self.queue.take(now, _AT_ONCE)):
                sifted = sifting(records, now)
                ended[notice.number] = next(iter(sifted.refused.values()), "") if records else _KEY_CHANGED
                if not ended[notice.number]:
                    publishable += sifted.publishable
                    settled["handled", ""] += sifted.counts["handled", ""]
            if not ended:
                break  # undone in the last moment
            sent = sending(publishable, now)
            settled += sent.plan.outcomes(unchanged=True)
            self.ledger.settle_redriven(now, sent.plan, settled, [], sent.published)
            self.queue.settle(ended, now)
            counts += settled
        self.queue.tidy()
        self.show()
        return counts

    def _opened(self, notices: list[QueuedNotice]) -> Iterator[tuple[QueuedNotice, list[PersonRecord]]]:
        for notice in notices:
            coded = self.seal.open(notice.number, notice.sealed)
            yield notice, coded.records() if coded else []


def _message_of(record: Record) -> str:
    """The id of the raw message that a record comes of, by the convention of `Connector.read_draft`."""
    if isinstance(record, Unmapped):
        return record.source_id
    return record.source_id.rpartition("#")[0] if isinstance(record, PersonRecord) else ""


@contextmanager
def coding_of(
    instance: Instance, origin: Origin, ledger: Ledger, clock: Clock, store: StatutoryPort | None
) -> Iterator[Coding | None]:
    """What an instance puts its notices aside with; None where its connector has none that a person codes."""
    if instance.connector.read_draft is None:
        yield None
        return
    with closing(CodingQueue(instance.coding_file)) as queue:
        coding = Coding(instance.name, queue, CodingSeal(origin.key, instance.name), ledger, clock)
        yield coding if store is None else replace(coding, contents=store.contents)
