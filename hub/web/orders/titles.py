"""What codes are called on the pages of orders and of contact requests: messages of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.cases.contacts import Asking
from hub.cases.ordering import OrderOutcome, OrderState, Service
from hub.web.language import mark

__all__ = ["AMISS", "ASKING", "DONE", "OUTCOMES", "REFUSED", "SERVICES", "STATES"]

SERVICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Service.INFORMATION: mark("Information session"),
        Service.GROUP_SUPPORT: mark("Support to a group"),
        Service.PARENTAL_SUPPORT: mark("Parental support"),
    }
)
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        OrderState.RECEIVED: mark("Waits for an answer"),
        OrderState.ACCEPTED: mark("Accepted"),
        OrderState.CARRIED_OUT: mark("Carried out"),
        OrderState.DECLINED: mark("Declined"),
        OrderState.CANCELLED: mark("Called off by who ordered it"),
    }
)
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        OrderOutcome.AS_ORDERED: mark("As ordered"),
        OrderOutcome.TO_BE_FOLLOWED: mark("As ordered, and more is wanted"),
        OrderOutcome.FEW_CAME: mark("Few or nobody came"),
    }
)
ASKING: Final[Mapping[str, str]] = MappingProxyType(
    {Asking.YOUTH: mark("A youth"), Asking.PARENT: mark("A parent"), Asking.SIBLING: mark("A sibling")}
)
DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "received": mark("The order is kept."),
        "accept": mark("The order is accepted. Until it is carried out you can undo that."),
        "decline": mark("The order is declined. Tell whoever ordered it."),
        "carry-out": mark("It is noted that the order was carried out."),
        "cancel": mark("It is noted that the order was called off."),
        "undo": mark("The acceptance is undone. The order waits for an answer again."),
        "contact": mark("The way of contact is kept, sealed."),
        "contact-done": mark("The way of contact is erased."),
    }
)
_PERSON = mark("Leave out what could be a personal number: nobody stands in an order.")
_LONG = mark("Shorten it: at most 200 characters.")
AMISS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "no_service": ("service", mark("Choose what is ordered.")),
        "no_ordered_by": ("ordered_by", mark("Write which school or unit orders it.")),
        "no_place": ("place", mark("Write where it is to be.")),
        "no_theme": ("theme", mark("Write what it is to be about.")),
        "too_long_ordered_by": ("ordered_by", _LONG),
        "too_long_place": ("place", _LONG),
        "too_long_theme": ("theme", _LONG),
        "person_ordered_by": ("ordered_by", _PERSON),
        "person_place": ("place", _PERSON),
        "person_theme": ("theme", _PERSON),
        "past_day": ("day", mark("Choose today or a day to come.")),
        "bad_date": ("day", mark("Give the day.")),
        "no_outcome": ("outcome", mark("Choose what became of it.")),
        "bad_people": ("people", mark("Write how many came, as a number: 0 if nobody did.")),
        "no_asking": ("asking", mark("Choose who asks.")),
        "no_way": ("way", mark("Write how they are to be reached.")),
        "too_long": ("way", mark("Shorten it: at most 120 characters.")),
        "person": ("way", mark("Leave out what could be a personal number: a telephone number, or a place and time, is enough.")),
    }
)
"""What is wrong with a form: the field, and what to do."""
REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "illegal_move": mark("Nothing was changed: the order stands differently by now, as you see here."),
        "changed_meanwhile": mark(
            "Nothing was changed: somebody has worked with the order before you. Look at how it stands, then decide again."
        ),
    }
)
