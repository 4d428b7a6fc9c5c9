"""Whom a clock calls, and when: reminder, deputy, head, in the team's own working time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from hub.clock import STOCKHOLM
from hub.delivery.ladder import Ladder, Step
from hub.teams import HEAD_NEXT_DAY, CalledNext
from hub.working_time import OFFICE_HOURS, WorkingTime


@dataclass(frozen=True)
class Calls:
    """A team, as its ladder needs it."""

    working_time: WorkingTime = OFFICE_HOURS
    remind_before_days: int = 1
    deputy: str | tuple[str, ...] | None = None
    escalation: tuple[CalledNext, ...] = HEAD_NEXT_DAY


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    """A day of May 2025; the 16th is a Friday, the 29th a holiday."""
    return datetime(2025, 5, day, hour, minute, tzinfo=STOCKHOLM)


def told(
    team: Calls, *, since: datetime, due_by: datetime, answered: bool = False, place: bool = False
) -> list[tuple[datetime, str, str]]:
    steps = Ladder({"outreach": team}).steps("outreach", since=since, due_by=due_by, answered=answered, place=place)
    return [(step.at, step.name, step.to) for step in steps]


def test_the_team_is_reminded_a_working_day_before_then_the_deputy_and_the_head_are_called() -> None:
    assert told(Calls(deputy="sspf"), since=at(12), due_by=at(19)) == [
        (at(16), "reminder", "own"), (at(19), "deadline", "team:sspf"), (at(20), "chain-1", "head")
    ]  # fmt: skip


def test_weekends_and_holidays_put_nobody_on_call() -> None:
    assert told(Calls(), since=at(23), due_by=at(28)) == [(at(27), "reminder", "own"), (at(30), "chain-1", "head")]


def test_a_team_of_evenings_is_called_in_the_evening() -> None:
    evenings = Calls(WorkingTime(days=("fri", "sat"), opens=time(15), closes=time(23)), deputy="sspf")
    assert told(evenings, since=at(9, 16), due_by=at(17, 16)) == [
        (at(16, 16), "reminder", "own"), (at(17, 16), "deadline", "team:sspf"), (at(23, 16), "chain-1", "head")
    ]  # fmt: skip


def test_a_clock_that_ends_on_a_day_that_was_closed_since_calls_at_the_next_opening() -> None:
    closed = Calls(WorkingTime(closed=(date(2025, 5, 19),)), deputy="sspf", remind_before_days=0, escalation=())
    assert told(closed, since=at(12), due_by=at(19, 10)) == [(at(20, 8), "deadline", "team:sspf")]


def test_a_reminder_as_the_clock_starts_is_none() -> None:
    assert told(Calls(), since=at(16, 9), due_by=at(19, 9)) == [(at(20, 9), "chain-1", "head")]


def test_a_team_that_wants_no_reminder_gets_none() -> None:
    assert told(Calls(remind_before_days=0, escalation=()), since=at(12), due_by=at(19)) == []


def test_accounts_are_called_each_by_itself_and_a_chain_goes_up_in_its_order() -> None:
    chain = (
        CalledNext(to=("account-3",), after_days=0),
        CalledNext(to="head", after_days=1),
        CalledNext(to="sspf", after_days=2),
    )
    assert told(Calls(remind_before_days=0, deputy=("account-1", "account-2"), escalation=chain), since=at(12), due_by=at(19)) == [
        (at(19), "deadline", "account:account-1"), (at(19), "deadline", "account:account-2"), (at(19), "chain-1", "account:account-3"),
        (at(20), "chain-2", "head"), (at(21), "chain-3", "team:sspf"),
    ]  # fmt: skip


def test_another_team_is_not_called_for_what_somebody_has_accepted() -> None:
    found = told(Calls(deputy="sspf"), since=at(12), due_by=at(19), answered=True)
    assert [(name, to) for _at, name, to in found] == [("reminder", "own"), ("chain-1", "head")]


def test_a_team_that_is_not_in_the_file_calls_nobody() -> None:
    assert Ladder({}).steps("outreach", since=at(12), due_by=at(19), answered=False) == list[Step]()


def test_of_a_place_the_team_is_reminded_and_its_head_told_but_nobody_else_is_called() -> None:
    team = Calls(deputy="sspf", escalation=(*HEAD_NEXT_DAY, CalledNext(to=("account-7",), after_days=2)))
    assert told(team, since=at(12), due_by=at(19), place=True) == [(at(16), "reminder", "own"), (at(20), "chain-1", "head")]
