"""What polls before told of: by the time of a fact, and by the server's own times of change. Pure.

Teachers report and correct after the poll that first saw the lesson, and some servers show at night what was reported by day.
So a time of change is compared with the newest one that was met in the same list, never with another list's and never with a
clock of ours: what a list brings up to date at night was changed after all that it showed the night before.

A poll takes a while. What is changed meanwhile, or is brought up to date, may show in a late part of it, and a change of a part
that was read already may have the earlier time. So what has to be taken back is looked for from a time that was shown before the
poll (`sure`), and twice if need be.
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

__all__ = ["CHANGES_OF", "LATE", "NOTHING", "Kind", "Known", "Newest", "Position", "Told", "Watch", "read_position"]

_OFF = timedelta(hours=3)  # a server that writes Swedish time as UTC is two ahead, and the other way round two behind
_MARGIN = timedelta(minutes=15)
LATE = timedelta(hours=36)
"""How late a list shows a change, unless the settings say otherwise."""


class Kind(StrEnum):
    """A list whose rows have times of change of their own."""

    LESSON = "lesson"
    ATTENDANCE = "attendance"
    ABSENCE = "absence"
    ATTENDANCE_CHANGES = "attendance_changes"
    ABSENCE_CHANGES = "absence_changes"
    LESSON_CHANGES = "lesson_changes"


CHANGES_OF = {
    Kind.ATTENDANCE: Kind.ATTENDANCE_CHANGES,
    Kind.ABSENCE: Kind.ABSENCE_CHANGES,
    Kind.LESSON: Kind.LESSON_CHANGES,
}
"""By list, the same asked for by its changes: a server may bring one up to date later than the other."""


Newest: TypeAlias = Mapping[Kind, datetime]
"""By list, the newest change that was told of; a list that is not there never had one."""


@dataclass(frozen=True, slots=True)
class Known:
    """The newest change that a poll met in each list, and `sure`: up to when it can have missed none, for it was shown already
    when that poll began.
    """

    newest: Newest
    sure: Newest


@dataclass(frozen=True, slots=True)
class Told:
    """Whatever begins before `through` was told, as it stood when the newest change was `known.newest`, or, where something
    changed under the reading, at least as it stood when that was `known.sure`.
    """

    through: datetime
    known: Known

    def again(self, kind: Kind, changed: datetime | None, begins: datetime | None) -> bool:
        """Whether this was told before and has not been changed since.

        Where the server says no time of change, the time of the fact decides alone; what has neither is new each time.
        """
        if begins is not None and begins >= self.through:
            return False
        if changed is None:
            return begins is not None
        return not _is_newer(changed, self.known.newest.get(kind))

    def changed_since(self, kind: Kind, changed: datetime | None, begins: datetime | None) -> bool:
        """Whether this may have been told before in another state, and not as it is."""
        told = begins is None or begins < self.through
        return told and changed is not None and _is_newer(changed, self.known.sure.get(kind))

    def has_whole_day(self, day: date) -> bool:
        """Whether the whole Stockholm day was over when polls before told of it."""
        return day < self.through.astimezone(STOCKHOLM).date()


def _is_newer(changed: datetime, known: datetime | None) -> bool:
    return known is None or changed > known


NOTHING = Told(datetime.min.replace(tzinfo=UTC), Known({}, {}))
"""There was no poll before."""


@dataclass(slots=True)
class Watch:
    """Reads times of change, and keeps the newest of each list.

    A time far ahead of `now` is none: whatever is changed after it would seem old. `now` is when this poll began, by our clock;
    `before`, what the polls before met; `late`, how late a list may show a change.
    """

    now: datetime
    before: Newest = field(default_factory=dict)
    late: timedelta = LATE
    newest: dict[Kind, datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.newest = dict(self.before)

    def known(self) -> Known:
        """What this poll knows by now. Shown when it began was what a poll before met, whatever the server's clock, and what is
        older than any list is late: a list may have been brought up to date under the reading.
        """
        shown = self.now - self.late
        return Known(
            dict(self.newest), {kind: min(at, max(shown, self.before.get(kind, shown))) for kind, at in self.newest.items()}
        )

    def changed(self, kind: Kind, row: Any) -> datetime | None:
        """When the server changed this row last; of an attendance, no earlier than it was reported."""
        meta = row.get("meta") if isinstance(row, dict) else None
        texts = [meta.get("modified"), meta.get("created")] if isinstance(meta, dict) else []
        if kind is Kind.ATTENDANCE and isinstance(row, dict):
            texts.append(row.get("reportedTimestamp"))
        found = [at for text in texts if text is not None and (at := parse_instant(text)) is not None and at <= self.now + _OFF]
        if not found:
            return None
        last = max(found)
        if _is_newer(last, self.newest.get(kind)):
            self.newest[kind] = last
        return last


@dataclass(frozen=True, slots=True)
class Position:
    """A cursor. `through`: all that begins earlier is told. `seen`: up to when changes are known, by our clock.

    `known`: what the days that each poll reads again were last told with. `followed`: the same of the days before those.
    """

    through: datetime
    seen: datetime
    known: Known
    followed: Known

    def asked_after(self, late: timedelta) -> dict[Kind, datetime]:
        """From when on to ask for changes, by list: what it showed before the last poll that showed more, by the server's own
        clock; as far back as a list may be late where it never showed anything, and no farther anywhere.
        """
        first, last = self.deleted_after(late), self.deleted_after()
        known = {kind: self.followed.sure.get(changes, first) for kind, changes in CHANGES_OF.items()}
        return {kind: max(first, min(last, at)) for kind, at in known.items()}

    def deleted_after(self, late: timedelta = timedelta()) -> datetime:
        """From when on to ask for deletions, which the server tells without their times."""
        return self.seen - late - _MARGIN

    def told_behind(self, begin: datetime, late: timedelta) -> Told:
        """What was told of the days before `begin`, which no poll reads again unless something there has changed."""
        sure = {kind: min(at, self.followed.sure.get(kind, at)) for kind, at in self.asked_after(late).items()}
        return Told(begin, Known(self.followed.newest, sure))

    def written(self) -> Cursor:
        """As the hub keeps it: instants alone."""
        lists = {
            "newest": self.known.newest,
            "sure": self.known.sure,
            "followed": self.followed.newest,
            "followed_sure": self.followed.sure,
        }
        texts = {name: {kind.value: at.isoformat() for kind, at in each.items()} for name, each in lists.items()}
        return {"through": self.through.isoformat(), "seen": self.seen.isoformat(), **texts}


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
    known, followed = (_known(cursor, *names, seen) for names in (("newest", "sure"), ("followed", "followed_sure")))
    return Position(through, seen, known, followed)


def _known(cursor: Cursor, newest: str, sure: str, seen: datetime) -> Known:
    met = _times(cursor.get(newest), dict.fromkeys(Kind, seen))
    return Known(met, _times(cursor.get(sure), {kind: min(at, seen - _OFF) for kind, at in met.items()}))


def _times(stored: Any, otherwise: Newest) -> Newest:
    if not isinstance(stored, dict):
        return otherwise
    return {kind: at for kind in Kind if (at := parse_instant(stored.get(kind.value))) is not None}
