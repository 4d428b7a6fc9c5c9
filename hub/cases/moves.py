"""What may be done with a case, and what its content then is. Pure: a table of moves, and one function for each deed.

A withdrawal may end a case in any state; everything else people do, while it is open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hub.cases.content import WORRIES, Commitment, CommitmentState, Content, Domain, Meeting, MeetingState, Numbers
from hub.clock import stockholm_date
from hub.contract.fields import holds_long_number
from hub.contract.models import Cooperation
from hub.contract.written_numbers import holds_personal_number
from hub.errors import RejectedError

__all__ = [
    "LONGEST",
    "MOST",
    "TABLE",
    "CaseMove",
    "CaseState",
    "IllegalCaseMoveError",
    "begin",
    "cancel",
    "check_move",
    "close",
    "commit",
    "hold",
    "invite",
    "plan",
    "settle",
    "unsettle",
]

LONGEST: Final = 300
"""Characters of a place or of a commitment."""
MOST: Final = 100
"""Meetings of a case, and commitments."""


class CaseState(StrEnum):
    """Where a case stands. The values are kept: none is ever renamed."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class CaseMove(StrEnum):
    """What happens to a case. The values are kept in its history: none is ever renamed."""

    OPEN = "open"
    INVITE = "invite"
    PLAN = "plan"
    CANCEL = "cancel"
    HOLD = "hold"
    COMMIT = "commit"
    SETTLE = "settle"
    CLOSE = "close"
    WITHDRAW = "withdraw"


TABLE: Final[Mapping[CaseState, Mapping[CaseMove, CaseState]]] = MappingProxyType(
    {
        CaseState.OPEN: {
            CaseMove.INVITE: CaseState.OPEN,
            CaseMove.PLAN: CaseState.OPEN,
            CaseMove.CANCEL: CaseState.OPEN,
            CaseMove.HOLD: CaseState.OPEN,
            CaseMove.COMMIT: CaseState.OPEN,
            CaseMove.SETTLE: CaseState.OPEN,
            CaseMove.CLOSE: CaseState.CLOSED,
            CaseMove.WITHDRAW: CaseState.WITHDRAWN,
        },
        CaseState.CLOSED: {CaseMove.WITHDRAW: CaseState.WITHDRAWN},
        CaseState.WITHDRAWN: {},
    }
)
"""Where each move leads. Nothing leads back: whoever takes a cooperation up again opens a new case."""


class IllegalCaseMoveError(RejectedError):
    """The case's state does not permit the move; `legal` are those of people's that it does."""

    def __init__(self, state: CaseState, move: CaseMove) -> None:
        self.legal = tuple(one for one in CaseMove if one in TABLE[state] and one is not CaseMove.WITHDRAW)
        possible = ", ".join(self.legal) or "nothing: it has ended"
        super().__init__(f"{move} is not possible for a case that is {state}; possible: {possible}", code="illegal_move")


def check_move(state: CaseState, move: CaseMove) -> CaseState:
    """Where the case then stands. Raises IllegalCaseMoveError (`illegal_move`)."""
    after = TABLE[state].get(move)
    if after is None:
        raise IllegalCaseMoveError(state, move)
    return after


def begin(
    cooperation: Cooperation,
    parties: Collection[str],
    worry: int | None,
    before: Numbers,
    *,
    span_days: int,
    named: Collection[str],
) -> Content:
    """A new case's content. Raises RejectedError `unknown_party`, and of an SSPF case `no_worry` without a worry of the scale."""
    sspf = cooperation is Cooperation.SSPF
    return Content(
        parties=_parties(parties, named),
        span_days=span_days,
        worry_at_start=_worry(worry) if sspf else None,
        before=before if sspf else Numbers(),
    )


def invite(content: Content, parties: Collection[str], *, named: Collection[str]) -> Content:
    """Who takes part from now on. Raises RejectedError `unknown_party` for whom neither consent nor law names."""
    return content.model_copy(update={"parties": _parties(parties, named)})


def plan(
    content: Content, at: datetime, place: str, parties: Collection[str], *, named: Collection[str], now: datetime
) -> Content:
    """A meeting to come.

    Raises RejectedError `past_time`, `no_place`, `too_long_place`, `person_place` for what could be a personal number,
    `no_party`, `unknown_party`, `too_many`.
    """
    if at <= now:
        raise RejectedError("at: a meeting is planned for a time to come", code="past_time")
    if not parties:
        raise RejectedError("parties: somebody has to be summoned", code="no_party")
    number = _next(content.meetings)
    meeting = Meeting(
        number=number, at=at, place=_text(place, "place", "no_place", of="_place"), parties=_parties(parties, named)
    )
    return content.model_copy(update={"meetings": (*content.meetings, meeting)})


def cancel(content: Content, number: int) -> Content:
    """A meeting that will not be. Raises RejectedError `unknown_meeting`, `meeting_over`."""
    return _with_meeting(content, _planned(content, number).model_copy(update={"state": MeetingState.CANCELLED}))


