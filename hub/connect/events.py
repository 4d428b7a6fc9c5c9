"""The events lane: from a source's batches, through the gate, to Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from hub.clock import Clock
from hub.connect.asides import Asides
from hub.connect.coding import Coding
from hub.connect.earlier import EARLIER, Earlier
from hub.connect.figures import GateFigures
from hub.connect.gate import Origin, Publishable
from hub.connect.groups import grouped, latest_time
from hub.connect.lanes import EVENTS, HISTORY, show_remembered, show_totals
from hub.connect.ledger import Ledger, Tally
from hub.connect.letters import Gathering, Letter, Sealing
from hub.connect.ports import Change, Encode, Publisher, SubjectDirectory
from hub.connect.recall import Recall
from hub.connect.receipts import send_receipts
from hub.connect.redriving import Redriving
from hub.connect.revisions import Plan
from hub.connect.sending import Sending
from hub.connect.sifting import Sifting
from hub.connector import Backfill, Batch, Cursor, PersonRecord, Pushed, Source
from hub.errors import RejectedError, RetriableError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_LETTERS, CONNECTOR_POLLS

__all__ = ["EventsLane", "GoOn"]

GoOn: TypeAlias = Callable[[datetime, Tally], bool]
"""(latest time told, counts so far) → whether to read on."""
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Pull:
    """One reading of the source: its batches, and under which lane and in which form its place is stored.

    `again`: to look for what may pass now; what may not was counted before.
    """

    batches: Iterator[Batch]
    lane: str
    stored: Callable[[Cursor], Cursor] = dict
    again: bool = False


class EventsLane:
    """Pulls, gates, publishes and settles; one thread.

    Guarantee: at least once. A group's cursor moves only after Kafka acknowledged every record of it, in the same
    transaction as its counts; a crash before that repeats the group under the same identities and revisions. The directory is
    refreshed after a group was pulled and before it is judged: a consent that came into force before the pull is known. When
    one comes later and covers what was read already, the source is asked for those persons' earlier facts, once, or read again
    from its beginning where it cannot be asked.

    Whoever feeds a source, and looks at what this process tells of itself, sees the same whether or not a person has a reference:
    `handled` counts what was read of persons before consent decides, and Kafka must answer for what is kept out as for the rest.
    """

    name = EVENTS

    def __init__(
        self,
        *,
        origin: Origin,
        source: Source,
        directory: SubjectDirectory | None,
        ledger: Ledger,
        publisher: Publisher,
        encode: Encode,
        clock: Clock,
        after_publish: Callable[[], None] = lambda: None,
        recall: Recall | None = None,
        coding: Coding | None = None,
    ) -> None:
        self._origin = origin
        self._coding = coding
        self._source = source
        self.pushed = source if isinstance(source, Pushed) else None
        self._directory = directory
        self._ledger = ledger
        self._publisher = publisher
        self._encode = encode
        self._clock = clock
        self._changes = 0  # of what is owed
        self._asides = Asides(origin, directory, ledger)
        self._figures = GateFigures(origin.connector, clock.now())
        self._sealing = Sealing(origin.key, origin.connector)
        self._sifting = Sifting(origin, directory, self._figures)
        self._sending = Sending(ledger, publisher, encode, counted=self._add, after_publish=after_publish)
        self._keeps_bodies = recall is not None and recall.keeps_bodies
        self._redriving = Redriving(ledger, clock, recall, self._sifting, self._sending, self._asides) if recall else None
        self._totals = ledger.totals()
        self._show()

    def _show(self) -> None:
        show_totals(self._origin.connector, {**self._totals, ("unconfirmed", ""): self._ledger.unconfirmed()})
        CONNECTOR_LETTERS.labels(connector=self._origin.connector).set(self._ledger.waiting())

    def poll(self) -> Tally:
        """Take everything new, and, when somebody's consent came to cover more, what was read before it did.

        Raises StaleDirectoryError before anything is pulled when nothing may be published.
        """
        self._figures.turn(self._clock.now())
        self.keep()
        position = show_remembered(self._origin.connector, self.name, self._ledger.cursor(self.name)) or {}
        counts, _ = self._pull(position, _Pull(self._source.batches(position or None), self.name))
        counts += self._earlier()
        self._asides.require_marked()
        return counts

    def history(self, since: datetime, go_on: GoOn) -> bool:
        """Import what the source knows since an instant, on from where an earlier import of the same was cut off.

        `go_on` is told of each settled group: the latest time told, and the counts so far; when it says no, the import ends
        there and the answer is False. Raises RejectedError `no_history` when the source cannot be asked, and what `poll` raises.
        """
        if not isinstance(self._source, Backfill):
            raise RejectedError("this source cannot be asked for its history: it offers no backfill", code="no_history")
        self._follow()
        kept = self._ledger.cursor(HISTORY) or {}
        progress = kept["progress"] if kept.get("since") == since.isoformat() else {}
        batches = self._source.backfill(lambda _: True, since, progress or None)
        pull = _Pull(batches, HISTORY, lambda reached: {"since": since.isoformat(), "progress": reached})
        _, whole = self._pull(progress, pull, go_on)
        if whole:
            self._ledger.settle(HISTORY, {}, self._clock.now(), Plan((), 0), Counter())
        return whole

    def _earlier(self) -> Tally:
        """What is owed since grants came to cover an earlier time. Interrupted, it goes on at the next poll."""
        stored = self._ledger.cursor(EARLIER)
        if not stored:
            return Counter()
        if self.pushed is not None:
            # It cannot be asked, and what it holds now waits for the lane's own cursor, which alone knows what is a repeat.
            self._ledger.settle(EARLIER, {}, self._clock.now(), Plan((), 0), Counter())
            return Counter()
        if "from" in stored or not isinstance(self._source, Backfill):
            position = stored.get("from", {})
            pull = _Pull(self._source.batches(position or None), EARLIER, lambda reached: {"from": reached}, again=True)
        else:
            owed = Earlier.of(stored)
            position = owed.progress
            batches = self._source.backfill(self._owed_to(owed), owed.begin, position or None)
            pull = _Pull(batches, EARLIER, lambda reached: owed.reached(reached).stored(), again=True)
        counts, whole = self._pull(position, pull)
        if whole:
            self._ledger.settle(EARLIER, {}, self._clock.now(), Plan((), 0), Counter())
        return counts

    def _owed_to(self, owed: Earlier) -> Callable[[str], bool]:
        def asked_for(person_id: str) -> bool:
            try:
                entry = self._directory.lookup(person_id) if self._directory is not None else None
            except RejectedError:
                return False
            return entry is not None and entry.youth_ref in owed.since

        return asked_for

    def _pull(self, position: Cursor, pull: _Pull, go_on: GoOn = lambda _at, _counts: True) -> tuple[Tally, bool]:
        """Read on from `position` to the end.

        The second result is False when a consent changed in between, so that a reading again has to begin anew, or when it was
        not to go on.
        """
        counts: Tally = Counter()
        waiting: Tally = Counter()  # refusals that come again until the cursor has moved past them
        changes, required = self._changes, False
        gathering = Gathering(position, self._sealing, may_keep=self._keeps_bodies)
        for group in grouped(pull.batches):
            self._follow()
            if pull.again and self._changes != changes:
                return counts, False
            now = self._clock.now()
            publishable: list[Publishable] = []
            letters: list[Letter] = []
            settled: Tally = Counter()
            if not required and any(isinstance(record, PersonRecord) for batch in group for record in batch.records):
                self._publisher.require()
                required = True
            for batch in group:
                sifted = self._sifting(batch.records, now)
                publishable += sifted.publishable
                publishable += self._asides(batch.asides, now, publishable)
                waiting += Counter() if batch.retold else sifted.counts  # it was counted when it was told first
                refused = sifted.refused
                if self._coding is not None and pull.lane == self.name:
                    refused = self._coding.put_aside(batch.records, refused)
                letters += gathering.take(batch, refused, now)
                if batch.cursor != position:
                    position, settled, waiting = batch.cursor, settled + waiting, Counter()
            sent = self._sending(publishable, now)
            settled = sent.plan.outcomes() if pull.again else settled + sent.plan.outcomes(unchanged=True)
            told = [] if pull.lane != self.name else letters  # a letter is found again by a cursor of the lane's own
            cursor = pull.stored(position)
            heard = [one.event_id for one in publishable] if self._keeps_bodies else []
            self._ledger.settle(pull.lane, cursor, now, sent.plan, settled, published=sent.published, refused=told, heard=heard)
            if self.pushed is not None and pull.lane == self.name:
                self.pushed.settled(position)
            counts += settled + sent.uncertain
            self._totals += settled
            self._show()
            if not go_on(latest_time(group, now), counts):
                return counts, False
        return counts, True

    def keep(self) -> None:
        """Follow the registry, then take what people hand in: letters to redrive, notices that were coded."""
        self._follow()
        handed: Tally = self._redriving(self._ready) if self._redriving is not None else Counter()
        if self._coding is not None:
            handed += self._coding(self._ready, self._sifting, self._sending)
        if handed:
            self._add(handed)
            self._show()

    def _add(self, counted: Tally) -> None:
        self._totals += counted

    def _ready(self) -> None:
        self._publisher.require()
        self._follow()

    def _follow(self) -> None:
        """Know the newest consents, erase what was withdrawn, send the receipts; raises when nothing may be published."""
        if self._directory is None:
            return
        labels = {"connector": self._origin.connector, "lane": "directory"}
        try:
            self._directory.refresh(self._heed)
        except RetriableError as error:
            # As long as the copy is fresh enough the lane goes on with it; require_fresh decides.
            CONNECTOR_POLLS.labels(**labels, result="retry").inc()
            _log.warning("directory_not_refreshed", connector=self._origin.connector, code=error.code)
        else:
            CONNECTOR_POLLS.labels(**labels, result="ok").inc()
        send_receipts(self._ledger, self._publisher, self._encode, self._origin.connector)
        self._directory.require_fresh()

    def _heed(self, change: Change) -> None:
        now = self._clock.now()
        if change.gained and self._ledger.cursor(self.name) is not None:
            # Facts that the consent covers may have been read, refused and passed before it was known.
            self._owe(change, now)
        elif change.removed and (stored := self._ledger.cursor(EARLIER)) and "owed" in stored:
            self._owe(change, now)
        self._totals += Counter({("overtaken", ""): self._ledger.erase(change.removed, now)})

    def _owe(self, change: Change, now: datetime) -> None:
        self._changes += 1
        stored: Cursor = {"from": {}}
        if isinstance(self._source, Backfill):
            known = Earlier.of(self._ledger.cursor(EARLIER)).without(one.youth_ref for one in change.removed)
            stored = known.with_more(change.widened, now).stored()
        self._ledger.settle(EARLIER, stored, now, Plan((), 0), Counter())
