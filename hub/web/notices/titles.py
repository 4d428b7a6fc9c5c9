"""Why a notice waits, and where it stands, as the officer reads it. The words are messages of the catalogue."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from hub.coding.queue import NoticeState
from hub.web.language import mark

__all__ = ["OTHER_REASON", "REASONS", "STATES", "WRONG"]

REASONS: Final = MappingProxyType(
    {
        "no_subject": mark("names nobody in a form that the hub reads"),
        "uncoded": mark("has no category that the hub knows"),
        "ambiguous_category": mark("has two categories"),
        "unreadable_time": mark("has a time that cannot be read"),
        "future_time": mark("has a time that has not come yet"),
        "unreadable_message": mark("cannot be read at all"),
        "unresolved_identifier": mark("names somebody by a number that cannot be read"),
        "key_changed": mark("was coded, but a key was changed before it went out: it has to be coded again"),
    }
)
OTHER_REASON: Final = mark("has no code that the hub can use")
STATES: Final = MappingProxyType(
    {
        NoticeState.WAITING: mark("Waits for a code"),
        NoticeState.CODED: mark("Coded"),
        NoticeState.DISMISSED: mark("Not a matter for the hub"),
        NoticeState.PUBLISHED: mark("Passed on to the hub"),
    }
)
WRONG: Final = MappingProxyType(
    {
        "no_subject": mark("Say whom it is about: choose somebody, or write a personal number."),
        "no_category": mark("Choose what it is about."),
        "no_time": mark("Give the day and the time when it happened, as it stands in the notice."),
        "future_time": mark("It has not happened yet: look at day and time again."),
        "no_area": mark("Choose an area of the list, or none."),
    }
)
