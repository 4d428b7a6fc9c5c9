"""Tasks counted by rule, of eight whole weeks at a time: once, whatever becomes of them later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from threading import Barrier
from unittest.mock import ANY

from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session

from hub.clock import stockholm_date
from hub.contract.models import TaskState
from hub.delivery.place_weeks import WEEK_OVER
from hub.delivery.rule_figures import Counted, RuleBlockRow, RuleFigures, Span, rule_figures
from hub.delivery.tables import TaskRow
from hub.delivery.withdrawing import CONSENT_WITHDRAWN, NO_CONSENT

SPAN = Span(date(2025, 3, 24))
"""Through 18 May 2025."""
TOLD = datetime(2025, 6, 1, 22, tzinfo=UTC)
"""The first instant of 2 June in Stockholm."""
NOON = TOLD + timedelta(hours=12)
DAY = timedelta(days=1)


def add(
    engine: Engine, number: int, state: TaskState, *, rule: str = "one", opened: bool = False, reason: str | None = None,
    at: datetime = TOLD - timedelta(days=20),
) -> None:  # fmt: skip
    with Session(engine) as session, session.begin():
        session.add(
            TaskRow(
                task_id=f"{number:036d}", kind="referral", team="outreach", function="school_attendance", rule_id=rule,
                priority="normal", state=state.value, reason=reason, created_at=at, received_at=at,
                opened_at=at if opened else None, version=1,
            )
        )  # fmt: skip


def test_each_task_is_in_one_part_by_what_became_of_it(engine: Engine) -> None:
    for number, (state, opened, reason) in enumerate(
        [
            (TaskState.RECEIVED, False, None),
            (TaskState.RECEIVED, False, None),
            (TaskState.RECEIVED, True, None),
            (TaskState.ACCEPTED, True, None),
            (TaskState.IN_PROGRESS, True, None),
            (TaskState.COMPLETED, True, "assistance"),
            (TaskState.REJECTED, True, "no_capacity"),
            (TaskState.RECALLED, False, "ground_lost"),
            (TaskState.CANCELLED, False, NO_CONSENT),
            (TaskState.RECALLED, True, CONSENT_WITHDRAWN),
            (TaskState.CANCELLED, True, WEEK_OVER),
        ]
    ):
        add(engine, number, state, opened=opened, reason=reason)
    add(engine, 90, TaskState.RECEIVED, rule="other")
    one = RuleFigures(accepted=3, declined=1, recalled=1, ended=3, opened=1, unopened=2)
    assert rule_figures(engine, TOLD) == Counted(SPAN, TOLD, {"one": one, "other": RuleFigures(unopened=1)})


def test_a_span_begins_and_ends_with_a_week_of_sweden(engine: Engine) -> None:
    begins, ends = datetime(2025, 3, 23, 23, tzinfo=UTC), datetime(2025, 5, 18, 22, tzinfo=UTC)  # before and in summer time
    for number, at in enumerate((begins - timedelta(milliseconds=1), begins, ends - timedelta(milliseconds=1), ends)):
        add(engine, number, TaskState.RECEIVED, at=at)
    assert rule_figures(engine, TOLD).by_rule == {"one": RuleFigures(unopened=2)}
    assert rule_figures(engine, TOLD - timedelta(milliseconds=1)).by_rule == {"one": RuleFigures(unopened=1)}
    assert rule_figures(engine, TOLD + timedelta(weeks=8)).by_rule == {"one": RuleFigures(unopened=1)}


def test_the_spans_share_no_day_leave_none_out_and_are_told_of_one_after_another() -> None:
    day, spans = date(2023, 12, 1), list[Span]()
    while day < date(2027, 3, 1):
        span, shown = Span.of(day), Span.told_on(day)
        assert span.first_day <= day <= span.last_day < span.next.first_day
        assert span.first_day.weekday() == 0
        assert shown.told_from <= day < shown.next.told_from
        assert (shown.told_from - shown.last_day).days == 15
        assert span.last_day + DAY == span.next.first_day
        spans += [span] if span not in spans else []
        day += DAY
    assert all(one.next == other for one, other in pairwise(spans))
    assert SPAN in spans


def _one_more_comes(session: Session, number: int, at: datetime) -> None:
    session.add(
        TaskRow(
            task_id=f"{number:036d}", kind="referral", team="outreach", function="school_attendance", rule_id="one",
            priority="normal", state="received", created_at=at, received_at=at, version=1,
        )
    )  # fmt: skip


def _all_are(**values: object) -> Callable[[Session, int, datetime], object]:
    return lambda session, number, at: session.execute(update(TaskRow).where(TaskRow.received_at <= at).values(**values))


CHANGES = (
    _one_more_comes,
    _all_are(state="accepted", opened_at=TOLD),
    _all_are(state="received", answered_at=None),
    _all_are(state="recalled", reason="ground_lost"),
    _all_are(opened_at=None, state="received", reason=None),
    _all_are(state="cancelled", reason=NO_CONSENT),
)


def test_no_two_days_tell_more_than_one_of_them_whatever_comes_or_is_done_between_them(engine: Engine) -> None:
    """Day by day through four spans."""
    pages: dict[date, list[Counted]] = {}
    for number in range(4 * 56):
        at = NOON + number * DAY
        found = rule_figures(engine, at)
        pages.setdefault(found.span.first_day, []).append(found)
        with Session(engine) as session, session.begin():
            CHANGES[number % len(CHANGES)](session, number, at)
    assert [len(found) for found in pages.values()] == [56] * 4
    assert all(one == found[0] for found in pages.values() for one in found)
    with Session(engine) as session:
        came = [stockholm_date(at) for at in session.scalars(select(TaskRow.received_at))]
    told = {day: sum(asdict(found[0].by_rule.get("one", RuleFigures())).values()) for day, found in pages.items()}
    assert told == {day: sum(Span.of(one).first_day == day for one in came) for day in pages}
    assert min(list(told.values())[1:]) > 4


def test_what_is_counted_stands_as_of_the_day_when_somebody_asked_first(engine: Engine) -> None:
    add(engine, 1, TaskState.RECEIVED)
    first = rule_figures(engine, TOLD + 3 * DAY)
    add(engine, 2, TaskState.RECEIVED)
    with Session(engine) as session, session.begin():
        session.execute(update(TaskRow).values(state="rejected"))
    assert rule_figures(engine, TOLD + 50 * DAY) == first == Counted(SPAN, TOLD + 3 * DAY, {"one": RuleFigures(unopened=1)})


def test_of_two_who_ask_first_at_once_both_are_told_the_same(engine: Engine) -> None:
    add(engine, 1, TaskState.RECEIVED)
    both, numbers = Barrier(2, timeout=20), list[int]()

    def counted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "GROUP BY" in statement and len(numbers) < 2:
            numbers.append(1)
            both.wait()

    event.listen(engine, "after_cursor_execute", counted)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(rule_figures, engine, TOLD + number * DAY) for number in range(2)]
        told = [one.result() for one in asked]
    event.remove(engine, "after_cursor_execute", counted)
    assert len(numbers) == 2
    assert told[0] == told[1] == Counted(SPAN, ANY, {"one": RuleFigures(unopened=1)})
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(RuleBlockRow)) == 1
