"""The task inbox: takes task messages, consents and erasures from the bus, each with one effect however often it comes.

Commit order, in one database transaction per batch:
1. the effect of each record (task opened, recalled, cancelled; newest consent, newest word of what is planned kept),
2. what is to be told to the bus (outbox),
3. the ledger's counts and the next offset of each partition.
The consumer group's offset follows afterwards and is only an optimisation: a record below the stored offset is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    Erasure,
    ErasureKind,
    Message,
    PlaceEvent,
    PresenceTask,
    ReferralTask,
    TaskState,
)
from hub.contract.topics import CONSENTS, ERASURES
from hub.core.consent import still_withdrawn, with_scope_withdrawn
from hub.database import answering, purge, truncate_log
from hub.delivery.clocks import Clocks
from hub.delivery.decoding import decoded
from hub.delivery.errands import ErrandWriter
from hub.delivery.holding import Holding, Standing, alone_with_consents
from hub.delivery.others import NONE, Others
from hub.delivery.placing import Placing
from hub.delivery.planned import Planning, Refuses, believe_all
from hub.delivery.proposals import Proposals, Work
from hub.delivery.readers import ReaderRow
from hub.delivery.routing import Routing
from hub.delivery.tables import PulseRow
from hub.delivery.telling import Telling
from hub.delivery.withdrawing import (
    NO_CONSENT,
    closed_for_ever,
    empty,
    ended_by_withdrawal,
    is_judged_by,
    pass_on,
    permitted,
    recall_from_former,
)
from hub.errors import ConfigError, ContractError
from hub.kafka import Incoming

__all__ = ["TELLING_OF_WITHDRAWALS", "Inbox"]

TELLING_OF_WITHDRAWALS = frozenset({CONSENTS.name, ERASURES.name})
"""The topics that must have been read before anything of a youth may be shown."""

_PERSONAL = ("task", "task_reader", "task_note", "reference", "outbox")


class Inbox:
    """One per installation; only the `deliver` process writes through it."""

    def __init__(
        self, engine: Engine, codec: Codec, clock: Clock, clocks: Clocks | None = None, others: Others = NONE, *,
        routing: Routing | None = None, errands: ErrandWriter | None = None, claims: Refuses = believe_all,
    ) -> None:  # fmt: skip
        """`clocks`: by when a team answers, in its own working days, and `routing`: which team gets a task; without them as the
        task says. `others`: what else lies in this database and goes with consent. `errands`: whose systems are told of what;
        without it nobody's. `claims`: why what says that something is planned cannot be believed.
        """
        self._engine = engine
        self._codec = codec
        self._clock = clock
        self._others = others
        self._claims = claims
        self._proposals = Proposals(Placing(clocks, routing), errands or ErrandWriter())
        self._residue = True  # what a crash may have left in the database's log
        self._unsaid: list[tuple[str, str]] = []  # a crash before they are said: the registry asks again

    def take(self, records: Iterable[Incoming]) -> int:
        """Take a batch in one transaction; the number that was new.

        Raises RetriableError when the database did not answer or a reader of a task was quicker: everything is as it was
        then; take the batch again.
        """
        read = [(record, decoded(self._codec, record)) for record in records]
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            # Counts are of all partitions: on several hosts, two processes must not read them side by side and both add. On
            # SQLite, whoever reads first and then writes would never come to it while errands are handed over.
            alone_with_consents(session)
            standing = Standing.load(session)
            fresh = [(record, message) for record, message in read if standing.is_new(record)]
            messages = [message for _record, message in fresh if not isinstance(message, ContractError)]
            now = self._clock.now()
            planning = Planning(session, messages, now, self._claims)
            work = Work(now, Holding(session, messages), Telling(self._codec, session, now), planning)
            for record, message in fresh:
                standing.count(record.topic, self._one(work, record, message))
        self._residue = self._residue or work.erased
        self._unsaid += work.answered
        self.tidy()
        return len(fresh)

    def check_ends(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Compare with where the topics end, by (topic, partition).

        Raises ConfigError when more was taken than a topic ever held: it is another Kafka's, or that one has lost records.
        Whatever came on it now would be passed over as known.
        """
        with answering(), Session(self._engine) as session:
            positions = Standing.load(session).positions
        beyond = sorted({topic for (topic, number), row in positions.items() if row.next_offset > ends.get((topic, number), 0)})
        if beyond:
            raise ConfigError(
                f"the inbox has taken more of {', '.join(beyond)} than Kafka holds: connect the Kafka it belongs to, "
                "or give the inbox a new database (delivery.database_url)",
                code="other_kafka",
            )

    def begin(self) -> None:
        """Tell the bus what it has not heard yet of what lies beside the tasks. Raises RetriableError: ask again."""
        with answering(), Session(self._engine) as session, session.begin():
            self._others.begin(Telling(self._codec, session, self._clock.now()))

    def beat(self, caught_up: Iterable[tuple[str, int]], at: datetime) -> None:
        """Write down that everything of these (topic, partition) up to the instant `at` has been taken: no withdrawal waits."""
        with answering(), Session(self._engine) as session, session.begin():
            for topic, partition in caught_up:
                if topic in TELLING_OF_WITHDRAWALS:
                    session.merge(PulseRow(topic=topic, partition=partition, seen_at=at))

    def tidy(self) -> None:
        """Empty the database's log of what was erased. A reader in the way postpones it to the next call."""
        if self._residue:
            with answering():
                self._residue = not truncate_log(self._engine)

    def tell_emptied(self) -> int:
        """Tell the erasures taken since the last call that the database's own files hold nothing of them, once that is so."""
        if not self._unsaid:
            return 0
        with answering():
            if not purge(self._engine, (*_PERSONAL, *self._others.tables)):
                return 0
        with answering(), Session(self._engine) as session, session.begin():
            telling = Telling(self._codec, session, self._clock.now())
            for erasure_id, youth_ref in self._unsaid:
                telling.emptied(erasure_id, youth_ref)
        told, self._unsaid = len(self._unsaid), []
        return told

    def pass_on_acknowledgements(self) -> int:
        """Tell the erasures of the teams that have acknowledged all they had to, and forget whose tasks they were."""
        waiting = select(ReaderRow).where(ReaderRow.recall_of.is_not(None), ReaderRow.recall_id.is_not(None))
        with answering(), Session(self._engine) as session:
            if session.scalar(waiting.where(ReaderRow.acknowledged_at.is_not(None)).limit(1)) is None:
                return 0
        with answering(), Session(self._engine) as session, session.begin():
            alone_with_consents(session)  # a batch passes on what it finds, too
            return pass_on(Telling(self._codec, session, self._clock.now()), session.scalars(waiting.order_by(ReaderRow.task_id)))

    def _one(self, work: Work, record: Incoming, message: Message | ContractError) -> str:
        if isinstance(message, ContractError):
            work.telling.dead_letter(record, message.code)
            return "dead_lettered"
        return self._apply(work, message)

    def _apply(self, work: Work, message: Message) -> str:
        match message:
            case ConsentRecord():
                return self._consent(work, message)
            case Erasure():
                return self._erasure(work, message)
            case ReferralTask() | PresenceTask():
                proposals = self._proposals
                return proposals.open(work, message) if message.action is Action.OPEN else proposals.lose_ground(work, message)
            case PlaceEvent():
                return work.planning.take(message)
            case _:
                return "not_for_us"

    def _consent(self, work: Work, consent: ConsentRecord) -> str:
        held, withdrawn = work.held.consent(consent.youth_ref), consent.status is ConsentStatus.WITHDRAWN
        if held is not None and (held.version >= consent.version or (work.held.is_withdrawn(held.youth_ref) and not withdrawn)):
            return "duplicate"
        consent = still_withdrawn(consent, held)
        work.held.keep(consent)
        self._end_tasks(work, consent, held)
        return "processed"

    def _end_tasks(self, work: Work, consent: ConsentRecord, before: ConsentRecord | None) -> None:
        """Cancel what the consent no longer permits; what a withdrawal ends is emptied too. `before`: what was known so far."""
        withdrawn = consent.status is ConsentStatus.WITHDRAWN
        pass_on(work.telling, work.held.recalled_of(consent.youth_ref))  # who has the task again may be asked again
        for row in work.held.of_subject(consent.youth_ref):
            if not withdrawn and is_judged_by(consent, row):
                self._proposals.place_again(work, row, consent)
            if withdrawn or (is_judged_by(consent, row) and ended_by_withdrawal(row, consent, work.now)):
                empty(work.telling.session, row, work.held.readers(row), partial(self._proposals.close, work))
                work.erased = True
                continue
            if is_judged_by(consent, row):
                readers = work.held.readers(row)
                work.erased = recall_from_former(work.telling.session, row, readers, consent, work.now) or work.erased
                if row.open_key is not None and not permitted(row, consent, work.now):
                    self._proposals.close(work, row, TaskState.CANCELLED, NO_CONSENT)
        emptied = self._others.end(work.telling, consent, before)
        work.erased = work.erased or withdrawn or emptied

    def _erasure(self, work: Work, request: Erasure) -> str:
        if request.kind is not ErasureKind.REQUEST:
            return "not_for_us"
        held = work.held.consent(request.youth_ref)
        # Its withdrawal is on another topic: a task that comes before that one must find the door closed already.
        if request.scope_id is None:
            closed: ConsentRecord | None = held if work.held.is_withdrawn(request.youth_ref) else closed_for_ever(held, request)
        else:
            closed = None if held is None else with_scope_withdrawn(held, request.scope_id, request.occurred_at)
        if closed is not None:
            if closed is not held:
                work.held.keep(closed)
            self._end_tasks(work, closed, held)
        work.telling.receipt(request)
        self._await_teams(work, request)
        work.answered.append((request.erasure_id, request.youth_ref))
        return "processed"

    def _await_teams(self, work: Work, request: Erasure) -> None:
        """Tell which teams had opened a task that this erasure took back, and have not acknowledged it."""
        recalled = work.held.recalled_of(request.youth_ref)
        for reader in recalled:
            reader.recall_id = reader.recall_id or request.erasure_id
        for team in sorted({reader.team for reader in recalled if reader.recall_id == request.erasure_id}):
            work.telling.receipt(request, awaits=team)
