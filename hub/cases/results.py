"""What became of SSPF cases, for a team and year: kept without any tie to a youth or a case, told where no number is small."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.cases.content import Content
from hub.cases.moves import CaseMove
from hub.cases.tables import OutcomeRow
from hub.clock import STOCKHOLM, Clock, stockholm_date
from hub.core.outcomes import Course, Ended, Outcomes, Summary, compared, summarised
from hub.database import answering
from hub.sealed import Seal

__all__ = ["Results", "outcomes_of_case"]


def outcomes_of_case(content: Content, opened_at: datetime, ended_at: datetime) -> Outcomes:
    """The three outcomes of one case that ended at an instant after it was opened."""
    ended_at = max(ended_at, opened_at + timedelta(milliseconds=1))  # a clock that stood still makes no course
    course = Course(opened_at, ended_at, content.span_days, content.worry_at_start, content.worry_at_end)
    return compared(content.before.measured(), content.after.measured(), course)


class Results:
    """Safe for several threads. What a case had measured is sealed, as the case is; `key` as of `CaseSeal`."""

    def __init__(self, engine: Engine, key: bytes, clock: Clock) -> None:
        self._engine = engine
        self._seal = Seal(key, b"hub case outcomes")
        self._clock = clock

    def keep(self, session: Session, move: CaseMove, team: str, content: Content, course: tuple[datetime, datetime]) -> None:
        """Of an SSPF case that is closed, keep the numbers; of anything else nothing. The days are not kept, only the year."""
        if move is not CaseMove.CLOSE or content.worry_at_start is None:
            return
        start, end = course
        bare = content.model_copy(update={"parties": (), "meetings": (), "commitments": ()})
        if (end - start).days < content.span_days:  # what a short course says of all but worry is unknown
            bare = bare.model_copy(update={"before": Content().before, "after": Content().after})
        outcome_id = str(uuid4())
        sealed = self._seal.seal(outcome_id.encode(), bare.model_dump_json().encode())
        session.add(OutcomeRow(outcome_id=outcome_id, team=team, year=stockholm_date(end).year, sealed=sealed))

    def of_team(self, team: str) -> Mapping[int, Summary]:
        """By Stockholm year of the end, only years that are over; numbers below five are not told (`summarised`).

        Raises RetriableError when the database does not answer.
        """
        with answering(), Session(self._engine) as session:
            rows = session.scalars(select(OutcomeRow).where(OutcomeRow.team == team)).all()
            found = [one for row in rows if (one := self._ended(row)) is not None]
        return {year: summary for (_, year), summary in summarised(found, stockholm_date(self._clock.now())).items()}

    def _ended(self, row: OutcomeRow) -> Ended | None:
        sealed = self._seal.open(row.outcome_id.encode(), row.sealed)
        if sealed is None:
            return None
        content = Content.model_validate_json(sealed)
        end = datetime(row.year, 12, 1, tzinfo=STOCKHOLM)
        start = datetime(row.year - 1, 1, 1, tzinfo=STOCKHOLM)
        return Ended(row.team, end, outcomes_of_case(content, start, end))
