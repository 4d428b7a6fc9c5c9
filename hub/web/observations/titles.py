"""What the observation form says of what is wrong, and of what was not sent. The words are messages of the catalogue."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from hub.web.language import mark

__all__ = ["AGAIN", "IN_DOUBT", "NOT_SENT", "NOT_SET_UP", "NOT_TAKEN", "NO_ANSWER", "WRONG"]

WRONG: Final = MappingProxyType(
    {
        "no_sender": mark("Choose for whom you send."),
        "no_concern": mark("Choose what you saw."),
        "no_area": mark("Choose an area of the list, or none."),
        "no_time": mark("Give the day and the time when you saw it."),
        "future_time": mark("That time has not come yet: look at day and time again."),
        "no_person": mark("Write the personal number, with twelve digits."),
    }
)
NO_ANSWER: Final = mark("Answer yes or no.")
AGAIN: Final = mark("Write the personal number again: it is not kept here.")
IN_DOUBT: Final = mark(
    "It may have been sent, or be sent yet: no answer came in time. Write the number again and send it again from this very "
    "form: then it counts once. If you leave it, it may arrive all the same."
)
NOT_SENT: Final = mark("It was not sent: there is no contact just now. Write the number again and send it in a minute.")
NOT_TAKEN: Final = mark("It was not taken: look at every field again.")
NOT_SET_UP: Final = mark(
    "It cannot be sent, and sending again does not help: the form is not set up right. Tell whoever runs the hub."
)
