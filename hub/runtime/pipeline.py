"""The seam between transport and core: a batch of raw records becomes Effects, without I/O but reads of the state.

A batch may be thrown away and run again: nothing outside the Effects is touched. The clock is read once per batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import DeadLetter, Message, PresenceTask, ReferralTask, RuleMarker, TaskEvent
from hub.contract.topics import CATALOGUE, RULES, KeyKind, dead_letter_topic
from hub.core.resume import Known
from hub.core.rules import CompiledRules
from hub.errors import ContractError, FatalError
from hub.kafka import outgoing
from hub.logs import get_logger
from hub.runtime.effects import (
    META_KEY,
    RULES_KEY,
    SOURCE,
    Change,
    Effects,
    Emission,
    Outcome,
    Program,
    Record,
    StateView,
    Step,
    Wake,
)
from hub.runtime.rulebook import ActiveRules, Rulebook

__all__ = ["Pipeline"]

_log = get_logger(__name__)
_DECODING = "decode"
_ACTIVATION = "activate"
_REMEMBERED = 40  # decoded states per partition: those that come again soon, some megabytes in all


@dataclass(slots=True)
class _Fold:
    """The batch's own copy of what it changes: later records of a youth see what earlier ones did."""

    now: datetime
    rules: ActiveRules | None
    effects: Effects = field(default_factory=Effects)
    states: dict[str, object | None] = field(default_factory=dict)
    changed: dict[str, datetime | None] = field(default_factory=dict)

    @property
    def in_force(self) -> CompiledRules:
        """A lane lets nobody in before its partition has rules."""
        if self.rules is None:
            raise FatalError("nothing can be judged before rules are in force", code="no_rules")
        return self.rules.compiled


