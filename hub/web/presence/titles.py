"""The words of presence: grounds, states, reasons, what is wrong with a form, why a link is good no more. All are messages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.presence.codes import Change, DeedKind, Ground, NotDone, Note, OfferState, VisitState
from hub.web.language import mark

__all__ = [
    "CHANGES", "DEEDS", "DONE", "GROUNDS", "LINKS", "NOTES", "NOT_DONE", "OFFERS", "REFUSED", "STATES", "TERMS", "WRONG",
]  # fmt: skip

GROUNDS: Final[Mapping[Ground, str]] = MappingProxyType(
    {
        Ground.PROPOSED: mark("Proposed presence"),
        Ground.PLANNED_EVENT: mark("An event with raised risk"),
        Ground.REQUESTED: mark("Somebody asked for it"),
        Ground.ROUTINE: mark("Regular presence"),
    }
)
STATES: Final[Mapping[VisitState, str]] = MappingProxyType(
    {
        VisitState.PLANNED: mark("Planned"),
        VisitState.CARRIED_OUT: mark("Carried out"),
        VisitState.NOT_CARRIED_OUT: mark("Not carried out"),
        VisitState.CANCELLED: mark("Cancelled, nobody goes"),
    }
)
NOT_DONE: Final[Mapping[NotDone, str]] = MappingProxyType(
    {
        NotDone.STAFF: mark("Too few people could come"),
        NotDone.WEATHER: mark("The weather"),
        NotDone.EVENT_CANCELLED: mark("The event was cancelled"),
        NotDone.OTHER_PRIORITY: mark("Needed more elsewhere"),
        NotDone.UNSAFE: mark("It was not safe"),
    }
)
NOTES: Final[Mapping[Note, str]] = MappingProxyType(
    {
        Note.CALM: mark("Calm"),
        Note.FEW_OUT: mark("Few people out"),
        Note.MANY_OUT: mark("Many young people out"),
        Note.UNREST: mark("Unrest"),
        Note.HELP_CALLED: mark("Police or rescue services were called"),
    }
)
OFFERS: Final[Mapping[OfferState, str]] = MappingProxyType(
    {
        OfferState.OFFERED: mark("Waits for an answer"),
        OfferState.ACCEPTED: mark("Has accepted"),
        OfferState.REFUSED: mark("Has said no"),
        OfferState.WITHDRAWN: mark("Taken back"),
    }
)
CHANGES: Final[Mapping[Change, str]] = MappingProxyType(
    {Change.ADDED: mark("Agreement added"), Change.CHANGED: mark("Agreement changed"), Change.ENDED: mark("Agreement ended")}
)
DEEDS: Final[Mapping[DeedKind, str]] = MappingProxyType(
    {
        DeedKind.PLANNED: mark("Planned"),
        DeedKind.MOVED: mark("Somebody else goes"),
        DeedKind.OFFERED: mark("Offered"),
        DeedKind.ACCEPTED: mark("Has accepted"),
        DeedKind.REFUSED: mark("Has said no"),
        DeedKind.WITHDRAWN: mark("Taken back"),
        DeedKind.REPORTED: mark("Reported"),
        DeedKind.REOPENED: mark("The report or the cancelling undone"),
        DeedKind.CANCELLED: mark("Cancelled, nobody goes"),
    }
)
DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "planned": mark("The presence is planned."),
        "assigned": mark("It is changed who goes."),
        "cancelled": mark("The presence is cancelled; links to it say so."),
        "reopened": mark("It is undone: the presence is planned again."),
        "reported": mark("The report is kept."),
        "offered": mark("The offer is made. Send each association its own link; the hub sends nothing."),
        "withdrawn": mark("The offer is taken back. Its links say so, and its place is free."),
        "cleared": mark("The report is taken away. The association can report anew."),
        "added": mark("The agreement is in the register."),
        "changed": mark("The agreement is changed. How it was before stands in its history."),
        "ended": mark("The agreement has ended. Nothing is offered under it any more."),
    }
)
"""By what the address says after a deed."""

TERMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "association": mark("Association"),
        "activities": mark("Activities"),
        "more": mark("Other activities"),
        "areas": mark("Areas"),
        "times": mark("Times"),
        "goal": mark("Goal"),
        "municipality_does": mark("The municipality does"),
        "association_does": mark("The association does"),
        "valid_from": mark("First day"),
        "valid_until": mark("Last day"),
    }
)
"""What an agreement's fields are called, before what is wrong with one."""

