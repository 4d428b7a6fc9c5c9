"""What associations have done in a year, by association and area: the basis for their grants. Counts only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM
from hub.database import answering
from hub.presence.agreements import newest
from hub.presence.codes import OfferState
from hub.presence.tables import OfferRow, VisitRow

__all__ = ["YearLine", "year_of"]


@dataclass(frozen=True, slots=True)
class YearLine:
    """One association in one area, of presences that began in the year (Sweden).

    `offered` leaves out what the team took back before anybody answered. `minutes` lasted what was carried out; `adult_minutes`
    is that times the adults who were there. `youths` were met.
    """

    association: str
    area: str
    offered: int = 0
    accepted: int = 0
    carried_out: int = 0
    minutes: int = 0
    adult_minutes: int = 0
    youths: int = 0


def year_of(engine: Engine, year: int, title: Callable[[str], str]) -> list[YearLine]:
    """By association, then area as `title` calls it. Raises RetriableError."""
    first, last = (datetime.combine(date(one, 1, 1), time(), STOCKHOLM).astimezone(UTC) for one in (year, year + 1))
    query = (
        select(OfferRow, VisitRow.area)
        .join(VisitRow, VisitRow.visit_id == OfferRow.visit_id)
        .where(VisitRow.starts_at >= first, VisitRow.starts_at < last)
    )
    found: dict[tuple[str, str], YearLine] = {}
    with answering(), Session(engine) as session:
        names = {number: one.terms.association for number, one in newest(session).items()}
        for row, area in session.execute(query):
            if row.state == OfferState.WITHDRAWN.value and row.answered_at is None:
                continue
            name = names.get(row.agreement_id, "")
            key = (name.casefold(), area)
            found[key] = _counted(found.get(key) or YearLine(name, area), row)
    return sorted(found.values(), key=lambda line: (line.association.casefold(), title(line.area).casefold()))


def _counted(line: YearLine, row: OfferRow) -> YearLine:
    done = row.reported_at is not None and row.reason is None
    minutes = (row.minutes or 0) if done else 0
    return replace(
        line,
        offered=line.offered + 1,
        accepted=line.accepted + (row.state == OfferState.ACCEPTED.value),
        carried_out=line.carried_out + done,
        minutes=line.minutes + minutes,
        adult_minutes=line.adult_minutes + minutes * (row.adults or 0),
        youths=line.youths + ((row.youths or 0) if done else 0),
    )
