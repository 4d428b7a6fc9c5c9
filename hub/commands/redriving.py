"""Has letters sent again, with a bar that shows how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.commands.letter_texts import progressing
from hub.connect.letter_box import Filed
from hub.connect.sending_again import SendingAgain

if TYPE_CHECKING:
    from hub.commands.letter_person import Admitted

__all__ = ["redrive"]


def redrive(place: Admitted, letters: Sequence[Filed], *, quiet: bool = False) -> list[Filed]:
    """Queue the letters, have them done, and answer how they stand then.

    A running connector takes them itself. Where none runs it is done here; when that fails they wait again, and the error leaves.
    """
    from threading import Event

    from hub.bootstrap import build_runner

    again = SendingAgain(place.box, place.clock, lambda name: build_runner(place.settings, name, Event()))
    with progressing(len(letters), quiet=quiet) as advance:
        again.have_done(again.queue(letters), advance)
    return again.now(letters)
