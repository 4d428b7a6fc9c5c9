"""The matrix's judge is known to bite: of a seeded log that was worked off well, each single thing put wrong is named."""

from __future__ import annotations

import ast
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.core.instants import to_ms
from hub.kafka import Incoming
from tests.chaos import matrix
from tests.chaos.matrix.judging import Balance, Found, Saying, State, Verdict, judge
from tests.chaos.matrix.oracle import Expected, expect
from tests.chaos.matrix.reading import Topics
from tests.chaos.matrix.stream import Stream
from tests.unit.core.make import NOW, ago

SEED = 7
YOUTHS = 30


def told_of(seed: int) -> Expected:
    topics, places = Topics("nowhere", "changelog"), Counter[str]()
    consents, records = Stream(random.Random(seed)).round(YOUTHS, NOW)
    for one in (*consents, *records):
        topics.take(Incoming(one.topic, 0, places[one.topic], one.key, one.value, one.headers, 0))
        places[one.topic] += 1
    return expect(topics.told, to_ms(ManualClock(ago(minutes=-1)).now()))


EXPECTED = told_of(SEED)


def worked_off(expected: Expected) -> Found:
    """All that must stand, and no more."""
    ids = {one: f"task {number}" for number, one in enumerate(sorted(expected.open))}
    states = {
        youth: State(held, {(one.rule, one.team): ids[one] for one in ids if one.youth == youth}, youth in expected.dark)
        for youth, held in expected.held.items()
    }
    balances = []
    for topic, due in expected.counts.items():
        counts = {"processed": due.processed, "duplicate": due.duplicate, "refused": due.either}
        balances.append(Balance(topic, sum(counts.values()), sum(counts.values()), counts))
    sayings = [Saying(one, task, True) for one, task in ids.items()]
    return Found(states, sayings, sorted(expected.letters), sorted(expected.receipts), balances)


WELL = worked_off(EXPECTED)
ONE = min(EXPECTED.open)


def with_state(youth: str, **changes: object) -> Found:
    return replace(WELL, states={**WELL.states, youth: replace(WELL.states[youth], **changes)})


def with_counts(moved: dict[str, int], *, end: int = 0) -> Found:
    one = WELL.balances[0]
    counts = {outcome: number + moved.get(outcome, 0) for outcome, number in one.counts.items()}
    return replace(WELL, balances=[replace(one, counts=counts, end=one.end + end), *WELL.balances[1:]])


def test_the_log_has_something_of_everything() -> None:
    assert {one.rule for one in EXPECTED.open} == {
        "absence-alone", "absence-and-notice", "repeated-notices", "repeated-observations",
    }  # fmt: skip
    assert {one.team for one in EXPECTED.open} == {"outreach", "sig", "sspf"}
    assert len(EXPECTED.open) > YOUTHS
    assert len(EXPECTED.letters) == 4
    assert len(EXPECTED.receipts) == 2
    assert len(EXPECTED.dark) == 1
    assert sum(one.duplicate for one in EXPECTED.counts.values()) > 10
    assert all(one.either for one in EXPECTED.counts.values())


def test_what_was_worked_off_well_is_well() -> None:
    assert judge(EXPECTED, WELL) == Verdict([], [], [], [], 0)


def test_a_record_that_says_something_again_is_counted_and_allowed() -> None:
    again = replace(WELL, sayings=[*WELL.sayings, WELL.sayings[0]], letters=[*WELL.letters, WELL.letters[0]])
    assert judge(EXPECTED, again) == Verdict([], [], [], [], 2)


def test_a_task_that_ended_and_opened_again_under_another_id_is_one() -> None:
    first = WELL.sayings[0]
    before = [first._replace(task_id="before"), first._replace(task_id="before", opens=False)]
    assert judge(EXPECTED, replace(WELL, sayings=[*before, *WELL.sayings])).well


LOST = {
    "a task": replace(WELL, sayings=WELL.sayings[1:]),
    "a task that was taken back": replace(WELL, sayings=[*WELL.sayings, WELL.sayings[0]._replace(opens=False)]),
    "a dead letter": replace(WELL, letters=WELL.letters[1:]),
    "a receipt": replace(WELL, receipts=WELL.receipts[1:]),
}


@pytest.mark.parametrize("what", LOST)
def test_a_loss_is_found(what: str) -> None:
    assert len(judge(EXPECTED, LOST[what]).lost) == 1


def test_a_second_open_task_is_found() -> None:
    found = judge(EXPECTED, replace(WELL, sayings=[*WELL.sayings, WELL.sayings[0]._replace(task_id="another")]))
    assert len(found.doubled) == 1
    assert found.repeated == 0


WRONG = {
    "an event is missing": with_state(ONE.youth, held=WELL.states[ONE.youth].held[1:]),
    "a task is open in the state alone": with_state(ONE.youth, open={**WELL.states[ONE.youth].open, ("other", "sig"): "x"}),
    "no task is open in the state": with_state(ONE.youth, open={}),
    "state and topic differ by id": with_state(ONE.youth, open=dict.fromkeys(WELL.states[ONE.youth].open, "x")),
    "withdrawn, and not known to be": with_state(min(EXPECTED.dark), dark=False),
    "no state": replace(WELL, states={youth: one for youth, one in WELL.states.items() if youth != ONE.youth}),
    "a task without ground": replace(WELL, sayings=[*WELL.sayings, Saying(ONE._replace(rule="other"), "x", True)]),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_stale_or_wrong_state_is_found(what: str) -> None:
    found = judge(EXPECTED, WRONG[what])
    assert found.wrong
    assert not found.doubled


_TOO_MANY = WELL.balances[0].counts["refused"] + 1
UNBALANCED = {
    "not read to the end": with_counts({}, end=1),
    "one counted that is not there": with_counts({"duplicate": 1}),
    "one counted as a repeat that was none": with_counts({"processed": -1, "duplicate": 1}),
    "too many counted as events": with_counts({"processed": _TOO_MANY, "refused": -_TOO_MANY}),
}


@pytest.mark.parametrize("what", UNBALANCED)
def test_a_ledger_that_does_not_add_up_is_found(what: str) -> None:
    assert judge(EXPECTED, UNBALANCED[what]).unbalanced


def test_the_oracle_and_the_judge_know_nothing_of_what_they_judge() -> None:
    folder = Path(matrix.__path__[0])
    for name in ("oracle.py", "judging.py"):
        tree = ast.parse((folder / name).read_text(encoding="utf-8"))
        named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [one for one in named if one.startswith(("hub", "connectors", "faust"))]
        assert not [one for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names if "hub" in one.name]
