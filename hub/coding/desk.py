"""What the statutory officer sees and does with notices that have no code. Nothing here happens without its audit entry.

Listing opens envelopes only. What a report says is shown after `open`, whose entry comes first; a decision's entry is written
before the decision holds. When the log does not answer nothing is shown and nothing decided: the report itself is read with
`hub statutory show`, which nothing stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.clock import Clock, stockholm_date
from hub.coding.queue import CodingQueue, NoticeState, QueuedNotice
from hub.coding.sealing import CodedNotice, CodingSeal
from hub.connector import Draft
from hub.contract.identifiers import canonical_identifier
from hub.contract.models import PoliceCategory
from hub.errors import RejectedError

if TYPE_CHECKING:
    from hub.statutory.entries import DamagedFile, StoredMessage
    from hub.statutory.sealing import Envelope

__all__ = ["Answer", "CodingDesk", "CodingInstance", "ListedNotice", "OpenedNotice", "Person"]

_LISTED = "coding"
_EVERY = 1_000_000
_CODED, _DISMISSED, _UNDONE = "coded", "dismissed", "undone"


class Reports(Protocol):
    """The statutory store with its private key; `hub.statutory.store.StatutoryStore` is the real one."""

    def of(self, number: str) -> tuple[list[StoredMessage], list[DamagedFile]]:
        """The contents of one message, envelopes opened."""
        ...

    def read(self, entry: str) -> tuple[Envelope, bytes]:
        """One content, opened."""
        ...


@dataclass(frozen=True, slots=True)
class CodingInstance:
    """One connector instance whose notices are coded here; `read` gives what a raw message says."""

    name: str
    title: str
    queue: CodingQueue
    seal: CodingSeal
    read: Callable[[bytes], Draft]


@dataclass(frozen=True, slots=True)
class ListedNotice:
    """One notice and the envelope of its report; without `report` the store has none that opens."""

    notice: QueuedNotice
    source: str
    report: StoredMessage | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the message names. `readable`: her identifier has a form that the hub knows."""

    place: int
    identifier: str = field(repr=False)
    readable: bool


@dataclass(frozen=True, slots=True)
class OpenedNotice:
    """A notice with what its report says; `contents`: in how many contents the message came, of which this is the last."""

    listed: ListedNotice
    draft: Draft
    people: tuple[Person, ...]
    contents: int

    @property
    def content(self) -> str:
        """Names the content that is shown (its entry in the statutory store), for `CodingDesk.code`."""
        assert self.listed.report is not None, "an opened notice has its report"
        return self.listed.report.entry


@dataclass(frozen=True, slots=True)
class Answer:
    """What the officer says. `places`: whom, of those the message names; `typed`: identifiers it does not name, any spelling."""

    category: PoliceCategory
    occurred_at: datetime
    area: str | None
    may_tell_youth: bool
    places: frozenset[int] = frozenset()
    typed: tuple[str, ...] = field(default=(), repr=False)


