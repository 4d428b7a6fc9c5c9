"""Holds what the workers left against the oracle: what is lost, what is there twice, which states are wrong. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .oracle import Expected, Place, Proposed, Row

__all__ = ["Balance", "Found", "Saying", "State", "Verdict", "judge"]


class Saying(NamedTuple):
    """A record of a task topic."""

    proposed: Proposed
    task_id: str
    opens: bool


@dataclass(frozen=True)
class State:
    """One youth's, as the changelog's latest record of her has it. `open`: (rule, team) → the id of the task."""

    held: tuple[Row, ...]
    open: Mapping[tuple[str, str], str]
    dark: bool


@dataclass(frozen=True)
class Balance:
    """One source's, by the partition's own record: `end` is what the topic holds, `counts` what became of it, by outcome."""

    topic: str
    end: int
    position: int
    counts: Mapping[str, int]


@dataclass
class Found:
    """All that stands on the topics that workers write."""

    states: Mapping[str, State] = field(default_factory=dict)
    sayings: Sequence[Saying] = ()
    letters: Sequence[Place] = ()
    receipts: Sequence[tuple[str, str]] = ()
    balances: Sequence[Balance] = ()


@dataclass(frozen=True)
class Verdict:
    """`lost`, `doubled`, `wrong` and `unbalanced` in words, empty when all is well; `repeated`: records that say something again."""

    lost: Sequence[str]
    doubled: Sequence[str]
    wrong: Sequence[str]
    unbalanced: Sequence[str]
    repeated: int

    @property
    def well(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.unbalanced)


def judge(expected: Expected, found: Found) -> Verdict:
    """Youths are named by their number."""
    standing = _open_by_id(found.sayings)
    lost = [f"{_named(one)}: no open task" for one in sorted(expected.open - standing.keys())]
    lost += [f"{topic}, {partition}, {offset}: no dead letter" for topic, partition, offset in _missing(expected, found)]
    lost += [f"receipt of {part}" for erasure, part in sorted(expected.receipts - set(found.receipts))]
    doubled = [f"{_named(one)}: {len(ids)} open tasks" for one, ids in sorted(standing.items()) if len(ids) > 1]
    wrong = [f"{_named(one)}: a task is open without ground" for one in sorted(_groundless(expected, standing))]
    wrong += [text for youth in sorted(expected.held) for text in _wrong_state(youth, expected, found, standing)]
    outcomes = _outcomes(found.balances)
    repeated = len(found.sayings) - len({(one.task_id, one.opens) for one in found.sayings})
    repeated += len(found.letters) - len(set(found.letters)) + len(found.receipts) - len(set(found.receipts))
    unbalanced = [*_unbalanced(found.balances), *_uncounted(expected, outcomes), *_counted_twice(expected, outcomes)]
    return Verdict(lost, doubled, wrong, unbalanced, repeated)


def _named(one: Proposed) -> str:
    return f"{_number(one.youth)}, {one.rule}, {one.team}"


def _number(youth: str) -> int:
    return int(youth[1:], 16)


def _open_by_id(sayings: Sequence[Saying]) -> dict[Proposed, set[str]]:
    """By the last word on each id."""
    last = {one.task_id: one for one in sayings}
    standing: dict[Proposed, set[str]] = defaultdict(set)
    for one in last.values():
        if one.opens:
            standing[one.proposed].add(one.task_id)
    return dict(standing)


def _missing(expected: Expected, found: Found) -> list[Place]:
    return sorted(expected.letters - set(found.letters))


def _groundless(expected: Expected, standing: Mapping[Proposed, set[str]]) -> Iterator[Proposed]:
    """Tasks of a withdrawn youth are the inbox' to take back: the worker says nothing of her any more."""
    return (one for one in standing.keys() - expected.open if one.youth not in expected.dark)


def _wrong_state(youth: str, expected: Expected, found: Found, standing: Mapping[Proposed, set[str]]) -> Iterator[str]:
    state = found.states.get(youth)
    if state is None:
        yield f"{_number(youth)}: no state"
        return
    if state.dark != (youth in expected.dark):
        yield f"{_number(youth)}: withdrawn, or not"
    if state.held != expected.held[youth]:
        missing, more = Counter(expected.held[youth]), Counter(state.held)
        yield f"{_number(youth)}: {(missing - more).total()} events missing, {(more - missing).total()} that should not be there"
    wanted = {(one.rule, one.team) for one in expected.open if one.youth == youth}
    if state.open.keys() != wanted:
        yield f"{_number(youth)}: open in the state {sorted(state.open)}, should be {sorted(wanted)}"
    for (rule, team), task_id in state.open.items():
        ids = standing.get(Proposed(youth, rule, team), set())
        if ids and task_id not in ids:
            yield f"{_number(youth)}, {rule}, {team}: state and topic know the open task by different ids"


def _outcomes(balances: Sequence[Balance]) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for one in balances:
        sums[one.topic].update(one.counts)
    return sums


def _uncounted(expected: Expected, outcomes: Mapping[str, Counter[str]]) -> Iterator[str]:
    for topic, due in expected.counts.items():
        counted = outcomes.get(topic, Counter())
        if counted["processed"] < due.processed:
            yield f"{topic}: {due.processed - counted['processed']} too few counted as processed"
        if counted["gone"]:
            yield f"{topic}: {counted['gone']} passed over as gone"


def _counted_twice(expected: Expected, outcomes: Mapping[str, Counter[str]]) -> Iterator[str]:
    for topic, due in expected.counts.items():
        counted = outcomes.get(topic, Counter())
        for outcome, number in (("processed", due.processed), ("duplicate", due.duplicate)):
            if counted[outcome] > number + due.either:
                yield f"{topic}: {counted[outcome] - number - due.either} too many counted as {outcome}"


def _unbalanced(balances: Sequence[Balance]) -> Iterator[str]:
    for one in balances:
        if one.position != one.end:
            yield f"{one.topic}: at {one.position} of {one.end}"
        if sum(one.counts.values()) != one.position:
            yield f"{one.topic}: {sum(one.counts.values())} counted at {one.position}"
