"""Turns tasks into what the pages say: function, rule, area, state, times, and why. Templates only lay it out.

A row of a list tells nothing about a youth: no age, no area. The page of a task tells what consent, checked as it was
opened, permits; of a task that was recalled or cancelled it tells that, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from hub.contract.models import PresenceTask, ReferralTask, TaskState
from hub.core.explain import function_name
from hub.core.rule_titles import RuleTitles
from hub.delivery.moves import UNANSWERED
from hub.delivery.place_weeks import WEEK_OVER
from hub.delivery.proposals import OTHER_TEAM
from hub.delivery.sink_states import NotHanded
from hub.delivery.withdrawing import CONSENT_WITHDRAWN
from hub.delivery.worklist import TaskView
from hub.web.explaining import explained
from hub.web.language import Words, mark
from hub.web.shown import NO_REASON, Due, Moment, Page, Row
from hub.web.task_titles import ROUTED

__all__ = ["NOT_LOOKED", "SOON", "Gazetteer", "Presenter", "Titles", "left_in", "moment"]

SOON = timedelta(hours=24)
"""How long before its time to respond a task is called soon due."""

NOT_LOOKED: Final = mark(
    "What tasks say of youths is not shown just now: the hub could not look for withdrawn consents for a while. It is shown "
    "again as soon as it has. Whoever runs the hub can see why with: hub status"
)
"""Said while delivery is behind."""

_NOT_PERMITTED: Final = mark("What the task says is not shown: no consent in force permits it.")
_NOT_PERMITTED_OR_GONE: Final = mark(
    "The task has ended. What it said is not shown: no consent in force permits it, or it was let go of after its time."
)
_ENDED_UNTOLD: Final[Mapping[TaskState, str]] = {
    TaskState.CANCELLED: mark("No consent any more"),
    TaskState.RECALLED: mark("The ground has changed"),
}
"""What is said of such tasks in place of their reason."""

_STATES: Final[Mapping[TaskState, str]] = {
    TaskState.REQUESTED: mark("New"),
    TaskState.RECEIVED: mark("New"),
    TaskState.ACCEPTED: mark("Accepted"),
    TaskState.REJECTED: mark("Declined"),
    TaskState.IN_PROGRESS: mark("Under way"),
    TaskState.COMPLETED: mark("Completed"),
    TaskState.CANCELLED: mark("Cancelled"),
    TaskState.RECALLED: mark("Recalled"),
}


class Titles(Protocol):
    """What the pages need of rules."""

    def titles(self) -> RuleTitles:
        """What rules are called, and were."""
        ...


class Gazetteer(Protocol):
    """Area codes to what people call them."""

    def title(self, code: str) -> str:
        """The area's name."""
        ...


class Presenter:
    """One per process."""

    def __init__(self, rules: Titles, places: Gazetteer, agencies: Mapping[str, str]) -> None:
        self._rules = rules
        self._places = places
        self._agencies = agencies

    def row(self, task: TaskView, words: Words, now: datetime) -> Row:
        """A task as a line of its team's list."""
        untold = mark("Consent withdrawn") if _taken_back(task) else _ended_untold(task)
        untold = untold or (mark("Not shown just now") if task.withheld else None)
        return Row(
            task_id=task.task_id,
            function=_function(task, words),
            place=self._place(task, words),
            why=words.text(untold) if untold else self._title(task, words),
            since=moment(task.received_at, words, now),
            due=_due(task, words, now),
            state=_state(task, words),
            fresh=task.recalled or (task.closed_at is None and task.opened_at is None),
            ended=task.closed_at is not None,
            ground_lost=task.closed_at is None and task.ground_lost_at is not None,
            version=task.version,
            routed=words.text(ROUTED[task.routed]) if task.routed else "",
            not_handed=tuple(_not_handed(one, words) for one in task.not_handed),
        )

    def page(self, task: TaskView, team: str, words: Words, now: datetime) -> Page:
        """A task opened by a team whose title is `team`."""
        untold = _untold(task, words)
        content = None if untold else task.content
        lost = task.ground_lost_at if task.closed_at is None else None
        return Page(
            row=self.row(task, words, now),
            untold=untold,
            subject="" if content is None else self._subject(content, words),
            why=NO_REASON if content is None else explained(content, words, self._agencies),
            consent=_consent(content, team, words) if isinstance(content, ReferralTask) else "",
            rule="" if untold else self._title(task, words),
            priority="" if untold else words.text("High") if task.priority == "high" else words.text("Normal"),
            opened=None if task.opened_at is None else moment(task.opened_at, words, now),
            ground_lost=None if lost is None else moment(lost, words, now),
            ended=None if task.closed_at is None else moment(task.closed_at, words, now),
            to_acknowledge=task.recalled,
            acknowledged=None if task.acknowledged_at is None else moment(task.acknowledged_at, words, now),
        )

    def _title(self, task: TaskView, words: Words) -> str:
        version = "" if task.content is None else task.content.rules_version
        return self._rules.titles().of(task.rule_id, version, words.language)

    def _place(self, task: TaskView, words: Words) -> str:
        """Where a presence task is to be, and when; never an area of a youth."""
        if not isinstance(task.content, PresenceTask) or _ended_untold(task):
            return ""
        return f"{self._places.title(task.content.area)}, {_week(task.content, words)}"

    def _subject(self, content: ReferralTask | PresenceTask, words: Words) -> str:
        if isinstance(content, PresenceTask):
            return f"{self._places.title(content.area)}, {_week(content, words)}"
        parts = [words.text("A youth")]
        if content.age_years is not None:
            parts.append(words.many("{number} year", "{number} years", content.age_years))
        if content.area is not None:
            parts.append(words.text("area {area}", area=self._places.title(content.area)))
        return ", ".join(parts)


