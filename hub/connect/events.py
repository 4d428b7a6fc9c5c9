"""The events lane: from a source's batches, through the gate, to Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from hub.clock import Clock
from hub.connect.figures import GateFigures
from hub.connect.gate import Origin, Publishable
from hub.connect.lanes import EVENTS, show_remembered, show_totals
from hub.connect.ledger import Ledger, Tally
from hub.connect.letters import Gathering, Letter, Sealing
from hub.connect.ports import Change, Encode, Publisher, SubjectDirectory
from hub.connect.recall import Recall
from hub.connect.redriving import Redriving
from hub.connect.revisions import Plan
from hub.connect.sending import Sending
from hub.connect.sifting import Sifting
from hub.connector import Batch, Cursor, PersonRecord, Source
from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import ERASURES
from hub.errors import HubError, RetriableError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_LETTERS, CONNECTOR_POLLS

__all__ = ["EventsLane"]

_GROUP_RECORDS = 1000  # one write-ahead, one publish and one settlement for about so many
_BACKFILL = "backfill"  # under this name stands how far the source was read again for newly covered facts
_log = get_logger(__name__)


class EventsLane:
    """Pulls, gates, publishes and settles; one thread.

    Guarantee: at least once. A group's cursor moves only after Kafka acknowledged every record of it, in the same
    transaction as its counts; a crash before that repeats the group under the same identities and revisions. The directory is
    refreshed after a group was pulled and before it is judged: a consent that came into force before the pull is known. When
    one comes later and covers what was read already, the source is read again from its beginning for what may pass now.

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
    ) -> None:
        self._origin = origin
        self._source = source
        self._directory = directory
        self._ledger = ledger
        self._publisher = publisher
        self._encode = encode
        self._clock = clock
        self._gains = 0
        self._figures = GateFigures(origin.connector, clock.now())
        self._sealing = Sealing(origin.key, origin.connector)
        self._sifting = Sifting(origin, directory, self._figures)
        self._sending = Sending(ledger, publisher, encode, counted=self._add, after_publish=after_publish)
        self._keeps_bodies = recall is not None and recall.keeps_bodies
        self._redriving = Redriving(ledger, clock, recall, self._sifting, self._sending) if recall else None
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
        counts, _ = self._pull(show_remembered(self._origin.connector, self.name, self._ledger.cursor(self.name)) or {})
        owed = self._ledger.cursor(_BACKFILL)
        if owed:
            more, whole = self._pull(owed["from"], again=True)
            counts += more
            if whole:
                self._ledger.settle(_BACKFILL, {}, self._clock.now(), Plan((), 0), Counter())
        return counts

    def _pull(self, position: Cursor, *, again: bool = False) -> tuple[Tally, bool]:
        """Read on from `position` to the end. `again`: to look for what may pass now; what may not was counted before.

        The second result is False when a consent came in between, so that the reading again has to begin anew.
        """
        counts: Tally = Counter()
        waiting: Tally = Counter()  # refusals that come again until the cursor has moved past them
        gains, required = self._gains, False
        gathering = Gathering(position, self._sealing, may_keep=self._keeps_bodies)
        for group in _grouped(self._source.batches(position or None)):
            self._follow()
            if again and self._gains != gains:
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
                waiting += Counter() if batch.retold else sifted.counts  # it was counted when it was told first
                letters += gathering.take(batch, sifted.refused, now)
                if batch.cursor != position:
                    position, settled, waiting = batch.cursor, settled + waiting, Counter()
            sent = self._sending(publishable, now)
            settled = sent.plan.outcomes() if again else settled + sent.plan.outcomes(unchanged=True)
            lane, cursor = (_BACKFILL, {"from": position}) if again else (self.name, position)
            refused = [] if again else letters
            self._ledger.settle(lane, cursor, now, sent.plan, settled, published=sent.published, refused=refused)
            counts += settled + sent.uncertain
            self._totals += settled
            self._show()
        return counts, True

    def keep(self) -> None:
        """Follow the registry, then redrive the letters that somebody wants redriven."""
        self._follow()
        if self._redriving is not None:
            redriven = self._redriving(self._ready)
            if redriven:
                self._add(redriven)
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
        self._send_receipts()
        self._directory.require_fresh()

    def _heed(self, change: Change) -> None:
        now = self._clock.now()
        if change.gained and self._ledger.cursor(self.name) is not None:
            # Facts that the consent covers may have been read, refused and passed before it was known.
            self._gains += 1
            self._ledger.settle(_BACKFILL, {"from": {}}, now, Plan((), 0), Counter())
        self._totals += Counter({("overtaken", ""): self._ledger.erase(change.removed, now)})

    def _send_receipts(self) -> None:
        receipts = self._ledger.receipts()
        if not receipts:
            return
        component = f"connector-{self._origin.connector}"
        records = []
        for receipt in receipts:
            message = Erasure(
                kind=ErasureKind.RECEIPT,
                erasure_id=receipt.erasure_id,
                youth_ref=receipt.youth_ref,
                component=component,
                occurred_at=receipt.erased_at,
            )
            identity = f"{receipt.erasure_id}.{component}"
            records.append(self._encode(ERASURES, receipt.youth_ref, message, identity, receipt.erased_at))
        self._publisher.publish(records)
        self._ledger.receipts_sent(receipts)


def _grouped(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Batches in groups of about `_GROUP_RECORDS` records.

    When the source fails, what it gave before comes first and the error after it: a source that never reaches its end
    still makes progress.
    """
    group: list[Batch] = []
    try:
        for batch in batches:
            group.append(batch)
            if sum(len(one.records) for one in group) >= _GROUP_RECORDS:
                full, group = group, []
                yield full
    except HubError:
        if group:
            yield group
        raise
    if group:
        yield group
