"""Every order in which a few messages can come, walked as a tree so that orders with the same beginning share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.contract.models import ConsentRecord, CooperationRecord, TaskEvent
from hub.core.instants import to_ms
from hub.core.rules import CompiledRules
from hub.core.state import YouthState, body_bytes, from_bytes, to_bytes
from hub.core.step import step, wake

from .agreement import open_in
from .make import NOW


class Orders:
    """All orders of `messages` in which each comes after those that `after` names (by their places), from one state.

    Every state on the way is what it was once it has been written and read again. So each order ends the same wherever
    a process stopped and started: what is stepped from is equal, and a step is a function.
    """

    def __init__(
        self,
        state: YouthState,
        messages: Sequence[Any],
        rules: CompiledRules,
        after: Mapping[int, frozenset[int]] | None = None,
        *,
        now: datetime = NOW,
    ) -> None:
        self._now = now
        self.walked = 0
        self._messages = messages
        self._rules = rules
        self._after = after or {}
        self._ends: dict[bytes, tuple[Any, bytes]] = {}
        self._walk(state, frozenset(), {})

    @property
    def ends(self) -> set[tuple[Any, bytes]]:
        """Each (open with its evidence, body) that some order ended in."""
        return set(self._ends.values())

    def _walk(self, state: YouthState, come: frozenset[int], inbox: dict[str, str]) -> None:
        assert from_bytes(to_bytes(state)) == state
        assert inbox == {rule: one.task_id for rule, one in state.episodes.items()}, "the receiver has what is open, once"
        if len(come) == len(self._messages):
            self.walked += 1
            self._end(state)
        for place, message in enumerate(self._messages):
            if place not in come and self._after.get(place, frozenset()) <= come:
                one = step(state, message, self._rules, self._now)
                left = _delivered(inbox, one.tasks)
                if isinstance(message, ConsentRecord | TaskEvent | CooperationRecord):
                    # Who may be told nothing more is cancelled by the consent itself; who answered is done and knows it. That a
                    # case was opened or has ended is told nobody.
                    left = {rule: task for rule, task in left.items() if rule in one.state.episodes}
                self._walk(one.state, come | {place}, left)

    def _end(self, state: YouthState) -> None:
        written = to_bytes(state)
        if written not in self._ends:
            quiet = wake(state, self._rules, self._now).state
            self._ends[written] = open_in(quiet, self._rules, to_ms(self._now)), body_bytes(quiet)


def _delivered(inbox: dict[str, str], tasks: Sequence[Any]) -> dict[str, str]:
    left = dict(inbox)
    for task in tasks:
        if task.action.value == "open":
            assert task.rule_id not in left, "one open task of a rule"
            left[task.rule_id] = task.task_id
        else:
            assert left.pop(task.rule_id) == task.task_id
    return left