WRONG: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no_area": mark("Choose an area."),
        "no_day": mark("Give the day."),
        "no_times": mark("Give from when and until when."),
        "bad_window": mark("A presence lasts twelve hours at most: look at the times again."),
        "bad_time": mark("Choose a day within the last month or the coming year."),
        "no_ground": mark("Choose why."),
        "no_who": mark("Choose who goes."),
        "no_outcome": mark("Say whether it was carried out."),
        "no_reason": mark("Choose why it was not carried out."),
        "not_begun": mark("It has not begun yet. Report when it is over."),
        "bad_day": mark("Give the day that was planned, or the one beside it."),
        "bad_minutes": mark("Give how many hours it lasted, from a quarter of an hour to 12, for example 2,5."),
        "bad_adults": mark("Give how many adults were there, from 1 to 200."),
        "bad_youths": mark("Give about how many young people you met, as a number from 0 to 5000."),
        "bad_places": mark("Choose how many associations may take it, from 1 to 20."),
        "nobody_chosen": mark("Choose at least one association."),
        "not_covered": mark("An agreement does not cover this area on this day any more. Choose again."),
        "begun": mark("It is too late to offer it: an answer comes before it begins."),
        "missing": mark("This has to be filled in."),
        "personal": mark("Take out the number or the e-mail address: name functions here, never persons."),
        "too_long": mark("Shorten the text."),
        "too_many": mark("Name at most 20 activities."),
        "no_date": mark("Give the date."),
        "before_start": mark("The last day cannot lie before the first."),
        "too_far": mark("An agreement lasts ten years at most."),
    }
)
"""What is wrong with a field."""

REFUSED: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "unknown_visit": (404, mark("There is no such presence.")),
        "unknown_offer": (404, mark("There is no such offer.")),
        "unknown_agreement": (404, mark("There is no such agreement.")),
        "changed_meanwhile": (
            409,
            mark("Nothing was changed: somebody was here before you. Look at how it stands, then decide again."),
        ),
        "not_planned": (409, mark("Nothing was changed: the presence has ended. Undo that first.")),
        "still_planned": (409, mark("Nothing was changed: there is nothing to undo.")),
        "already_withdrawn": (409, mark("Nothing was changed: the offer is taken back already.")),
        "reported": (409, mark("Nothing was changed: it is reported what was carried out. Take the report away first.")),
        "nothing_reported": (409, mark("Nothing was changed: there is no report to take away.")),
        "not_accepted": (409, mark("Nothing was changed: the association has not accepted, or no longer has it.")),
        "ended": (409, mark("Nothing was changed: the agreement has ended already.")),
    }
)
"""Why something was not done, where no field is wrong."""

LINKS: Final[Mapping[str, tuple[int, str, str]]] = MappingProxyType(
    {
        "bad_link": (
            404,
            mark("The link does not work"),
            mark("Look whether the whole link was copied. Otherwise ask the municipality for a new one."),
        ),
        "link_used": (
            410,
            mark("The link has been used"),
            mark("An answer came by it already. If it has to be changed, call the municipality."),
        ),
        "link_expired": (410, mark("The link has expired"), mark("The time to answer is over. Call the municipality.")),
        "link_withdrawn": (
            410,
            mark("The offer has been taken back"),
            mark("You need not do anything. The municipality can tell you more."),
        ),
        "link_cancelled": (
            410,
            mark("It has been cancelled"),
            mark("Nobody is to be there. You need not do anything."),
        ),
        "agreement_ended": (
            410,
            mark("The agreement has ended"),
            mark("The offer no longer holds. The municipality can tell you more."),
        ),
        "filled": (
            409,
            mark("Others have taken it"),
            mark("Enough associations are coming already. Thank you for wanting to."),
        ),
        "not_accepted": (
            409,
            mark("Nothing to report"),
            mark("Your association does not have this any more. The municipality can tell you more."),
        ),
    }
)
"""Why a link leads to nothing: status, heading, what to do."""
