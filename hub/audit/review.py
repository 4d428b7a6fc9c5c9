"""The monthly access review (loggkontroll): openings drawn at random, and openings that nothing followed.

As HSLF-FS 2016:40 4 kap. 9 § asks of care records: systematic and recurring. The draw is random, so that nobody knows what
will be looked at; its seed is told, so that an auditor can repeat it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine, select

from hub.audit.actions import FOLLOWING, OPENINGS, Action
from hub.audit.entries import SYSTEM, Outcome, Record
from hub.audit.reading import as_record, stored
from hub.audit.tables import EntryRow
from hub.clock import STOCKHOLM
from hub.database import answering
from hub.errors import RejectedError

__all__ = ["Review", "ReviewRow", "monthly_review"]

_HUB = SYSTEM.account
_SHORTLY = timedelta(minutes=10)
_BY_NUMBER = frozenset({"identifier", "named"})  # a look at the person, whichever consent of hers was found
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One opening to look at: drawn at random, or nothing followed it, or both. Show it to the opener's head of unit."""

    entry: Record
    drawn: bool
    followed: bool


@dataclass(frozen=True, slots=True)
class Review:
    """A month's openings: how many, how many that nothing followed, and the rows to look at, oldest first."""

    month: str
    seed: int
    openings: int
    without_action: int
    rows: tuple[ReviewRow, ...]


def monthly_review(engine: Engine, month: str, *, seed: int, sample: int = 20, days: int = 14) -> Review:
    """The review of a calendar month in Sweden (`2025-05`): `sample` openings drawn by `seed`, and all without an action.

    An action follows when, within `days`, the same account or its unit decides, hands over or registers something about the
    same item (or subject). The page after a deed is an opening too: the same account's own on the same item in the ten minutes
    before it counts as well. A look at a consent by the youth's own number is one at the youth: whatever the same account does
    with a consent of hers follows it, as its registering another follows any look at one. Openings by the hub itself are none.
    Raises RejectedError `bad_month`, RetriableError.
    """
    begin, end = _span(month)
    days = min(days, (datetime.max.replace(tzinfo=UTC) - end).days)
    openings = [one for one in _of(engine, begin, end, OPENINGS) if _is_opening(one)]
    actions = _by_target(_of(engine, begin - _SHORTLY, end + timedelta(days=days), FOLLOWING))
    followed = {one.position: _is_followed(one, actions, timedelta(days=days)) for one in openings}
    draw = random.Random(seed)  # noqa: S311 - a draw that can be repeated, not a secret
    drawn = {one.position for one in draw.sample(openings, min(sample, len(openings)))}
    rows = tuple(
        ReviewRow(one, one.position in drawn, followed[one.position])
        for one in openings
        if one.position in drawn or not followed[one.position]
    )
    return Review(month, seed, len(openings), sum(not each for each in followed.values()), rows)


def _span(month: str) -> tuple[datetime, datetime]:
    if not _MONTH.match(month):
        raise RejectedError("month: give it as YYYY-MM, for example 2025-05", code="bad_month")
    try:
        first = date(int(month[:4]), int(month[5:]), 1)
        following = (first + timedelta(days=31)).replace(day=1)
        begin, end = (datetime.combine(day, time(), STOCKHOLM).astimezone(UTC) for day in (first, following))
    except (ValueError, OverflowError) as error:
        raise RejectedError("month: the calendar has no such month", code="bad_month") from error
    return begin, end


def _of(engine: Engine, begin: datetime, end: datetime, actions: Iterable[str]) -> list[Record]:
    columns = [column for column in EntryRow.__table__.columns if column.name not in {"leaf", "chain"}]
    query = select(*columns).where(EntryRow.at >= stored(begin), EntryRow.at < stored(end), EntryRow.action.in_(list(actions)))
    with answering(), engine.connect() as connection:
        return [as_record(row) for row in connection.execute(query.order_by(EntryRow.position))]


def _is_opening(one: Record) -> bool:
    # In the manual lane a look at one case is of that case alone; a marking is of somebody, a list of nobody.
    opened = one.action != Action.PROTECTED_CASE or (one.item != "" and not one.subject)
    return opened and one.outcome == Outcome.PERMIT and one.account != SYSTEM.account


def _by_target(actions: Sequence[Record]) -> dict[str, list[Record]]:
    """The permitted ones by what they were done to, and by whom it is about."""
    found: dict[str, list[Record]] = {}
    for one in actions:
        if one.outcome == Outcome.PERMIT:
            for target in {one.item, one.subject} - {""}:
                found.setdefault(target, []).append(one)
    return found


def _is_followed(opening: Record, actions: dict[str, list[Record]], within: timedelta) -> bool:
    target = opening.item or opening.subject
    of_it = [one for one in actions.get(target, ()) if target == (one.item or one.subject)]
    if any(_follows(opening, one, within) or _led_to(opening, one) for one in of_it):
        return True
    of_her = actions.get(opening.subject, ()) if opening.action == Action.CONSENT_SHOWN else ()
    return any(_is_of_youth(opening, one) and _follows(opening, one, within) for one in of_her)


def _follows(opening: Record, one: Record, within: timedelta) -> bool:
    ours = one.account == opening.account or (opening.unit != "" and one.unit == opening.unit)
    return ours and one.position > opening.position and one.at - opening.at <= within


def _led_to(opening: Record, one: Record) -> bool:
    return one.account == opening.account and one.position < opening.position and opening.at - one.at <= _SHORTLY


def _is_of_youth(opening: Record, one: Record) -> bool:
    """Whether a deed with one consent can follow a look at another of the same youth."""
    return one.account == opening.account and (opening.purpose in _BY_NUMBER or one.action == Action.CONSENT_REGISTERED)
