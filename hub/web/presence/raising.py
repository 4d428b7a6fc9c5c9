"""Why a person's task is shown with a high priority although its rule says normal: what is proposed for its area just now."""

from __future__ import annotations

from datetime import datetime

from hub.contract.models import ReferralTask
from hub.delivery.views import TaskView
from hub.presence.context import raised
from hub.presence.proposals import proposals
from hub.web.language import Words
from hub.web.rendering import Web

__all__ = ["told_raised"]


def told_raised(web: Web, task: TaskView, words: Words, now: datetime) -> str:
    """The words for it; empty where nothing is raised. Only of what the page shows: a consent in force permits it."""
    content = task.content
    if not isinstance(content, ReferralTask) or content.area is None or task.closed_at is not None:
        return ""
    found = raised(content.priority, content.area, (one.content for one in proposals(web.presence().engine)), now)
    if found is None:
        return ""
    week = int(found.week.partition("-W")[2])
    return words.text("raised: presence is proposed in {area}, week {week}", area=web.office.places.title(found.area), week=week)
