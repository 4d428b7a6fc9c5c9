"""What stands on the topics, as plain facts: of the sources for the oracle, of all that workers write for the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hub.contract.models import (
    ConsentRecord,
    DeadLetter,
    Erasure,
    ErasureKind,
    Message,
    PersonEvent,
    PoliceNotice,
    ReferralTask,
    RiskEvent,
    SchoolAbsence,
)
from hub.contract.topics import CATALOGUE, ERASURES, TASKS_OUTREACH, TASKS_SIG, YOUTH_TOPICS, dead_letter_topic
from hub.core.instants import to_ms
from hub.core.state import from_bytes
from hub.errors import ContractError
from hub.kafka import Incoming, Reader, end_offsets
from hub.runtime.effects import META_KEY
from hub.runtime.ledger import PartitionRecord
from hub.runtime.timers import unsealed
from tests.integration.runtime.town import CODEC
from tests.reference import history as plain

from .judging import Balance, Found, Saying, State
from .oracle import Place, Proposed, Told

__all__ = ["SOURCES", "Follower", "Topics"]

SOURCES = tuple(topic.name for topic in (*YOUTH_TOPICS, ERASURES))
_TASKS = (TASKS_OUTREACH.name, TASKS_SIG.name)
_LETTERS = tuple(dead_letter_topic(CATALOGUE[name]).name for name in SOURCES)
Positions = Mapping[tuple[str, int], int]


class Follower:
    """Reads topics from their beginning, and each time from where it stopped."""

    def __init__(self, servers: str, topics: tuple[str, ...]) -> None:
        self._servers, self._topics = servers, topics
        self._reader = Reader(servers, topics, None, "chaos")
        self._next: Counter[tuple[str, int]] = Counter()

    def more(self) -> list[Incoming]:
        """All that was written since, up to the ends as they are now."""
        ends = end_offsets(self._servers, self._topics)
        found: list[Incoming] = []
        while any(self._next[where] < end for where, end in ends.items()):
            for record in self._reader.poll(1.0, 5_000):
                self._next[record.topic, record.partition] = record.offset + 1
                found.append(record)
        return found

    def close(self) -> None:
        self._reader.close()


class Topics:
    """`told` is for the oracle; `found()` for the judge."""

    def __init__(self, servers: str, changelog: str) -> None:
        self._servers, self._changelog = servers, changelog
        self._follower = Follower(servers, (*SOURCES, *_TASKS, *_LETTERS, changelog))
        self.told = Told()
        self._states: dict[str, bytes | None] = {}
        self._decoded: dict[str, tuple[bytes, State]] = {}
        self._records: dict[int, PartitionRecord] = {}
        self._sayings: list[Saying] = []
        self._letters: list[Place] = []
        self._receipts: list[tuple[str, str]] = []

    def catch_up(self) -> None:
        for record in self._follower.more():
            self.take(record)

    def take(self, record: Incoming) -> None:
        """One record of a topic, in its partition's order."""
        if record.topic == self._changelog:
            self._take_state(record)
        elif record.topic in SOURCES:
            self._take_source(record)
        elif record.topic in _TASKS:
            task = CODEC.decode(CATALOGUE[record.topic], record.value)
            assert isinstance(task, ReferralTask)
            named = Proposed(task.youth_ref, task.rule_id, task.team)
            self._sayings.append(Saying(named, task.task_id, task.action.value == "open"))
        else:
            letter = CODEC.decode(CATALOGUE[record.topic], record.value)
            assert isinstance(letter, DeadLetter)
            self._letters.append((letter.origin_topic, letter.origin_partition, letter.origin_offset))

    def settled(self) -> Positions:
        """How far the durable ledger has come: (topic, partition) → next offset."""
        self.catch_up()
        return {(topic, number): at for number, one in self._records.items() for topic, at in one.positions.items()}

    def found(self) -> Found:
        states = {youth: self._state(youth, value) for youth, value in self._states.items() if value is not None}
        ends = end_offsets(self._servers, SOURCES)
        balances = [self._balance(topic, partition, end) for (topic, partition), end in sorted(ends.items())]
        return Found(states, list(self._sayings), list(self._letters), list(self._receipts), balances)

    def close(self) -> None:
        self._follower.close()

    def _take_state(self, record: Incoming) -> None:
        if record.key == META_KEY:
            self._records[record.partition] = PartitionRecord.from_bytes(record.value)
        elif record.key is not None and not record.key.startswith(b"\x00"):
            self._states[record.key.decode("ascii")] = record.value

    def _take_source(self, record: Incoming) -> None:
        try:
            message = CODEC.decode(CATALOGUE[record.topic], record.value)
        except ContractError:
            self.told.unreadable.add((record.topic, record.partition, record.offset))
            return
        self.told.records += 1
        match message:
            case ConsentRecord():
                self.told.consents[message.youth_ref].append(_consent(message))
            case Erasure() if message.kind is ErasureKind.REQUEST:
                self.told.erasures.add(message.erasure_id)
            case Erasure():
                self._receipts.append((message.erasure_id, message.component or ""))
            case PersonEvent():
                self.told.events[message.youth_ref].append((record.topic, _event(message)))

    def _state(self, youth: str, value: bytes) -> State:
        known = self._decoded.get(youth)
        if known is None or known[0] != value:
            known = self._decoded[youth] = (value, _decoded(value))
        return known[1]

    def _balance(self, topic: str, partition: int, end: int) -> Balance:
        record = self._records.get(partition, PartitionRecord())
        counts: Counter[str] = Counter()
        for (of, outcome, _), number in record.counts.items():
            if of == topic:
                counts[outcome] += number
        return Balance(topic, end, record.positions.get(topic, 0), counts)


def _decoded(value: bytes) -> State:
    state = from_bytes(unsealed(value)[1])
    held = (
        (kind, int(event[1:]), one.revision, one.occurred_ms, one.code, one.agency, one.minutes, one.offered, one.may_tell)
        for kind, event, one in state.held()
        if one.code
    )
    standing = {(rule, episode.team): episode.task_id for rule, episode in state.episodes.items()}
    return State(tuple(sorted(held)), standing, state.withdrawn)


def _consent(record: ConsentRecord) -> plain.Consent:
    scopes = (
        plain.Scope(
            one.scope_id, one.cooperation.value, tuple(one.agencies), tuple(one.recipients),
            tuple(kind.value for kind in one.kinds), to_ms(one.valid_from), to_ms(one.valid_to),
        )
        for one in record.scopes
    )  # fmt: skip
    until = None if record.age_valid_until is None else record.age_valid_until.isoformat()
    return plain.Consent(record.version, record.status.value, record.age_years, until, tuple(scopes))


def _event(event: Message) -> plain.Event:
    assert isinstance(event, PersonEvent)
    number, occurred, recorded = int(event.event_id[1:]), to_ms(event.occurred_at), to_ms(event.recorded_at)
    common = {"agency": event.agency, "occurred_at": occurred, "recorded_at": recorded, "retracted": event.retracted}
    match event:
        case SchoolAbsence():
            told = {"minutes": event.minutes, "offered_minutes": event.offered_minutes}
            return plain.Event(number, event.revision, "school_absence", event.kind.value, **common, **told)
        case PoliceNotice():
            code, may_tell = event.category.value, event.may_tell_youth
            return plain.Event(number, event.revision, "police_notice", code, **common, may_tell_youth=may_tell)
        case RiskEvent():
            return plain.Event(number, event.revision, "risk_event", event.concern.value, **common)
        case _:
            raise TypeError(type(event).__name__)
