"""The seam between transport and core: a batch of raw records becomes Effects, without I/O but reads of the state.

A batch may be thrown away and run again: nothing outside the Effects is touched. The clock is read once per batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import DeadLetter, PresenceTask, ReferralTask, RuleMarker, TaskEvent
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
    Program,
    StateView,
    Step,
    Wake,
)
from hub.runtime.reading import reader_of
from hub.runtime.remembered import Remembered
from hub.runtime.rulebook import ActiveRules, Rulebook
from hub.runtime.runs import Row, Run

__all__ = ["Fold", "Pipeline"]

_log = get_logger(__name__)
_DECODING = "decode"
_ACTIVATION = "activate"


@dataclass(slots=True)
class Fold:
    """A batch at work, and its own copy of what it changes: later records of a youth see what earlier ones did."""

    now: datetime
    rules: ActiveRules | None
    effects: Effects = field(default_factory=Effects)
    states: dict[str, object | None] = field(default_factory=dict)
    changed: dict[str, int | None] = field(default_factory=dict)
    """When each of them is to be looked at again."""

    def in_force(self) -> CompiledRules:
        """A lane lets nobody in before its partition has rules."""
        if self.rules is None:
            raise FatalError("nothing can be judged before rules are in force", code="no_rules")
        return self.rules.compiled


class Pipeline:
    """Runs a program over one partition's records. One instance per partition; not for sharing between tasks."""

    def __init__(
        self, program: Program, state: StateView, codec: Codec, clock: Clock, rulebook: Rulebook, *, remembers: int = 0
    ) -> None:
        self._program = program
        self._state = state
        self._codec = codec
        self._clock = clock
        self._rulebook = rulebook
        self._read_marker = reader_of(codec, RULES)
        self._remembered = Remembered(remembers)

    def process_batch(self, partition: int, parts: Sequence[Run | Wake]) -> Effects:
        """Fold runs and wakes in order. A rule marker acts from the next record on.

        Records below the state's position were folded before (a repeat after a crash) and are passed over, uncounted: the
        ledger has them. What cannot be read is dead-lettered, what may not be kept is refused; neither raises. Anything
        that does raise is a fault of the program: the process must end without committing.
        """
        fold = self.begin()
        for part in parts:
            self.take(fold, partition, part)
        self.spell(fold, len(fold.changed))
        return fold.effects

    def begin(self) -> Fold:
        """A batch, to be taken part by part, so that others get their turn in between. Of one pipeline one at a time."""
        return Fold(self._clock.now(), self._state.rules)

    def take(self, fold: Fold, partition: int, part: Run | Wake) -> None:
        """Fold one part, as `process_batch` does."""
        if isinstance(part, Wake):
            self._wake(fold, part)
        elif part.topic == RULES.name:
            self._take_markers(fold, part)
        elif part.partition != partition:
            raise ValueError("a batch holds records of one partition")
        else:
            self._take(fold, part)

    def spell(self, fold: Fold, most: int) -> bool:
        """Once all parts have been taken: add at most so many changed states to the effects; says whether more may be left."""
        states, changes, dump = fold.states, fold.effects.state_changes, self._program.dump
        keys = list(islice(fold.changed, most))
        for key in keys:
            state, wake_ms = states[key], fold.changed.pop(key)
            changes[key.encode("ascii")] = Change(None) if state is None else Change(dump(state), wake_ms, state)
        if {META_KEY, RULES_KEY} & changes.keys():
            raise ValueError("a key of the partition's own cannot be a subject's")
        return bool(fold.changed)

    def settle(self, effects: Effects) -> None:
        """The effects are durable: remember the states that they hold, decoded as they are."""
        for raw, change in effects.state_changes.items():
            self._remembered.put(raw.decode("ascii"), change.state, len(change.value or b""))

    @property
    def program(self) -> Program:
        """What it runs."""
        return self._program

    def hear(self, known: dict[str, Known], topic: str, row: Row) -> None:
        """Take what a task topic says of a key into `known`; what is no message of ours says nothing."""
        try:
            key, message = self._program.reader(topic)(row[1], row[2])
        except ContractError:
            return
        if isinstance(message, ReferralTask | PresenceTask | TaskEvent):
            known.setdefault(key, Known()).hear(message)

    def resume(self, keys: Sequence[bytes], known: Mapping[str, Known]) -> Effects:
        """What is missing of these keys of a rebuilt partition; not empty, in order."""
        fold = Fold(self._clock.now(), self._state.rules)
        for raw in keys:
            key = raw.decode("ascii")
            state = self._current(fold, key)
            if state is not None:
                step = self._program.resume(key, state, known.get(key) or Known(), fold.in_force(), fold.now)
                fold.effects.tasks.extend(step.emissions)
                self._keep(fold, key, step)
                self._heed(fold, key, step._replace(emissions=()))
        self.spell(fold, len(keys))
        fold.effects.passed = keys[-1].decode("ascii")
        return fold.effects

    def _take(self, fold: Fold, run: Run) -> None:
        """The way of nearly every record: nothing is asked or looked up here that one answer per run would do for."""
        topic, states, late = run.topic, fold.states, fold.effects.late
        read, step, current = self._program.reader(topic), self._program.step, self._current
        rules, now, changed = fold.in_force(), fold.now, fold.changed
        began = self._position(fold, topic)
        rows = run.rows if run.first >= began else [row for row in run.rows if row[0] >= began]
        if not rows:
            return
        quiet = len(rows)
        for offset, raw, value in rows:
            try:
                key, message = read(raw, value)
            except ContractError as error:
                quiet -= 1
                self._put_aside(fold, run, (offset, raw, value), _DECODING, error)
                continue
            done = step(key, states[key] if key in states else current(fold, key), message, rules, now)
            if isinstance(done, Step):
                quiet -= 1
                days_late = done.days_late
                fold.effects.ledger[topic, done.outcome, done.reason] += 1
                self._keep(fold, key, done)
                self._heed(fold, key, done)
            else:
                states[key], changed[key], days_late = done
            if days_late:
                late[topic, days_late] += 1
        # Offsets between two records of a run that none has are gone.
        self._reached(fold, topic, run.last + 1, run.last + 1 - began - len(rows))
        if quiet:
            fold.effects.ledger[topic, "processed", ""] += quiet

    def _take_markers(self, fold: Fold, run: Run) -> None:
        began = position = self._position(fold, run.topic)
        gone = 0
        for row in run.rows:
            if row[0] < position:
                continue
            gone += row[0] - position
            position = row[0] + 1
            try:
                _, marker = self._read_marker(row[1], row[2])
            except ContractError as error:
                self._put_aside(fold, run, row, _DECODING, error)
            else:
                self._activate(fold, run, row, marker)
        if position > began:
            self._reached(fold, run.topic, position, gone)

    def _position(self, fold: Fold, topic: str) -> int:
        position = fold.effects.positions.get(topic)
        return self._state.position(topic) if position is None else position

    @staticmethod
    def _reached(fold: Fold, topic: str, position: int, gone: int) -> None:
        fold.effects.positions[topic] = position
        if gone:
            fold.effects.ledger[topic, "gone", ""] += gone

    def _activate(self, fold: Fold, run: Run, row: Row, marker: RuleMarker) -> None:
        """Under the marker's rules from here on, unless they are refused or in force already."""
        try:
            rules = self._rulebook.judge(marker)
        except ContractError as error:
            _log.error("a rule marker is refused", version=marker.version, code=error.code, reason=str(error))
            self._put_aside(fold, run, row, _ACTIVATION, error)
            return
        if fold.rules is None or rules.content != fold.rules.content:
            fold.rules = fold.effects.activated = rules
        fold.effects.ledger[run.topic, "processed", ""] += 1

    def _put_aside(self, fold: Fold, run: Run, row: Row, stage: str, error: ContractError) -> None:
        fold.effects.dead_letters.append(self._dead_letter(fold, run, row, stage, error.code))
        fold.effects.aside.append((run.topic, row[0]))
        fold.effects.ledger[run.topic, "dead_lettered", error.code] += 1

    def _wake(self, fold: Fold, wake: Wake) -> None:
        key = wake.key.decode("ascii")
        state = self._current(fold, key)
        if state is not None:
            step = self._program.wake(key, state, fold.in_force(), fold.now)
            # Written even when nothing changed: the clock was taken out of the timers, and the state sets it anew.
            self._keep(fold, key, step._replace(changed=True))
            self._heed(fold, key, step)

    def _current(self, fold: Fold, key: str) -> object | None:
        """The state as the batch has it by now."""
        if key not in fold.states:
            state = self._remembered.get(key)
            if state is None:
                value = self._state.get(key.encode("ascii"))
                state = self._program.load(key, value)
                self._remembered.put(key, state, len(value or b""))
            fold.states[key] = state
        return fold.states[key]

    @staticmethod
    def _keep(fold: Fold, key: str, step: Step) -> None:
        if step.changed:
            fold.states[key] = step.state
            fold.changed[key] = step.wake_ms

    def _heed(self, fold: Fold, key: str, step: Step) -> None:
        """What a step says beside its state."""
        effects = fold.effects
        if step.emissions and self._state.holds_back(key.encode("ascii")):
            effects.held_back += len(step.emissions)
        else:
            effects.tasks += step.emissions
            if step.decisions:  # a counter takes its time to count nothing
                effects.decisions.update(step.decisions)
        effects.receipts += step.receipts
        effects.removals += step.removals
        if step.receipts:
            effects.erased.add(key.encode("ascii"))
        if step.drops:
            effects.drops.update(step.drops)
        effects.awaits_consent = effects.awaits_consent or step.awaits_consent

    def _dead_letter(self, fold: Fold, run: Run, row: Row, stage: str, code: str) -> Emission:
        """Where the record stands and why it was refused; of the record itself only a key that is ours."""
        topic = CATALOGUE[run.topic]
        letter = DeadLetter(
            origin_topic=run.topic,
            origin_partition=run.partition,
            origin_offset=row[0],
            stage=stage,
            error_class=code,
            attempts=1,
            occurred_at=fold.now,
        )
        identity = f"{run.topic}:{run.partition}:{row[0]}"
        key = valid_key(KeyKind.ANY_OR_NONE, row[1])
        destination = dead_letter_topic(topic)
        return Emission(outgoing(self._codec, destination, key, letter, id=identity, source=SOURCE, time=fold.now))
