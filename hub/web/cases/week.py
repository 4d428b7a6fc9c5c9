"""The coordinator's Monday: the week's meetings, what is due or late, and consents that run out, of all open cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.cases.content import MeetingState
from hub.cases.views import CaseView
from hub.clock import stockholm_date
from hub.web.cases.showing import CaseShowing, ListedCase, ShownCommitment, ShownMeeting

__all__ = ["Week", "week_of"]


@dataclass(frozen=True, slots=True)
class Week:
    """Each line with the number of its case. `first`, `last`: Monday and Sunday, in words."""

    number: int
    first: str
    last: str
    meetings: tuple[tuple[str, ShownMeeting], ...]
    commitments: tuple[tuple[str, ShownCommitment], ...]
    run_out: tuple[ListedCase, ...]
    cases: tuple[ListedCase, ...]


def week_of(views: Sequence[CaseView], showing: CaseShowing, now: datetime) -> Week:
    """The Stockholm week of `now` over open cases, in the order of time. What is past and not noted stays."""
    today = stockholm_date(now)
    monday = today - timedelta(days=today.weekday())
    sunday = monday + timedelta(days=6)
    listed = tuple(showing.listed(view) for view in views)
    return Week(
        number=monday.isocalendar().week,
        first=showing.day(monday),
        last=showing.day(sunday),
        meetings=_meetings(views, showing, monday, sunday),
        commitments=_commitments(views, showing, sunday),
        run_out=tuple(one for one in listed if one.soon or one.untold),
        cases=listed,
    )


def _meetings(
    views: Sequence[CaseView], showing: CaseShowing, monday: date, sunday: date
) -> tuple[tuple[str, ShownMeeting], ...]:
    found = [
        (one.at, view.case_id, one.number, showing.meeting(one, view))
        for view in views
        for one in (view.content.meetings if view.content else ())
        if (one.state is MeetingState.PLANNED and stockholm_date(one.at) <= sunday)
        or (one.state is MeetingState.HELD and monday <= stockholm_date(one.at) <= sunday)
    ]
    found.sort(key=lambda row: row[:3])
    return tuple((case, shown) for _, case, _, shown in found)


def _commitments(views: Sequence[CaseView], showing: CaseShowing, sunday: date) -> tuple[tuple[str, ShownCommitment], ...]:
    found = [
        (one.due, view.case_id, one.number, showing.commitment(one, view))
        for view in views
        for one in (view.content.open_commitments() if view.content else ())
        if one.due <= sunday
    ]
    found.sort(key=lambda row: row[:3])
    return tuple((case, shown) for _, case, _, shown in found)