def hold(content: Content, number: int, present: Collection[str], *, now: datetime) -> Content:
    """A meeting that was held, and who of those who are summoned was there.

    Raises RejectedError `unknown_meeting`, `meeting_over`, `not_yet` before its day, `no_party`, `unknown_party`.
    """
    meeting = _planned(content, number)
    if stockholm_date(meeting.at) > stockholm_date(now):
        raise RejectedError("the meeting's day has not come", code="not_yet")
    if not present:
        raise RejectedError("present: say who was there", code="no_party")
    there = _parties(present, meeting.parties)
    return _with_meeting(content, meeting.model_copy(update={"state": MeetingState.HELD, "present": there}))


def commit(
    content: Content, who: str, what: str, due: date, domain: Domain | None, *, cooperation: Cooperation, today: date
) -> Content:
    """Somebody who takes part undertakes something.

    Raises RejectedError `unknown_party` for whom is no party, `no_text`, `too_long`, `person` for what could be a personal
    number, `past_date`, `too_many`, and of a SIG `no_domain`.
    """
    if who not in content.parties:
        raise RejectedError("who: no party of the case", code="unknown_party")
    if due < today:
        raise RejectedError("due: the day has passed", code="past_date")
    sig = cooperation is Cooperation.SIG
    if sig and domain is None:
        raise RejectedError("domain: a measure of an action plan has one", code="no_domain")
    number, text = _next(content.commitments), _text(what, "what", "no_text")
    one = Commitment(number=number, who=who, what=text, due=due, domain=domain if sig else None)
    return content.model_copy(update={"commitments": (*content.commitments, one)})


def settle(content: Content, number: int, *, done: bool, today: date) -> Content:
    """What became of a commitment. Raises RejectedError `unknown_commitment`, `settled_already`."""
    found = content.commitment(number)
    if found is None:
        raise RejectedError("commitment: there is none of that number", code="unknown_commitment")
    if found.state is not CommitmentState.OPEN:
        raise RejectedError("commitment: somebody has said already what became of it", code="settled_already")
    state = CommitmentState.DONE if done else CommitmentState.NOT_DONE
    after = found.model_copy(update={"state": state, "settled_on": today})
    return content.model_copy(update={"commitments": tuple(after if one is found else one for one in content.commitments)})


def unsettle(content: Content, number: int) -> Content:
    """What was said of a commitment is taken back: it is open again. Raises RejectedError `unknown_commitment`, `open_still`."""
    found = content.commitment(number)
    if found is None:
        raise RejectedError("commitment: there is none of that number", code="unknown_commitment")
    if found.state is CommitmentState.OPEN:
        raise RejectedError("commitment: nobody has said what became of it", code="open_still")
    after = found.model_copy(update={"state": CommitmentState.OPEN, "settled_on": None})
    return content.model_copy(update={"commitments": tuple(after if one is found else one for one in content.commitments)})


def close(content: Content, worry: int | None, after: Numbers, *, cooperation: Cooperation) -> Content:
    """The content of a case that ends. Raises RejectedError `no_worry` of an SSPF case without a worry of the scale."""
    if cooperation is Cooperation.SIG:
        return content
    return content.model_copy(update={"worry_at_end": _worry(worry), "after": after})


def _worry(worry: int | None) -> int:
    if worry is None or worry not in WORRIES:
        raise RejectedError(f"worry: one of {WORRIES[0]} to {WORRIES[-1]}", code="no_worry")
    return worry


def _parties(chosen: Collection[str], named: Collection[str]) -> tuple[str, ...]:
    if not set(chosen) <= set(named):
        raise RejectedError("parties: the consent names some of them not", code="unknown_party")
    return tuple(dict.fromkeys(chosen))


def _text(text: str, field: str, lacking: str, *, of: str = "") -> str:
    """What is written, stripped; `of` ends the codes of what is wrong with it."""
    written = text.strip()
    if not written:
        raise RejectedError(f"{field}: nothing is written", code=lacking)
    if len(written) > LONGEST:
        raise RejectedError(f"{field}: at most {LONGEST} characters", code=f"too_long{of}")
    if holds_long_number(written) or holds_personal_number(written):
        raise RejectedError(f"{field}: leave out what could be a personal number", code=f"person{of}")
    return written


def _next(of: Collection[object]) -> int:
    if len(of) >= MOST:
        raise RejectedError(f"a case has at most {MOST}", code="too_many")
    return len(of) + 1


def _planned(content: Content, number: int) -> Meeting:
    found = content.meeting(number)
    if found is None:
        raise RejectedError("meeting: there is none of that number", code="unknown_meeting")
    if found.state is not MeetingState.PLANNED:
        raise RejectedError("meeting: it was held or cancelled already", code="meeting_over")
    return found


def _with_meeting(content: Content, meeting: Meeting) -> Content:
    after = tuple(meeting if one.number == meeting.number else one for one in content.meetings)
    return content.model_copy(update={"meetings": after})