class Pipeline:
    """Runs a program over one partition's records. One instance per partition; not for sharing between tasks."""

    def __init__(self, program: Program, state: StateView, codec: Codec, clock: Clock, rulebook: Rulebook) -> None:
        self._program = program
        self._state = state
        self._codec = codec
        self._clock = clock
        self._rulebook = rulebook
        self._decoded: dict[str, tuple[bytes, object | None]] = {}

    def process_batch(self, partition: int, records: Sequence[Record | Wake]) -> Effects:
        """Fold the records in order. A rule marker acts from the next record on.

        Records below the state's position were folded before (a repeat after a crash) and are passed over, uncounted: the
        ledger has them. What cannot be read is dead-lettered, what may not be kept is refused; neither raises. Anything
        that does raise is a fault of the program: the process must end without committing.
        """
        fold = _Fold(self._clock.now(), self._state.rules)
        for record in records:
            if isinstance(record, Wake):
                self._wake(fold, record)
                continue
            if record.partition != partition and record.topic != RULES.name:  # which stand in every partition
                raise ValueError("a batch holds records of one partition")
            self._take(fold, record)
        self._close(fold)
        return fold.effects

    @property
    def program(self) -> Program:
        """What it runs."""
        return self._program

    def hear(self, known: dict[str, Known], record: Record) -> None:
        """Take what a task topic says of a key into `known`; what is no message of ours says nothing."""
        try:
            key, message = self._read(record)
        except ContractError:
            return
        if isinstance(message, ReferralTask | PresenceTask | TaskEvent):
            known.setdefault(key, Known()).hear(message)

    def resume(self, keys: Sequence[bytes], known: Mapping[str, Known]) -> Effects:
        """What is missing of these keys of a rebuilt partition; not empty, in order."""
        fold = _Fold(self._clock.now(), self._state.rules)
        for raw in keys:
            key = raw.decode("ascii")
            state = self._current(fold, key)
            if state is not None:
                step = self._program.resume(key, state, known.get(key) or Known(), fold.in_force, fold.now)
                fold.effects.tasks.extend(step.emissions)
                self._apply(fold, key, replace(step, emissions=()))
        self._close(fold)
        fold.effects.passed = keys[-1].decode("ascii")
        return fold.effects

    def _take(self, fold: _Fold, record: Record) -> None:
        effects = fold.effects
        position = effects.positions.get(record.topic)
        position = self._state.position(record.topic) if position is None else position
        if record.offset < position:
            return
        if record.offset > position:
            effects.ledger[record.topic, "gone", ""] += record.offset - position
        effects.positions[record.topic] = record.offset + 1
        try:
            key, message = self._read(record)
        except ContractError as error:
            self._put_aside(fold, record, _DECODING, error)
            return
        if isinstance(message, RuleMarker):
            self._activate(fold, record, message)
            return
        step = self._program.step(key, self._current(fold, key), message, fold.in_force, fold.now)
        self._count(fold, record, step.outcome, step.reason)
        if step.days_late:
            effects.late[record.topic, step.days_late] += 1
        self._apply(fold, key, step)

    def _activate(self, fold: _Fold, record: Record, marker: RuleMarker) -> None:
        """Under the marker's rules from here on, unless they are refused or in force already."""
        try:
            rules = self._rulebook.judge(marker)
        except ContractError as error:
            _log.error("a rule marker is refused", version=marker.version, code=error.code, reason=str(error))
            self._put_aside(fold, record, _ACTIVATION, error)
            return
        if fold.rules is None or rules.content != fold.rules.content:
            fold.rules = fold.effects.activated = rules
        self._count(fold, record, "processed", "")

    def _put_aside(self, fold: _Fold, record: Record, stage: str, error: ContractError) -> None:
        fold.effects.dead_letters.append(self._dead_letter(fold, record, stage, error.code))
        fold.effects.aside.append((record.topic, record.offset))
        self._count(fold, record, "dead_lettered", error.code)

    def _read(self, record: Record) -> tuple[str, Message]:
        topic = CATALOGUE[record.topic]
        key = valid_key(topic.key, record.key)
        if key is None:
            raise ContractError(f"a key on {topic.name} is not of its form", code="bad_key")
        message = self._codec.decode(topic, record.value)
        named = message.version if isinstance(message, RuleMarker) else self._program.key_of(message)
        if named != key:
            raise ContractError(f"key and message on {topic.name} name different subjects", code="key_mismatch")
        return key, message

    def _wake(self, fold: _Fold, wake: Wake) -> None:
        key = wake.key.decode("ascii")
        state = self._current(fold, key)
        if state is not None:
            # Written even when nothing changed: the clock was taken out of the timers, and the state sets it anew.
            self._apply(fold, key, replace(self._program.wake(key, state, fold.in_force, fold.now), changed=True))

    def _current(self, fold: _Fold, key: str) -> object | None:
        if key not in fold.states:
            fold.states[key] = self._load(key, self._state.get(key.encode("ascii")))
        return fold.states[key]

    def _load(self, key: str, value: bytes | None) -> object | None:
        """States are immutable, so one decoded from these very bytes serves again."""
        if value is None:
            return self._program.load(key, None)
        known = self._decoded.pop(key, None)
        state = known[1] if known is not None and known[0] == value else self._program.load(key, value)
        self._remember(key, value, state)
        return state

    def _remember(self, key: str, value: bytes, state: object | None) -> None:
        self._decoded[key] = (value, state)
        if len(self._decoded) > _REMEMBERED:
            del self._decoded[next(iter(self._decoded))]

    def _apply(self, fold: _Fold, key: str, step: Step) -> None:
        effects = fold.effects
        if step.changed:
            fold.states[key] = step.state
            fold.changed[key] = step.wake_at
        if step.emissions and self._state.holds_back(key.encode("ascii")):
            effects.held_back += len(step.emissions)
        else:
            effects.tasks.extend(step.emissions)
            effects.decisions.update(step.decisions)
        effects.receipts.extend(step.receipts)
        effects.removals.extend(step.removals)
        if step.receipts:
            effects.erased.add(key.encode("ascii"))
        effects.drops.update(step.drops)
        effects.awaits_consent = effects.awaits_consent or step.awaits_consent

    def _close(self, fold: _Fold) -> None:
        for key, wake_at in fold.changed.items():
            raw = key.encode("ascii")
            state = fold.states[key]
            self._decoded.pop(key, None)
            if state is None:
                fold.effects.state_changes[raw] = Change(None)
            else:
                value = self._program.dump(state)
                self._remember(key, value, state)
                fold.effects.state_changes[raw] = Change(value, wake_at)
        if {META_KEY, RULES_KEY} & fold.effects.state_changes.keys():
            raise ValueError("a key of the partition's own cannot be a subject's")

    @staticmethod
    def _count(fold: _Fold, record: Record, outcome: Outcome, reason: str) -> None:
        fold.effects.ledger[record.topic, outcome, reason] += 1

    def _dead_letter(self, fold: _Fold, record: Record, stage: str, code: str) -> Emission:
        """Where the record stands and why it was refused; of the record itself only a key that is ours."""
        topic = CATALOGUE[record.topic]
        letter = DeadLetter(
            origin_topic=record.topic,
            origin_partition=record.partition,
            origin_offset=record.offset,
            stage=stage,
            error_class=code,
            attempts=1,
            occurred_at=fold.now,
        )
        identity = f"{record.topic}:{record.partition}:{record.offset}"
        key = valid_key(KeyKind.ANY_OR_NONE, record.key)
        destination = dead_letter_topic(topic)
        return Emission(outgoing(self._codec, destination, key, letter, id=identity, source=SOURCE, time=fold.now))