class CodingDesk:
    """`undo`: how long at least a coded notice can be taken back. Every method may raise RetriableError."""

    def __init__(
        self, instances: Sequence[CodingInstance], reports: Reports, audit: AuditLog, clock: Clock, *, undo: timedelta
    ) -> None:
        self._instances = tuple(instances)
        self._reports = reports
        self._audit = audit
        self._clock = clock
        self._undo = undo

    def close(self) -> None:
        """Release the queues."""
        for instance in self._instances:
            instance.queue.close()

    def list(
        self, actor: Actor, states: frozenset[NoticeState] = frozenset(NoticeState), *, most: int = 200
    ) -> list[ListedNotice]:
        """Notices in one of the states: what waits by arrival, the oldest first; then the others, the last changed first.

        Of an instance at most `most` that wait, as many that are coded, and as many that are decided: none of these takes the
        place of another. `waiting` says how many there are.
        """
        with self._audit.recorded(Entry(actor, Action.REPORT_LISTED, purpose=_LISTED)):
            found = [
                ListedNotice(notice, instance.name, self._report(notice.number))
                for instance in self._instances
                for notice in _in_states(instance.queue, states, most)
            ]
        for instance in self._instances:
            instance.queue.tidy()
        waiting = [one for one in found if one.notice.state is NoticeState.WAITING]
        decided = [one for one in found if one.notice.state is not NoticeState.WAITING]
        waiting.sort(key=lambda one: (one.report.envelope.arrived_at if one.report else one.notice.found_at, one.notice.number))
        return waiting + sorted(decided, key=lambda one: one.notice.changed_at, reverse=True)

    def waiting(self) -> int:
        """How many wait in all. Says nothing of any of them, so it is no act."""
        return sum(instance.queue.waiting() for instance in self._instances)

    def whole_number(self, beginning: str) -> str:
        """The one number that begins so; what is given itself where none or several do, and then nothing has it."""
        found = [
            notice.number
            for instance in self._instances
            for notice in instance.queue.all(most=_EVERY)
            if beginning and notice.number.startswith(beginning)
        ]
        return found[0] if len(found) == 1 else beginning

    def envelope(self, actor: Actor, number: str) -> ListedNotice:
        """One notice, unopened. Raises RejectedError `no_such_notice`."""
        with self._audit.recorded(Entry(actor, Action.REPORT_LISTED, item=self._item(number), purpose=_LISTED)):
            return self._listed(number)[1]

    def open(self, actor: Actor, number: str) -> OpenedNotice:
        """What its report says, after the opening is logged. Raises RejectedError `no_such_notice` or `no_report`."""
        with self._audit.recorded(Entry(actor, Action.REPORT_OPENED, item=self._item(number), purpose=_LISTED)):
            return self._opened(number)

    def code(self, actor: Actor, number: str, answer: Answer, *, seen: str) -> QueuedNotice:
        """Code it; its connector publishes it once the time to undo has passed, if consent as of then lets it.

        `seen` is the content that the answer is about (`OpenedNotice.content`): places mean nobody in another.

        Raises RejectedError: `no_such_notice`, `no_report`, `changed_meanwhile` (open it again), `not_waiting`, `no_subject`,
        `future_time`, `unresolved_identifier`.
        """
        instance = self._of(number)[0]
        opened = self._opened(number)
        _refuse_another(opened.listed.report, seen)
        now = self._clock.now()
        coded = CodedNotice(
            message_id=self._message_id(opened.listed),
            subjects=self._subjects(opened, answer),
            category=answer.category,
            occurred_at=answer.occurred_at,
            area=answer.area,
            may_tell_youth=answer.may_tell_youth,
        )
        if answer.occurred_at > now:
            raise RejectedError("it has not happened yet", code="future_time")
        sealed = instance.seal.seal(number, coded)
        instance.queue.code(number, sealed, now, now + self._undo, self._recording(actor, number, _CODED))
        return self._of(number)[1]

    def dismiss(self, actor: Actor, number: str, *, seen: str = "") -> QueuedNotice:
        """It is not a matter for the hub. The report stays a report.

        `seen`: as of `code`, of whoever has opened it. Raises RejectedError `no_such_notice`, `changed_meanwhile`, `not_waiting`.
        """
        if seen:
            _refuse_another(self._listed(number)[1].report, seen)
        self._of(number)[0].queue.dismiss(number, self._clock.now(), self._recording(actor, number, _DISMISSED))
        return self._of(number)[1]

    def undo(self, actor: Actor, number: str) -> QueuedNotice:
        """It waits again. Raises RejectedError `no_such_notice`, or `not_undone` when it is published or about to be."""
        self._of(number)[0].queue.undo(number, self._clock.now(), self._recording(actor, number, _UNDONE))
        return self._of(number)[1]

    def _recording(self, actor: Actor, number: str, purpose: str) -> Callable[[], object]:
        entry = Entry(actor, Action.REPORT_CODED, item=self._item(number), purpose=purpose)
        return lambda: self._audit.append(entry)

    def _of(self, number: str) -> tuple[CodingInstance, QueuedNotice]:
        for instance in self._instances:
            notice = instance.queue.find(number)
            if notice is not None:
                return instance, notice
        raise RejectedError("no notice has this number: see `hub statutory uncoded`", code="no_such_notice")

    def _listed(self, number: str) -> tuple[CodingInstance, ListedNotice]:
        instance, notice = self._of(number)
        return instance, ListedNotice(notice, instance.name, self._report(number))

    def _opened(self, number: str) -> OpenedNotice:
        instance, listed = self._listed(number)
        if listed.report is None:
            raise RejectedError("the statutory store has no such report that opens: see `hub statutory list`", code="no_report")
        draft = instance.read(self._reports.read(listed.report.entry)[1])
        people = tuple(Person(place, text, self._is_readable(text)) for place, text in draft.subjects)
        return OpenedNotice(listed, draft, people, len(self._reports.of(number)[0]))

    def _subjects(self, opened: OpenedNotice, answer: Answer) -> tuple[tuple[int, str], ...]:
        """Each person once; whoever is typed gets a place behind those that the message names."""
        today = stockholm_date(self._clock.now())
        named = {one.place: one.identifier for one in opened.people if one.place in answer.places}
        behind = max((one.place for one in opened.people), default=0)
        found: dict[str, int] = {}
        for place, text in [*named.items(), *enumerate(answer.typed, behind + 1)]:
            found.setdefault(canonical_identifier(text, today=today), place)
        if not found:
            raise RejectedError("say whom it is about", code="no_subject")
        return tuple((place, identifier) for identifier, place in found.items())

    def _is_readable(self, text: str) -> bool:
        try:
            canonical_identifier(text, today=stockholm_date(self._clock.now()))
        except RejectedError:
            return False
        return True

    def _report(self, number: str) -> StoredMessage | None:
        """The last content of the message that opens."""
        return max(self._reports.of(number)[0], key=lambda one: (one.envelope.stored_at, one.entry), default=None)

    def _item(self, number: str) -> Subject:
        # Only what is in a queue is looked up in the store: a number of an address is nobody's word for a folder's name.
        known = any(instance.queue.find(number) is not None for instance in self._instances)
        report = self._report(number) if known else None
        return Subject(SubjectKind.REPORT, report.entry if report else number[:64])

    @staticmethod
    def _message_id(listed: ListedNotice) -> str:
        assert listed.report is not None, "an opened notice has its report"
        return listed.report.envelope.message_id


def _in_states(queue: CodingQueue, states: frozenset[NoticeState], most: int) -> Iterator[QueuedNotice]:
    if NoticeState.WAITING in states:
        yield from queue.oldest_waiting(most)
    for group in (states & {NoticeState.CODED}, states & {NoticeState.DISMISSED, NoticeState.PUBLISHED}):
        if group:
            yield from queue.all(group, most=most)


def _refuse_another(report: StoredMessage | None, seen: str) -> None:
    """Whoever decides has read one content, and the message may have come with another since."""
    if report is None or report.entry != seen:
        raise RejectedError("the message has come with another content: open it again and look", code="changed_meanwhile")
