"""What codes are called on the pages of cases: messages of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.cases.content import CommitmentState, Domain, Fixed, MeetingState
from hub.cases.moves import CaseMove, CaseState
from hub.contract.models import Cooperation, InfoKind
from hub.core.outcomes import Direction
from hub.web.language import mark

__all__ = [
    "AMISS", "COMMITMENTS", "DIRECTIONS", "DOMAINS", "DONE", "FIXED", "HISTORY", "KINDS", "MEETINGS", "OUTCOMES", "PLANS",
    "REFUSED", "STATES", "UNTOLD", "WORRY",
]  # fmt: skip

_Titles = Mapping[str, str]

PLANS: Final[_Titles] = MappingProxyType(
    {Cooperation.SSPF: mark("Commitment plan"), Cooperation.SIG: mark("Action plan")}
)  # fmt: skip

FIXED: Final[_Titles] = MappingProxyType(
    {
        Fixed.YOUTH: mark("The youth"),
        Fixed.GUARDIANS: mark("Guardians"),
        Fixed.SOCIAL_SERVICES: mark("Social services"),
        Fixed.POLICE: mark("The police"),
        Fixed.PROBATION: mark("Probation service"),
    }
)

STATES: Final[_Titles] = MappingProxyType(
    {CaseState.OPEN: mark("Under way"), CaseState.CLOSED: mark("Closed"), CaseState.WITHDRAWN: mark("Ended: consent withdrawn")}
)

MEETINGS: Final[_Titles] = MappingProxyType(
    {MeetingState.PLANNED: mark("Is planned"), MeetingState.HELD: mark("Held"), MeetingState.CANCELLED: mark("Called off")}
)

COMMITMENTS: Final[_Titles] = MappingProxyType(
    {
        CommitmentState.OPEN: mark("To be done"),
        CommitmentState.DONE: mark("Done"),
        CommitmentState.NOT_DONE: mark("Not done"),
    }
)

DOMAINS: Final[_Titles] = MappingProxyType(
    {
        Domain.PROTECTION_OR_MOVE: mark("Protection or move"),
        Domain.HOUSING: mark("Housing"),
        Domain.OCCUPATION: mark("Occupation"),
        Domain.ADDICTION_CARE: mark("Addiction care"),
        Domain.DEBT_ADVICE: mark("Debt advice"),
    }
)

WORRY: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        1: (mark("1 – no worry"), mark("Home, school and leisure work.")),
        2: (mark("2 – slight worry"), mark("Single signs, and adults around the youth act on them.")),
        3: (mark("3 – clear worry"), mark("Several signs, or one that lasts; those around do not suffice.")),
        4: (mark("4 – great worry"), mark("The youth is drawn to risk in spite of support.")),
        5: (mark("5 – acute worry"), mark("Serious harm may come soon. Make a report of concern now, too.")),
    }
)
"""The scale, from its number: what it is called, and when it is meant."""

KINDS: Final[_Titles] = MappingProxyType(
    {InfoKind.SCHOOL_ABSENCE: mark("The school's absence"), InfoKind.POLICE_NOTICE: mark("The notices of the police")}
)

OUTCOMES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = MappingProxyType(
    {
        "absence": (
            mark("Unexcused absence, minutes a week"),
            MappingProxyType({
                Direction.DOWN: mark("Attendance is up"), Direction.SAME: mark("Attendance is as it was"),
                Direction.UP: mark("Attendance is down"), Direction.UNKNOWN: mark("Not known"),
            }),
        ),
        "notices": (
            mark("Occurrences with the police"),
            MappingProxyType({
                Direction.DOWN: mark("Fewer occurrences"), Direction.SAME: mark("As many occurrences"),
                Direction.UP: mark("More occurrences"), Direction.UNKNOWN: mark("Not known"),
            }),
        ),
        "worry": (
            mark("Worry, from 1 to 5"),
            MappingProxyType({
                Direction.DOWN: mark("Worry is down"), Direction.SAME: mark("Worry is as it was"),
                Direction.UP: mark("Worry is up"), Direction.UNKNOWN: mark("Not known"),
            }),
        ),
    }
)  # fmt: skip
"""Of each outcome what its number is, and what it is called when it went which way."""

DIRECTIONS: Final[_Titles] = MappingProxyType(
    {
        Direction.DOWN: mark("Less than before"), Direction.SAME: mark("As before"), Direction.UP: mark("More than before"),
        Direction.UNKNOWN: mark("Not known"),
    }
)  # fmt: skip

HISTORY: Final[_Titles] = MappingProxyType(
    {
        CaseMove.OPEN: mark("Case opened"),
        CaseMove.INVITE: mark("Changed who takes part"),
        CaseMove.PLAN: mark("Planned a meeting"),
        CaseMove.CANCEL: mark("Called a meeting off"),
        CaseMove.HOLD: mark("Noted who was at a meeting"),
        CaseMove.COMMIT: mark("Added to the plan"),
        CaseMove.SETTLE: mark("Noted what became of a commitment"),
        CaseMove.CLOSE: mark("Case closed"),
        CaseMove.WITHDRAW: mark("Consent withdrawn, content erased"),
    }
)

DONE: Final[_Titles] = MappingProxyType(
    {
        "open": mark("The case is open. Choose who takes part, and plan the first meeting."),
        "invite": mark("Who takes part is changed."),
        "plan": mark("The meeting is planned. Print the summons below."),
        "cancel": mark("The meeting is called off."),
        "hold": mark("The meeting is noted. Add what was undertaken to the plan."),
        "commit": mark("It is in the plan."),
        "settle": mark("The plan is changed."),
        "close": mark("The case is closed."),
    }
)
"""By what the address says after a deed."""

UNTOLD: Final[_Titles] = MappingProxyType(
    {
        "stale": mark(
            "What cases say is not shown just now: the hub could not look for withdrawn consents for a while. It is shown "
            "again as soon as it has. Whoever runs the hub can see why with: hub status"
        ),
        "consent_withdrawn": mark(
            "The consent has been withdrawn: the case has ended, and the hub has erased what it held. Stop what rests on it. "
            "What stands in your own files follows the rules for them."
        ),
        "suspended": mark(
            "The consent is suspended, so nothing is shown. The case goes on when those who are to sign have signed. The "
            "consent's page says who."
        ),
        "outside_period": mark(
            "The consent has run out, so nothing is shown. Seek a new one, and the case goes on; or close the case: what it says "
            "is erased then."
        ),
        "unreadable": mark("What the case says cannot be read: it was sealed under another key. Tell whoever runs the hub."),
    }
)
"""Why nothing of a case is shown, by code."""

_LONG: Final = mark("Shorten it: at most 300 characters.")
_PERSON: Final = mark("Leave out what could be a personal number, a telephone number too: it is written nowhere in a case.")
AMISS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "no_worry": ("worry", mark("Choose one step of the worry scale.")),
        "no_consent": (
            "consent",
            mark(
                "No consent that is in force now and names your team has this number. It stands on the form and on the consent's "
                "page. A new consent is known here some seconds after the last signature."
            ),
        ),
        "exit_unanswered": ("exit", mark("Answer whether it concerns somebody who is leaving crime.")),
        "past_time": ("day", mark("Choose a time to come.")),
        "bad_time": ("day", mark("Give the day and the time.")),
        "no_place": ("place", mark("Write where the meeting is.")),
        "too_long_place": ("place", _LONG),
        "person_place": ("place", _PERSON),
        "too_long": ("what", _LONG),
        "person": ("what", _PERSON),
        "no_text": ("what", mark("Write what is to be done.")),
        "past_date": ("due", mark("Choose today or a day to come.")),
        "bad_date": ("due", mark("Give the day by which it is to be done.")),
        "no_domain": ("domain", mark("Choose what it is about.")),
        "no_who": ("who", mark("Choose who does it.")),
        "no_party": ("summoned", mark("Choose at least one.")),
    }
)
"""What is wrong with a form: the field, and what to do."""

REFUSED: Final[_Titles] = MappingProxyType(
    {
        "illegal_move": mark("Nothing was changed: the case has ended. To take the cooperation up again, open a new case."),
        "changed_meanwhile": mark(
            "Nothing was changed: somebody has worked with the case before you. Look at how it stands, then decide again."
        ),
        "not_shown": mark("Nothing was changed: no consent that can be seen now permits it. You can still close the case."),
        "unknown_party": mark("Nothing was changed: the consent no longer names everybody whom you chose."),
        "unknown_meeting": mark("Nothing was changed: there is no such meeting."),
        "meeting_over": mark("Nothing was changed: the meeting was held or called off already."),
        "not_yet": mark("Nothing was changed: the meeting's day has not come. You can plan another and call this one off."),
        "unknown_commitment": mark("Nothing was changed: there is no such commitment."),
        "settled_already": mark("Nothing was changed: somebody has said already what became of it."),
        "open_still": mark("Nothing was changed: it is open again already."),
        "too_many": mark(
            "Nothing was changed: a case has at most 100 meetings and 100 commitments. Close it and open a new one."
        ),
        "not_accepted": mark("No case was opened: accept the task first, on its page."),
        "open_already": mark("No case was opened: your team has an open case for this youth already."),
        "not_looked": mark(
            "No case was opened: the hub could not look for withdrawn consents for a while. Try again in a minute."
        ),
        "busy": mark(
            "Nothing was changed: the numbers cannot be read just now. Try again in a moment; or tick no box below, then they "
            "stay unknown."
        ),
    }
)
"""Why something was not done, where no field is wrong."""
