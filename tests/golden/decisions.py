"""What the core decides over the recording, as text: each task in words, counts per day and rule, a digest per thousand messages."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.contract.models import Evidence, ReferralTask
from hub.core.rules import CompiledRules, compile_rules
from hub.core.state import YouthState, new_state
from hub.core.step import Step, step, wake
from hub.resources import defaults_folder
from hub.rules_file import load_rules

from .recording import LAST, MESSAGES, SWEDEN, recording

FOLDER = Path(__file__).parent / "parts"
AT_ONCE = 1000


class Decisions:
    """One part, gone through. Youths are numbered in the order in which they come."""

    def __init__(self, part: int, rules: CompiledRules, most: int = MESSAGES) -> None:
        self.tasks: list[str] = []
        self.digests: list[str] = []
        self.per_day: Counter[str] = Counter()
        self._rules = rules
        self._numbers: dict[str, int] = {}
        self._states: dict[str, YouthState] = {}
        self._outcomes: Counter[str] = Counter()
        self._digest = hashlib.sha256()
        came = recording(part)[:most]
        for count, (at, message) in enumerate(came, 1):
            ref = message.youth_ref
            state = self._states.get(ref) or new_state(ref)
            self._take(step(state, message, rules, at), at)
            if count % AT_ONCE == 0:
                self._close(count)
        end = max(came[-1][0], datetime.combine(LAST, datetime.max.time(), SWEDEN))
        for state in list(self._states.values()):
            self._take(wake(state, rules, end), end)
        self._close(len(came))

    def lines(self) -> Iterator[str]:
        """The text."""
        yield "Tasks: when, youth, what became of it, rule, team; what counted (>= threshold), from when to when, told by whom"
        yield from self.tasks
        yield ""
        yield "Per day and rule"
        yield from (f"{name}: {count}" for name, count in sorted(self.per_day.items()))
        yield ""
        yield "Messages gone through, what became of them, digest of it all"
        yield from self.digests

    def _take(self, one: Step, at: datetime) -> None:
        ref = one.state.youth_ref
        self._states[ref] = one.state
        youth = self._numbers.setdefault(ref, len(self._numbers) + 1)
        became = " ".join([one.outcome, *(drop.reason for drop in one.drops)])
        self._outcomes[became] += 1
        self._digest.update(f"{youth} {became}\n".encode())
        for task in one.tasks:
            line = _line(youth, task, at)
            self.tasks.append(line)
            self._digest.update(f"{line} {task.respond_by.isoformat()} {task.scope_id} {task.age_years}\n".encode())
            self.per_day[f"{_date(at)} {task.rule_id} {task.team} {task.action.value}"] += 1

    def _close(self, count: int) -> None:
        outcomes = ", ".join(f"{name} {times}" for name, times in sorted(self._outcomes.items()))
        self.digests.append(f"{count}: {outcomes}; {self._digest.hexdigest()[:16]}")
        self._outcomes.clear()


def decisions(part: int) -> str:
    """The text of one part, by the shipped rules."""
    rules = compile_rules(load_rules(defaults_folder() / "rules"))
    return "\n".join(Decisions(part, rules).lines()) + "\n"


def file_of(part: int) -> Path:
    """Where it is kept."""
    return FOLDER / f"part-{part}.txt"


def _line(youth: int, task: ReferralTask, at: datetime) -> str:
    ground = "; ".join(map(_ground, task.evidence)) or "no ground"
    when = at.astimezone(SWEDEN).strftime("%Y-%m-%d %H:%M:%S")
    return f"{when} {youth} {task.action.value} {task.rule_id} {task.team} {task.task_id[:8]}: {ground}"


def _ground(one: Evidence) -> str:
    told = "" if one.may_tell_youth else ", not to be told"
    return (
        f"{one.condition} {one.met}>={one.at_least} {one.unit} {_date(one.first_at)} {_date(one.last_at)} "
        f"{'+'.join(one.agencies)}{told}"
    )


def _date(instant: Any) -> str:
    return instant.astimezone(SWEDEN).strftime("%m-%d")
