"""Compares what the teams got with what the town's own expectation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hub.contract.models import PresenceTask, ReferralTask, TaskState
from hub.delivery.worklist import TaskView
from hub.demo.expected import Expectation, Outcome

__all__ = ["Snapshot", "compare_end", "compare_events", "compare_open", "open_per_team", "take_snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Open tasks at one moment: by task id, as the expectation names them; presence tasks by area and week, each as often
    as it is open. `strangers` belong to no youth of the town, or show nothing of whom they are about.
    """

    referrals: Mapping[str, Outcome]
    presence: Collection[tuple[str, str]]
    strangers: int


def take_snapshot(views: Iterable[TaskView], numbers: Mapping[str, int]) -> Snapshot:
    """`numbers`: reference → the youth's number in the town."""
    referrals: dict[str, Outcome] = {}
    presence: list[tuple[str, str]] = []
    strangers = 0
    for view in views:
        if view.closed_at is not None:
            continue
        match view.content:
            case ReferralTask(youth_ref=reference) if reference in numbers:
                referrals[view.task_id] = Outcome(numbers[reference], view.rule_id, view.team)
            case PresenceTask(area=area, week=week):
                presence.append((area, week))
            case _:
                strangers += 1
    return Snapshot(referrals, tuple(presence), strangers)


def open_per_team(views: Iterable[TaskView]) -> dict[str, int]:
    """Open tasks by team; presence tasks apart."""
    found = Counter("presence" if view.kind == "presence" else view.team for view in views if view.closed_at is None)
    return dict(sorted(found.items()))


def compare_open(expected: Expectation, found: Snapshot) -> list[str]:
    """Differences before anybody withdraws, in words; the youth is named by the town's number only."""
    return _between(expected.tasks, found.referrals.values()) + _beside(expected, found)


def compare_end(expected: Expectation, before: Snapshot, views: list[TaskView], numbers: Mapping[str, int]) -> list[str]:
    """Differences after the withdrawals: what is still open, and that the others were cancelled, not lost."""
    found = take_snapshot(views, numbers)
    differences = _between(expected.open_at_end, found.referrals.values()) + _beside(expected, found)
    states = {view.task_id: view.state for view in views}
    for task_id, outcome in before.referrals.items():
        if outcome in expected.cancelled and states.get(task_id) is not TaskState.CANCELLED:
            differences.append(f"youth {outcome.youth}, {outcome.rule}: withdrawn but not cancelled")
    return differences


def compare_events(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Differences in how many events, each revision once, stand on each topic: a loss shows here though no task turns on it."""
    return [
        f"{topic}: {found.get(topic, 0)} events published, {number} expected"
        for topic, number in sorted(expected.items())
        if found.get(topic, 0) != number
    ]


def _beside(expected: Expectation, found: Snapshot) -> list[str]:
    """What no withdrawal changes: presence tasks, and that every task is somebody's."""
    wanted, got = Counter(expected.presence), Counter(found.presence)
    differences = [f"presence in {area}, {week}: missing" for area, week in sorted((wanted - got).elements())]
    differences += [f"presence in {area}, {week}: not expected" for area, week in sorted((got - wanted).elements())]
    if found.strangers:
        differences.append(f"{found.strangers} tasks of nobody in the town")
    return differences


def _between(expected: Iterable[Outcome], found: Iterable[Outcome]) -> list[str]:
    wanted, got = Counter(expected), Counter(found)
    missing = [f"youth {one.youth}, {one.rule} to {one.team}: missing" for one in sorted((wanted - got).elements())]
    surplus = [f"youth {one.youth}, {one.rule} to {one.team}: not expected" for one in sorted((got - wanted).elements())]
    return missing + surplus
