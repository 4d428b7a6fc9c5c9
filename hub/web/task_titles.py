"""Why a task is declined, what becomes of it, what is said after a deed: messages of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.delivery.listing import Shown
from hub.delivery.moves import DeclineReason, Move, Outcome
from hub.delivery.routing import Routed
from hub.web.language import mark

__all__ = ["AMISS", "DEADLINES", "DECLINED", "DONE", "FEW", "HISTORY", "LISTS", "NOT_TAKEN_OVER", "OUTCOMES", "REFUSED", "ROUTED"]

DECLINED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        DeclineReason.CONFLICT_OF_INTEREST: (
            mark("Conflict of interest"),
            mark("If it concerns only you, give the task to a colleague instead."),
        ),
        DeclineReason.ANOTHER_UNIT: (mark("Another unit should have it"), ""),
        DeclineReason.ALREADY_SUPPORTED: (mark("The youth already has this support"), ""),
        DeclineReason.OUTSIDE_TARGET_GROUP: (mark("Outside the target group"), ""),
        DeclineReason.GROUND_INSUFFICIENT: (mark("The ground does not suffice"), ""),
        DeclineReason.NO_CAPACITY: (mark("No capacity just now"), ""),
    }
)
"""Reason → its title and a hint."""

OUTCOMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        Outcome.SERVICE: (mark("A service without needs assessment"), mark("It was offered and taken up.")),
        Outcome.ASSISTANCE: (
            mark("Needs-assessed decision"),
            mark("Handed to those who assess and decide. The task itself grants nothing."),
        ),
        Outcome.OFFER_DECLINED: (mark("The youth or a guardian said no"), mark("Saying no never reduces other support.")),
        Outcome.NO_CONTACT: (mark("No contact in spite of attempts"), ""),
        Outcome.NOT_NEEDED: (mark("No longer needed"), ""),
    }
)
"""Outcome → its title and a hint."""

HISTORY: Final[Mapping[Move, str]] = MappingProxyType(
    {
        Move.ACCEPT: mark("Accepted"),
        Move.DECLINE: mark("Declined"),
        Move.UNDO: mark("Acceptance undone"),
        Move.START: mark("Begun"),
        Move.HAND_OVER: mark("Passed on"),
        Move.COMPLETE: mark("Completed"),
        Move.TAKE_OVER: mark("Taken over"),
    }
)

DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": mark("You have the task now. Until you have begun you can undo that."),
        "declined": mark("The task is declined, with its reason."),
        "undone": mark("The acceptance is undone. The task waits for an answer again."),
        "started": mark("The task is under way."),
        "handed-over": mark("The task is handed over."),
        "completed": mark("The task is completed, with its outcome."),
        "taken-over": mark("Your team has the task now. Say whether it does it."),
        "noted": mark("The note is kept with the task."),
    }
)
"""By what the address says after a deed."""

AMISS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "concern_unanswered": ("concern", mark("Answer whether there is an immediate worry about the child.")),
        "unknown_reason": ("reason", mark("Choose one of the reasons.")),
        "unknown_outcome": ("outcome", mark("Choose what became of it.")),
        "nobody_named": ("to", mark("Choose somebody else of the team.")),
        "unknown_colleague": ("to", mark("That person has not been here lately. Choose somebody else.")),
        "no_text": ("text", mark("Write what is to be noted.")),
        "too_long": ("text", mark("Shorten the note: it has at most 2,000 characters.")),
    }
)
"""What is wrong with a form: the field, and what to do."""

REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "illegal_move": mark("Nothing was changed: the task stands differently by now, as you see here."),
        "changed_meanwhile": mark("Nothing was changed: somebody was here before you. Look at how it stands, then decide again."),
        "held_by_another": mark(
            "Nothing was changed: a colleague has this task. The colleague, or the head of the team, can hand it over."
        ),
        "not_shown": mark("Nothing was changed: no consent that can be seen now permits it."),
        "ended": mark("Nothing was changed: the task has ended."),
    }
)
"""Why something was not done, where no field is wrong."""

LISTS: Final[Mapping[Shown, str]] = MappingProxyType(
    {
        Shown.OPEN: mark("All open"),
        Shown.NEW: mark("Not yet opened"),
        Shown.WAITING: mark("Wait for an answer"),
        Shown.MINE: mark("Mine"),
        Shown.OTHERS: mark("With colleagues"),
        Shown.LATE: mark("Late"),
    }
)

FEW: Final[Mapping[Shown, str]] = MappingProxyType({Shown.CALLED: mark("Call for you"), Shown.UNFIT: mark("Fit no team")})
"""Lists that are offered only where there is something in them."""

DEADLINES: Final = {False: mark("Answer task {number}"), True: mark("Follow up task {number}")}
"""In a calendar, by whether the clock is the one to follow up by."""

ROUTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        Routed.FITS: mark("Came here for its area and age"),
        Routed.FALLBACK: mark("Fits no team's areas and ages"),
        Routed.UNFIT: mark("Fits no team's areas and ages"),
    }
)

NOT_TAKEN_OVER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown_task": mark("Nothing was changed: the task does not call your team any more."),
        "changed_meanwhile": mark("Nothing was changed: somebody was here before you. Look at the list again."),
        "not_shown": mark(
            "Nothing was changed: no consent in force names your team, so it may not have this task. Tell the team that has it, "
            "or its head."
        ),
    }
)
"""Why a team could not take a task over."""