def moment(instant: datetime, words: Words, now: datetime) -> Moment:
    """An instant in words."""
    return Moment(instant.isoformat(timespec="seconds"), words.when(instant, now), words.distance(instant, now))


def _due(task: TaskView, words: Words, now: datetime) -> Due | None:
    if task.due_by is None or task.closed_at is not None:
        return None
    by, place = moment(task.due_by, words, now), task.kind == "presence"
    follow_up = task.state not in UNANSWERED and not place
    label = words.text("Follow up by") if follow_up else words.text("The week ends") if place else words.text("Respond by")
    if task.late:
        return Due("late", words.text("Late by {length}", length=words.length(now - task.due_by)), by, label, follow_up)
    soon = task.due_by - now <= SOON
    return Due("soon", words.text("Soon"), by, label, follow_up) if soon else Due("fine", "", by, label, follow_up)


def _state(task: TaskView, words: Words) -> str:
    if task.reason == WEEK_OVER:
        return words.text("Ended with its week")
    if task.state is TaskState.RECEIVED and task.opened_at is not None:
        return words.text("Opened")
    return words.text(_STATES[task.state])


def _not_handed(one: NotHanded, words: Words) -> str:
    """What the team has to see to itself, because its own system does not take it."""
    if one.state == TaskState.REQUESTED.value:
        return words.text(
            "Could not be handed to the system {sink}: {code}. Enter it there yourselves.", sink=one.sink, code=one.code
        )
    return words.text(
        "The system {sink} could not be told that the task is taken back: {code}. Take it away there yourselves.",
        sink=one.sink, code=one.code,
    )  # fmt: skip


def left_in(task_id: str, one: NotHanded, words: Words) -> str:
    """What a team has to see to of a task that another has now, because its own system does not let it go."""
    return words.text(
        "The system {sink} could not be told that task {number} is no longer yours: {code}. Take it away there yourselves.",
        sink=one.sink, number=task_id[:8], code=one.code,
    )  # fmt: skip


def _ended_untold(task: TaskView) -> str | None:
    """In place of the reason of a task that was taken back; a week that is over takes nothing back."""
    return None if task.reason == WEEK_OVER else _ENDED_UNTOLD.get(task.state)


def _taken_back(task: TaskView) -> bool:
    return task.recalled or task.acknowledged_at is not None or task.reason == CONSENT_WITHDRAWN


def _untold(task: TaskView, words: Words) -> str:
    if _taken_back(task):
        return words.text(
            "The consent has been withdrawn. Stop what rests on it; the hub has erased what it held. What stands in your own "
            "files follows the rules for them."
        )
    if task.state is TaskState.RECALLED and task.reason == OTHER_TEAM:
        return words.text("The task was recalled: its rule asks another team now.")
    if task.state is TaskState.RECALLED:
        return words.text("The task was recalled: its ground has changed.")
    if task.state is TaskState.CANCELLED and task.reason != WEEK_OVER:
        return words.text("The task was cancelled: there is no consent for it any more.")
    if task.withheld:
        return words.text(NOT_LOOKED)
    return words.text(_NOT_PERMITTED if task.closed_at is None else _NOT_PERMITTED_OR_GONE) if task.content is None else ""


def _consent(content: ReferralTask, team: str, words: Words) -> str:
    return words.text(
        "The consent to {cooperation}, version {version}, names {team} as recipient. "
        "It was checked again as this page was opened.",
        cooperation=content.cooperation.value.upper(), version=content.consent_version, team=team,
    )  # fmt: skip


def _week(content: PresenceTask, words: Words) -> str:
    return words.text("week {week}", week=int(content.week.partition("-W")[2]))


def _function(task: TaskView, words: Words) -> str:
    return _capital(function_name(task.function, words.language))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
