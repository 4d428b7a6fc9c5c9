"""Whether what was kept of a record is still the last word on its event: what the source has said since is not undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from hub.connect.gate import Publishable
from hub.connect.letters import Letter
from hub.connect.rows import Heard

__all__ = ["CORRECTED_SINCE", "LastWords"]

CORRECTED_SINCE = "corrected_since"
"""The source has said something else of the event since it showed what was kept: that stands, and this would undo it."""


class LastWords:
    """Asked about letters in their order, oldest first. `heard`: event ids → what was said of them to Kafka, or may have been.

    Only what was kept can be outdated; of any other letter the source was asked just now.
    """

    def __init__(self, heard: Callable[[Iterable[str]], Mapping[str, Sequence[Heard]]]) -> None:
        self._heard = heard
        self._taken: dict[str, list[Heard]] = {}

    def of(self, letter: Letter, sound: Sequence[Publishable]) -> list[Publishable]:
        """What may be said of a letter's events. It counts as said for the letters after this one."""
        if not (letter.sealed and sound):
            return list(sound)
        known = self._heard(one.event_id for one in sound)
        said = {one.event_id: [*known.get(one.event_id, ()), *self._taken.get(one.event_id, ())] for one in sound}
        current = [one for one in sound if not any(_is_newer(was, one, letter.shown_at) for was in said[one.event_id])]
        for one in current:
            self._taken.setdefault(one.event_id, []).append(Heard(one.key, one.content, letter.shown_at))
        return current


def _is_newer(was: Heard, item: Publishable, shown_at: datetime) -> bool:
    """Whether it says something else, and was said no earlier; what is in doubt may have been."""
    return (was.subject, was.content) != (item.key, item.content) and (was.open or (was.at is not None and was.at >= shown_at))
