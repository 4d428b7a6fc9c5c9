"""Compares what the teams got with what the town's own expectation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.contract.models import PresenceTask, ReferralTask, TaskState
from hub.delivery.worklist import TaskView
from hub.demo.expected import Expectation, Outcome

__all__ = ["Snapshot", "compare_end", "compare_open", "open_per_team", "take_snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Open tasks at one moment: by task id, as the expectation names them. `strangers` belong to no youth of the town."""

    referrals: Mapping[str, Outcome]
    presence: frozenset[tuple[str, str]]
    strangers: int


def take_snapshot(views: Iterable[TaskView], numbers: Mapping[str, int]) -> Snapshot:
    """`numbers`: reference → the youth's number in the town."""
    referrals: dict[str, Outcome] = {}
    presence = set()
    strangers = 0
    for view in views:
        if view.closed_at is not None:
            continue
        match view.content:
            case ReferralTask(youth_ref=reference) if reference in numbers:
                referrals[view.task_id] = Outcome(numbers[reference], view.rule_id, view.team)
            case PresenceTask(area=area, week=week):
                presence.add((area, week))
            case _:
                strangers += 1
    return Snapshot(referrals, frozenset(presence), strangers)


def open_per_team(views: Iterable[TaskView]) -> dict[str, int]:
    """Open tasks by team; presence tasks apart."""
    found = Counter("presence" if view.kind == "presence" else view.team for view in views if view.closed_at is None)
    return dict(sorted(found.items()))


def compare_open(expected: Expectation, found: Snapshot) -> list[str]:
    """Differences before anybody withdraws, in words; the youth is named by the town's number only."""
    differences = _between(expected.tasks, found.referrals.values())
    differences += [f"presence in {area}, {week}: missing" for area, week in sorted(expected.presence - found.presence)]
    differences += [f"presence in {area}, {week}: not expected" for area, week in sorted(found.presence - expected.presence)]
    if found.strangers:
        differences.append(f"{found.strangers} tasks of nobody in the town")
    return differences


def compare_end(expected: Expectation, before: Snapshot, views: list[TaskView], numbers: Mapping[str, int]) -> list[str]:
    """Differences after the withdrawals: what is still open, and that the others were cancelled, not lost."""
    differences = _between(expected.open_at_end, take_snapshot(views, numbers).referrals.values())
    states = {view.task_id: view.state for view in views}
    for task_id, outcome in before.referrals.items():
        if outcome in expected.cancelled and states.get(task_id) is not TaskState.CANCELLED:
            differences.append(f"youth {outcome.youth}, {outcome.rule}: withdrawn but not cancelled")
    return differences


def _between(expected: Iterable[Outcome], found: Iterable[Outcome]) -> list[str]:
    wanted, got = Counter(expected), Counter(found)
    missing = [f"youth {one.youth}, {one.rule} to {one.team}: missing" for one in sorted((wanted - got).elements())]
    surplus = [f"youth {one.youth}, {one.rule} to {one.team}: not expected" for one in sorted((got - wanted).elements())]
    return missing + surplus
