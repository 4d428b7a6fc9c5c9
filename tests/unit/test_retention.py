"""Retention: nothing without a decision, counts before and behind, in batches that can be interrupted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import ConfigError, RetriableError
from hub.retention import BATCH, Due, check_decided, let_go, plan

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


@dataclass
class FakeKind:
    """Holds instants; fails at the batch `fails_at`."""

    name: str = "tasks"
    days: int = 90
    held: list[datetime] = field(default_factory=list)
    fails_at: int = -1
    tidied: int = 0
    batches: int = 0

    def due(self, before: datetime) -> Due:
        old = [one for one in self.held if one <= before]
        return Due(len(old), len(self.held) - len(old), min(old, default=None))

    def let_go(self, before: datetime, most: int) -> int:
        self.batches += 1
        if self.batches - 1 == self.fails_at:
            raise RetriableError("the database does not answer", code="database")
        old = sorted(one for one in self.held if one <= before)[:most]
        self.held = [one for one in self.held if one not in set(old)]
        return len(old)

    def tidy(self) -> None:
        self.tidied += 1


def aged(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in days]


def quiet(*_said: object) -> None:
    pass


def test_the_plan_counts_what_is_old_enough_and_changes_nothing() -> None:
    kind = FakeKind(held=aged(1, 89.9, 90, 200))
    (planned,) = plan([kind], NOW)
    assert (planned.found.due, planned.found.kept, planned.found.oldest) == (2, 2, aged(200)[0])
    assert len(kind.held) == 4


def test_zero_days_let_go_of_nothing() -> None:
    kind = FakeKind(days=0, held=aged(5000))
    assert let_go(plan([kind], NOW), quiet, quiet) == {}
    assert kind.batches == 0


def test_counts_are_logged_before_the_first_goes_and_behind_the_last() -> None:
    kind, said = FakeKind(held=aged(*(100 + n / 1e4 for n in range(BATCH + 7)))), list[tuple[str, str, int]]()
    gone = let_go(plan([kind], NOW), lambda name, rule: said.append((name, rule, len(kind.held))), quiet)
    assert gone == {"tasks": BATCH + 7}
    assert said == [("tasks", f"due_{BATCH + 7}", BATCH + 7), ("tasks", f"gone_{BATCH + 7}", 0)]
    assert kind.tidied == 1


def test_without_the_log_nothing_goes() -> None:
    def no_log(_name: str, _rule: str) -> None:
        raise RetriableError("the log does not answer", code="audit")

    kind = FakeKind(held=aged(100))
    with pytest.raises(RetriableError):
        let_go(plan([kind], NOW), no_log, quiet)
    assert len(kind.held) == 1


def test_what_is_interrupted_is_logged_as_far_as_it_came_and_finished_by_the_next_run() -> None:
    kind, said = FakeKind(held=aged(*(100 + n / 1e4 for n in range(BATCH + 7))), fails_at=1), list[str]()
    with pytest.raises(RetriableError):
        let_go(plan([kind], NOW), lambda _name, rule: said.append(rule), quiet)
    assert said == [f"due_{BATCH + 7}", f"gone_{BATCH}"]
    assert let_go(plan([kind], NOW), quiet, quiet) == {"tasks": 7}


@pytest.mark.parametrize("decision", ["", "  ", "–"])
def test_without_a_decision_it_says_what_to_name(decision: str) -> None:
    with pytest.raises(ConfigError, match="retention_decision"):
        check_decided(decision)
    check_decided("KS 2025/117")
