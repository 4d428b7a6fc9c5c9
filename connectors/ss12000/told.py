"""What polls before told of: by the time of a fact, and by the server's own times of change. Pure.

Teachers report and correct after the poll that first saw the lesson, and some servers show at night what was reported by day.
So a time of change is compared with the newest one that was met in the same list, never with another list's and never with a
clock of ours: what a list brings up to date at night was changed after all that it showed the night before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from connectors.ss12000.instants import STOCKHOLM, parse_instant
from hub.connector import Cursor
from hub.errors import ConfigError

__all__ = ["NOTHING", "Kind", "Newest", "Position", "Told", "Watch", "read_position"]

_AHEAD = timedelta(hours=3)  # a server that writes Swedish time as UTC is two ahead


class Kind(StrEnum):
    """A list whose rows have times of change of their own."""

    LESSON = "lesson"
    ATTENDANCE = "attendance"
    ABSENCE = "absence"


Newest: TypeAlias = Mapping[Kind, datetime]
"""By list, the newest change that was told of; a list that is not there never had one."""


@dataclass(frozen=True, slots=True)
class Told:
    """Whatever begins before `through` was told, as it stood when `newest` was the newest."""

    through: datetime
    newest: Newest

    def again(self, kind: Kind, changed: datetime | None, begins: datetime | None) -> bool:
        """Whether this was told before and has not been changed since.

        Where the server says no time of change, the time of the fact decides alone; what has neither is new each time.
        """
        if begins is not None and begins >= self.through:
            return False
        if changed is None:
            return begins is not None
        return not self._is_newer(kind, changed)

    def changed_since(self, kind: Kind, changed: datetime | None, begins: datetime | None) -> bool:
        """Whether this may have been told before, in another state."""
        told = begins is None or begins < self.through
        return told and changed is not None and self._is_newer(kind, changed)

    def has_whole_day(self, day: date) -> bool:
        """Whether the whole Stockholm day was over when polls before told of it."""
        return day < self.through.astimezone(STOCKHOLM).date()

    def _is_newer(self, kind: Kind, changed: datetime) -> bool:
        newest = self.newest.get(kind)
        return newest is None or changed > newest


NOTHING = Told(datetime.min.replace(tzinfo=UTC), {})
"""There was no poll before."""


@dataclass(slots=True)
class Watch:
    """Reads times of change, and keeps the newest of each list.

    A time far ahead of `now` is none: whatever is changed after it would seem old.
    """

    now: datetime
    newest: dict[Kind, datetime] = field(default_factory=dict)

    def changed(self, kind: Kind, row: Any) -> datetime | None:
        """When the server changed this row last; of an attendance, no earlier than it was reported."""
        meta = row.get("meta") if isinstance(row, dict) else None
        texts = [meta.get("modified"), meta.get("created")] if isinstance(meta, dict) else []
        if kind is Kind.ATTENDANCE and isinstance(row, dict):
            texts.append(row.get("reportedTimestamp"))
        found = [at for text in texts if text is not None and (at := parse_instant(text)) is not None and at <= self.now + _AHEAD]
        if not found:
            return None
        last = max(found)
        newest = self.newest.get(kind)
        if newest is None or last > newest:
            self.newest[kind] = last
        return last


@dataclass(frozen=True, slots=True)
class Position:
    """A cursor. `through`: all that begins earlier is told. `seen`: up to when changes are known, by our clock.

    `newest`: what the days that each poll reads again were last told with. `followed`: the same of the days before those.
    """

    through: datetime
    seen: datetime
    newest: Newest
    followed: Newest

    def written(self) -> Cursor:
        """As the hub keeps it: instants alone."""
        return {
            "through": self.through.isoformat(),
            "seen": self.seen.isoformat(),
            "newest": {kind.value: at.isoformat() for kind, at in self.newest.items()},
            "followed": {kind.value: at.isoformat() for kind, at in self.followed.items()},
        }


def read_position(cursor: Cursor | None) -> Position | None:
    """None at the beginning. Of a cursor from before it held times of change, our clock's must do.

    Raises ConfigError `bad_cursor` when it is not one of ss12000's.
    """
    if not cursor:
        return None
    through = parse_instant(cursor.get("through"))
    if through is None:
        raise ConfigError("the stored cursor is not one of ss12000's; reset it", code="bad_cursor")
    seen = parse_instant(cursor.get("seen")) or through
    return Position(through, seen, _newest(cursor.get("newest"), seen), _newest(cursor.get("followed"), seen))


def _newest(stored: Any, otherwise: datetime) -> dict[Kind, datetime]:
    if not isinstance(stored, dict):
        return dict.fromkeys(Kind, otherwise)
    return {kind: at for kind in Kind if (at := parse_instant(stored.get(kind.value))) is not None}
