"""What rules propose over a time, written out in the plainest way: every event is told as it occurs, and a team answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from .rule_meaning import NOW, Event, fits, met_of_all

__all__ = ["Proposing", "pass_time"]


@dataclass
class Proposing:
    """One rule, its open task and the latest answer to one."""

    rule: dict[str, Any]
    opened: datetime | None = None
    answered: datetime | None = None
    met: datetime | None = None
    members: tuple[Event, ...] = ()

    def look(self, events: list[Event], age: int | None, now: datetime) -> None:
        done, members = met_of_all(self.rule, events, now)
        if done:
            self.met, self.members = now, tuple(members)
        lingers = timedelta(days=self.rule["lingers_days"])
        if self.met is None or now - self.met > lingers or not fits(self.rule, age, now):
            self.opened = None
        elif self.opened is None and self._may_ask(now):
            self.opened = now

    def _may_ask(self, now: datetime) -> bool:
        if self.answered is None:
            return True
        rested = now >= self.answered + timedelta(days=self.rule["rest_days"])
        return rested and any(one.at > self.answered for one in self.members)

    def answer(self, now: datetime) -> None:
        if self.opened is not None:
            self.opened, self.answered = None, now


def pass_time(
    chance: Random,
    mine: Proposing,
    theirs: Proposing,
    events: list[Event],
    ages: tuple[int | None, int | None],
    *,
    together: bool,
) -> int:
    """How often `mine` opened; raises AssertionError where it was open though `theirs` was not, and was not answered since.

    `ages`: before and after a birthday. `together`: whoever answers one task answers both.
    """
    others = [NOW - timedelta(minutes=chance.randint(-2 * 1440, 8 * 1440)) for _ in range(25)]
    birthday, before, opened = chance.choice(others), None, 0
    for now in sorted({*(one.at for one in events), *others}):
        for one in (mine, theirs):
            one.look(events, ages[now >= birthday], now)
        opened += mine.opened is not None and mine.opened != before
        before = mine.opened
        if mine.opened is not None and theirs.opened is None:
            assert mine.opened <= (theirs.answered or mine.opened - timedelta(1)), (mine, theirs, events, ages, now)
        if now not in others:
            continue
        answers = (True, True) if together else (chance.random() < 0.5, chance.random() < 0.5)
        if chance.random() < 0.4:
            for one, answered in zip((mine, theirs), answers, strict=True):
                if answered:
                    one.answer(now)
    return opened
