"""What became of the tasks of each rule, in numbers: for those who decide whether the rule is to stay. No person is in it.

Eight whole weeks at a time, which share no day, counted once and kept so. Figures of a span that moves with the days would tell,
by what they were yesterday, what became of the one task that came, or that somebody answered, undid or opened meanwhile; and what
was so at an instant cannot be told later, as an undone answer and a team that is no more take their instants with them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Engine, Text, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.clock import STOCKHOLM, stockholm_date
from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.tables import Base, TaskRow
from hub.delivery.withdrawing import CONSENT_WITHDRAWN

__all__ = ["WEEKS", "Counted", "RuleBlockRow", "RuleFigures", "Span", "rule_figures"]

WEEKS: Final = 8
_LENGTH: Final = timedelta(weeks=WEEKS)
_SETTLING: Final = timedelta(weeks=2)
"""So long after its end a span is counted: what came last has been answered by then, and the weeks of presence are over."""
_MONDAY: Final = date(2024, 1, 1)
"""Where the spans are counted from, the same in every installation: none may choose its own, and so have two that overlap."""
_PART_OF: Final = {
    TaskState.ACCEPTED: "accepted",
    TaskState.IN_PROGRESS: "accepted",
    TaskState.COMPLETED: "accepted",
    TaskState.REJECTED: "declined",
    TaskState.RECALLED: "recalled",
    TaskState.CANCELLED: "ended",
}


class RuleBlockRow(Base):
    """The figures of one span of weeks, by its first day, as they stood at `counted_at`. Never changed. No person is in it.

    `figures`: by rule the parts of `RuleFigures`, as JSON; a rule that proposed nothing is not there.
    """

    __tablename__ = "rule_block"

    first_day: Mapped[date] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    figures: Mapped[str] = mapped_column(Text)


class Span(NamedTuple):
    """Eight whole weeks of Sweden, from the Monday `first_day` on."""

    first_day: date

    @property
    def last_day(self) -> date:
        """A Sunday."""
        return self.first_day + _LENGTH - timedelta(days=1)

    @property
    def told_from(self) -> date:
        """The Monday from which on its figures are told, until the next one's are."""
        return self.first_day + _LENGTH + _SETTLING

    @property
    def next(self) -> Span:
        """The one that begins when this one is over."""
        return Span(self.first_day + _LENGTH)

    @classmethod
    def of(cls, day: date) -> Span:
        """The one that a Stockholm date lies in."""
        return cls(day - (day - _MONDAY) % _LENGTH)

    @classmethod
    def told_on(cls, day: date) -> Span:
        """The one whose figures are told on a Stockholm date."""
        return cls.of(day - _LENGTH - _SETTLING)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """A rule's tasks, each in one part. `ended`: by a consent that was withdrawn, suspended or over, or, of presence, with its
    week. `opened`: by somebody of the team, without an answer yet.
    """

    accepted: int = 0
    declined: int = 0
    recalled: int = 0
    ended: int = 0
    opened: int = 0
    unopened: int = 0


class Counted(NamedTuple):
    """The figures of a span by rule, as they stood at the UTC instant `at`; a rule that proposed nothing is not there."""

    span: Span
    at: datetime
    by_rule: Mapping[str, RuleFigures]


def rule_figures(engine: Engine, now: datetime) -> Counted:
    """Of the tasks received in the span that is told of at `now` (UTC). Who asks first has them counted; from then on they stand.

    Raises RetriableError.
    """
    span = Span.told_on(stockholm_date(now))
    with answering():
        try:
            return _kept_or_counted(engine, span, now)
        except IntegrityError:  # of two who ask first at once the second cannot keep what it has counted
            return _kept_or_counted(engine, span, now)


def _kept_or_counted(engine: Engine, span: Span, now: datetime) -> Counted:
    with Session(engine) as session, session.begin():
        row = session.get(RuleBlockRow, span.first_day)
        if row is None:
            figures = json.dumps({rule: asdict(found) for rule, found in _count(session, span).items()})
            row = RuleBlockRow(first_day=span.first_day, counted_at=now, figures=figures)
            session.add(row)
            session.flush()
        kept: Mapping[str, Mapping[str, int]] = json.loads(row.figures)
        return Counted(span, row.counted_at, {rule: RuleFigures(**parts) for rule, parts in kept.items()})


def _count(session: Session, span: Span) -> Mapping[str, RuleFigures]:
    opened = TaskRow.opened_at.is_not(None)
    lies = (TaskRow.received_at >= _midnight(span.first_day), TaskRow.received_at < _midnight(span.next.first_day))
    columns = TaskRow.rule_id, TaskRow.state, TaskRow.reason, opened
    parts: dict[str, Counter[str]] = defaultdict(Counter)
    for rule, state, why, was_opened, number in session.execute(select(*columns, func.count()).where(*lies).group_by(*columns)):
        part = "ended" if why == CONSENT_WITHDRAWN else _PART_OF.get(TaskState(state), "opened" if was_opened else "unopened")
        parts[rule][part] += number
    return {rule: RuleFigures(**found) for rule, found in parts.items()}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)
