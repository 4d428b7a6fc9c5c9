"""Turns cases into what the pages say. Templates only lay it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from hub.cases.content import Commitment, CommitmentState, Fixed, Meeting, MeetingState
from hub.cases.moves import CaseState
from hub.cases.views import CaseView
from hub.clock import stockholm_date
from hub.contract.models import InfoKind
from hub.web.cases.titles import COMMITMENTS, DOMAINS, FIXED, MEETINGS, STATES, UNTOLD
from hub.web.consents.office import Office
from hub.web.consents.showing import day
from hub.web.language import Words, mark
from hub.web.presenting import moment
from hub.web.shown import Moment

__all__ = ["RUNS_OUT_SOON", "CaseShowing", "ListedCase", "ShownCommitment", "ShownMeeting"]

RUNS_OUT_SOON: Final = timedelta(days=30)
"""How long before its end a case's consent is told of in the week."""
_OTHERWISE: Final = mark(
    "Nothing is shown: no consent in force names your team for this case. The consent office knows more. You can close the case: "
    "what it says is erased then."
)


@dataclass(frozen=True, slots=True)
class ShownMeeting:
    """`passed`: its time has come, and nobody has noted who was there. `summoned`: code and name of each. `in_full`: when, as a
    letter says it.
    """

    number: int
    at: Moment
    in_full: str
    place: str
    summoned: tuple[tuple[str, str], ...]
    present: str
    state: str
    planned: bool
    passed: bool
    may_hold: bool


@dataclass(frozen=True, slots=True)
class ShownCommitment:
    """`late`: how late, in words, while it is open past its day; `gone`: who is to do it takes no part any more."""

    number: int
    who: str
    what: str
    due: str
    late: str
    domain: str
    state: str
    open: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case as a line of a list; `untold`: why nothing but that is told."""

    number: str
    state: str
    opened: Moment
    ended: Moment | None
    next_meeting: Moment | None
    open_commitments: int
    late: int
    untold: str
    runs_out: str
    soon: bool


class CaseShowing:
    """The words for one office and one visitor's language."""

    def __init__(self, office: Office, words: Words, now: datetime) -> None:
        self._office = office
        self._words = words
        self._now = now
        self._today = stockholm_date(now)

    def party(self, code: str) -> str:
        """What a party is called."""
        if code in FIXED:
            return self._words.text(FIXED[code])
        known = self._office.agencies.get(code) or self._office.teams.get(code)
        return code if known is None else known.title

    def parties(self, codes: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Code and name of each."""
        return tuple((code, self.party(code)) for code in codes)

    def once(self, codes: Sequence[str]) -> list[str]:
        """The codes without the police in general where the consent names a police authority: they are the same."""
        police = any(code in codes and InfoKind.POLICE_NOTICE in agency.kinds for code, agency in self._office.agencies.items())
        return [code for code in codes if not (police and code == Fixed.POLICE)]

    def moment(self, instant: datetime) -> Moment:
        """An instant in words."""
        return moment(instant, self._words, self._now)

    def day(self, date_: date | datetime, *, until: bool = False) -> str:
        """A day in words."""
        return day(date_, self._words, until=until)

    def untold(self, view: CaseView) -> str:
        """Why nothing of it is shown; empty where something is."""
        return self._words.text(UNTOLD.get(view.untold, _OTHERWISE)) if view.untold else ""

    def meeting(self, one: Meeting, view: CaseView) -> ShownMeeting:
        """A meeting; of a case that has ended nothing is asked for any more."""
        planned = one.state is MeetingState.PLANNED
        return ShownMeeting(
            number=one.number,
            at=self.moment(one.at),
            in_full=self._words.in_full(one.at),
            place=one.place,
            summoned=self.parties(one.parties),
            present=", ".join(self.party(code) for code in one.present),
            state=self._words.text(MEETINGS[one.state]),
            planned=planned,
            passed=planned and one.at <= self._now and view.state is CaseState.OPEN,
            may_hold=planned and stockholm_date(one.at) <= self._today,
        )

    def commitment(self, one: Commitment, view: CaseView) -> ShownCommitment:
        """A line of the plan."""
        is_open = one.state is CommitmentState.OPEN
        late = self._words.many("{number} day late", "{number} days late", (self._today - one.due).days)
        return ShownCommitment(
            number=one.number,
            who=self.party(one.who),
            what=one.what,
            due=self.day(one.due),
            late=late if one.is_late(self._today) and view.state is CaseState.OPEN else "",
            domain=self._words.text(DOMAINS[one.domain]) if one.domain else "",
            state=self._words.text(COMMITMENTS[one.state]),
            open=is_open,
            gone=is_open and not view.takes_part(one.who),
        )

    def listed(self, view: CaseView) -> ListedCase:
        """A case as a line."""
        content, out = view.content, view.runs_out
        meetings = content.meetings if content else ()
        planned = [one.at for one in meetings if one.state is MeetingState.PLANNED and one.at > self._now]
        is_open = content.open_commitments() if content else ()
        return ListedCase(
            number=view.case_id,
            state=self._words.text(STATES[view.state]),
            opened=self.moment(view.opened_at),
            ended=self.moment(view.closed_at) if view.closed_at else None,
            next_meeting=self.moment(min(planned)) if planned else None,
            open_commitments=len(is_open),
            late=sum(one.is_late(self._today) for one in is_open),
            untold=self.untold(view) if view.state is CaseState.OPEN else "",
            runs_out=self.day(out, until=True) if out else "",
            soon=out is not None and out - self._now <= RUNS_OUT_SOON,
        )
