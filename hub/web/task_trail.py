"""What the audit log is told of the task pages: before anything is shown, or it is not shown (RetriableError `audit`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of, refusal_entry
from hub.audit.actions import Action as Logged
from hub.audit.draft import Draft
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.contract.models import ReferralTask
from hub.delivery.worklist import TaskView

__all__ = ["TaskTrail"]

# A list that stays on a screen asks for itself every few seconds: that is one look, and one entry in this time.
_ONE_LOOK_SECONDS: Final = 900.0
_MOST_LOOKS: Final = 1000


class TaskTrail:
    """One per application."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._looks: dict[tuple[str, str, str], float] = {}

    def listed(self, principal: Principal, team: str, *, show_all: bool) -> None:
        """A team's list, which tells nothing of any youth; a list that stays open is written down every quarter of an hour.

        In between the log must answer all the same: without it there is no page.
        """
        self._looked(principal, Action.TASK_OPEN, team, Logged.TASK_LISTED, "all" if show_all else "open")

    def figures(self, principal: Principal, team: str) -> None:
        """What share of a team's tasks was followed up, as often as a list is written down."""
        self._looked(principal, Action.TASK_ASSIGN, team, Logged.STATISTICS_SHOWN, "figures")

    def _looked(self, principal: Principal, action: Action, team: str, logged: Logged, what: str) -> None:
        look, now = (principal.account, team, what), time.monotonic()
        if now - self._looks.get(look, -_ONE_LOOK_SECONDS) < _ONE_LOOK_SECONDS:
            self._audit.require()
            return
        self._audit.append(Entry(actor_of(principal, action, team), logged))
        if len(self._looks) >= _MOST_LOOKS:
            self._looks.clear()
        self._looks[look] = now

    @contextmanager
    def opening(self, principal: Principal, team: str, task_id: str) -> Iterator[Callable[[TaskView], TaskView]]:
        """Round the reading of one task; the block gives what it read to the yielded function."""
        item = Subject(SubjectKind.TASK, task_id)
        entry = Entry(actor_of(principal, Action.TASK_OPEN, team), Logged.TASK_OPENED, item=item, purpose="task")
        with self._audit.recorded(entry) as draft:
            yield lambda task: _told(draft, task)

    @contextmanager
    def acknowledging(self, principal: Principal, team: str, task_id: str) -> Iterator[None]:
        """Round the acknowledgement of a withdrawal."""
        item = Subject(SubjectKind.TASK, task_id)
        with self._audit.recorded(Entry(actor_of(principal, Action.TASK_OPEN, team), Logged.WITHDRAWAL_ACKNOWLEDGED, item=item)):
            yield

    def deed(self, principal: Principal, logged: Logged, team: str, task_id: str, *, purpose: str = "") -> Callable[[], object]:
        """What writes that somebody does something with a task: called within the deed, before that holds."""
        actor = actor_of(principal, Action.TASK_ANSWER, team)
        return lambda: self._audit.append(Entry(actor, logged, item=Subject(SubjectKind.TASK, task_id), purpose=purpose))

    def refused(self, principal: Principal, logged: Logged, team: str, task_id: str, code: str) -> None:
        """A deed that was refused, by the code of why not."""
        actor, item = actor_of(principal, Action.TASK_ANSWER, team), Subject(SubjectKind.TASK, task_id)
        self._audit.append(Entry(actor, logged, item=item, outcome=Outcome.DENY, rule=code))

    def turned_away(self, principal: Principal, action: Action, team: str) -> None:
        """Somebody whose role does not permit the action for the team."""
        self._audit.append(refusal_entry(principal, action, team))

    def sought(self, principal: Principal, found: Sequence[tuple[str, str, str]]) -> None:
        """A search by number, and whether it found one task or case (kind, team, number) of the principal's."""
        one = found[0] if len(found) == 1 else None
        actor = actor_of(principal, Action.TASK_OPEN, None if one is None else one[1])
        item = None if one is None else Subject(SubjectKind(one[0]), one[2])
        outcome, rule = (Outcome.DENY, "unknown_task") if one is None else (Outcome.PERMIT, "")
        self._audit.append(Entry(actor, Logged.TASK_SOUGHT, item=item, outcome=outcome, rule=rule))


def _told(draft: Draft, task: TaskView) -> TaskView:
    if isinstance(task.content, ReferralTask):
        draft.about(subject=Subject(SubjectKind.REFERENCE, task.content.youth_ref))
        draft.permitted("consent")
    elif task.kind != "presence":
        draft.denied("no_consent")  # the page shows that there is a task, and nothing of its ground
    return task
