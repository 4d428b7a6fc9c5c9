"""What a calendar address leads to: a team's times, for whoever asked for it, and for as long as she is of the team.

A team's calendar has what its own people do: of the outreach team the plan of presence, of a team with cases their meetings and
until when something is undertaken, and of each the clocks of the tasks that its owner has. Nobody is in it and nothing of another
team. A case is one youth's: so neither its number nor the place of a meeting is, and the way leads to the week of all cases,
inside. What stands there is what consent lets the team read at the moment of asking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from icalendar import Event

from hub.access.roles import Action, Principal, may
from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Subject, SubjectKind
from hub.cases.content import MeetingState
from hub.cases.views import CaseView
from hub.clock import stockholm_date
from hub.errors import RejectedError
from hub.presence.calendar_file import calendar_of, deadline_events, event_at, visit_events
from hub.presence.feeds import Feed
from hub.web.language import Words, words
from hub.web.rendering import Web
from hub.web.task_titles import DEADLINES

__all__ = ["SEEN_WITHIN", "calendar_behind"]

SEEN_WITHIN: Final = timedelta(days=30)
"""Who has not been at the team's pages for longer has left it, as far as anybody here knows: the calendar is empty to her."""
_BEHIND, _AHEAD = timedelta(days=35), timedelta(days=400)
_MEETING: Final = timedelta(hours=1)


def calendar_behind(web: Web, secret: str) -> bytes:
    """The calendar of an address. Raises RejectedError `bad_link`, also where its owner has left the team; RetriableError."""
    feeds = web.presence().feeds
    feed = feeds.read(secret)
    if not _still_of_team(web, feed):
        raise RejectedError("its owner is of the team no more", code="bad_link")
    actor = Actor(feed.account, unit=feed.team, role="calendar")
    entry = Entry(actor, Logged.CALENDAR_FETCHED, item=Subject(SubjectKind.ACCOUNT, feed.account))
    feeds.fetched(feed, lambda: web.audit.append(entry))
    return calendar_of(_events(web, feed, secret, words(feed.language)))


def _still_of_team(web: Web, feed: Feed) -> bool:
    """An account of this installation is asked what it may do now; of a provider's is known when it was last at the pages."""
    accounts = web.login.accounts
    username = accounts.username_of(feed.account) if accounts is not None else None
    if accounts is not None and username is not None:
        account = accounts.named(username)
        if account.disabled or not may(Principal(account.account, account.name, account.roles), Action.TASK_OPEN, feed.team):
            return False
    seen_at = web.answering.seen_at(feed.team, feed.account)
    return seen_at is not None and web.clock.now() - seen_at <= SEEN_WITHIN


def _events(web: Web, feed: Feed, secret: str, said: Words) -> Iterator[Event]:
    now = web.clock.now()
    base = f"{web.url.rstrip('/')}/team/{feed.team}"
    if feed.team == web.presence_team:
        title = web.office.places.title
        visits = web.presence().plan.between(now - _BEHIND, now + _AHEAD)
        yield from visit_events(visits, lambda area: said.text("Presence: {area}", area=title(area)), title)
    yield from deadline_events(
        (one for one in web.worklist.deadlines_of(feed.account) if one.team == feed.team),
        lambda one: said.text(DEADLINES[one.follow_up], number=one.task_id[:8]),
        lambda one: f"{base}/task/{one.task_id}",
        now,
    )
    team = web.office.teams.get(feed.team)
    if team is not None and team.cases:
        yield from _case_events(web.casework.cases.of_team(feed.team), secret, said, f"{base}/cases", now)


def _case_events(views: Iterable[CaseView], secret: str, said: Words, address: str, now: datetime) -> Iterator[Event]:
    """Of open cases. Who leaves crime has none here, and so stands in no calendar."""
    first, last = now - _BEHIND, now + _AHEAD
    for view in views:
        for meeting in view.content.meetings if view.content else ():
            if first <= meeting.at <= last:
                cancelled = meeting.state is MeetingState.CANCELLED
                uid, text = _uid(secret, f"{view.case_id}/{meeting.number}"), said.text("Meeting of a case")
                yield event_at(uid, meeting.at, text, now, lasts=_MEETING, address=address, cancelled=cancelled)
        for one in view.content.open_commitments() if view.content else ():
            if stockholm_date(first) <= one.due <= stockholm_date(last):
                uid, text = _uid(secret, f"{view.case_id}/c{one.number}"), said.text("Something is to be done in a case")
                yield event_at(uid, one.due, text, now, address=address)


def _uid(secret: str, what: str) -> str:
    """The same for the same at every look, another in another's calendar, and no way back to a case."""
    key = hashlib.sha256(secret.encode()).digest()
    return f"{hashlib.blake2b(what.encode(), key=key, digest_size=16).hexdigest()}@cases.hub"
