"""What a task's page says of presence: why a person's task is shown higher than its rule says, and where a place's is planned."""

from __future__ import annotations

from datetime import datetime

from hub.contract.models import PresenceTask, ReferralTask
from hub.core.wording_texts import CODE_WORDS
from hub.delivery.views import TaskView
from hub.presence.context import AHEAD, raised, raised_by_event
from hub.presence.planned import planned_between
from hub.presence.proposals import proposals
from hub.web.language import Words
from hub.web.presence.event_rows import event_when
from hub.web.rendering import Web

__all__ = ["plan_at", "told_raised"]


def plan_at(task: TaskView) -> str:
    """Where somebody is planned to go for an open presence task; empty for any other."""
    content = task.content
    if not isinstance(content, PresenceTask) or task.closed_at is not None:
        return ""
    return f"/team/{task.team}/presence/new?area={content.area}&task={task.task_id}"


def told_raised(web: Web, task: TaskView, words: Words, now: datetime) -> str:
    """The words for it; empty where nothing is raised. Only of what the page shows: a consent in force permits it."""
    content = task.content
    if not isinstance(content, ReferralTask) or content.area is None or task.closed_at is not None:
        return ""
    engine, area = web.presence().engine, content.area
    found = raised(content.priority, area, (one.content for one in proposals(engine, area)), now)
    if found is None:
        event = raised_by_event(content.priority, area, planned_between(engine, now, now + AHEAD, area), now)
        if event is None:
            return ""
        said = {"category": CODE_WORDS[event.category.value][words.language], "when": event_when(event, words)}
        return words.text("raised: planned in {area}: {category}, {when}", area=web.office.places.title(area), **said)
    week = int(found.week.partition("-W")[2])
    return words.text("raised: presence is proposed in {area}, week {week}", area=web.office.places.title(found.area), week=week)
