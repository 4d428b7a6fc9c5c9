"""What is proposed for an area raises the priority that a person's task is shown with, and nothing else; it ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.models import PlaceCategory, Priority
from hub.presence.context import Raised, iso_week, raised, raised_by_event
from hub.presence.planned import PlannedEvent
from tests.unit.delivery.make import make_presence

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)  # Monday of 2025-W21; the proposal is of 2025-W20
HERE = [make_presence()]


def test_presence_proposed_for_this_week_or_the_one_before_raises_a_normal_priority() -> None:
    assert raised(Priority.NORMAL, "0581-hageby", HERE, NOW) == Raised("0581-hageby", "2025-W20")
    assert raised(Priority.NORMAL, "0581-hageby", HERE, NOW - timedelta(days=3)) == Raised("0581-hageby", "2025-W20")


@pytest.mark.parametrize(
    ("priority", "area", "at"),
    [
        (Priority.HIGH, "0581-hageby", NOW),
        (Priority.NORMAL, "0581-city", NOW),
        (Priority.NORMAL, None, NOW),
        (Priority.NORMAL, "0581-hageby", NOW + timedelta(days=7)),
        (Priority.NORMAL, "0581-hageby", NOW - timedelta(days=8)),
    ],
)
def test_nothing_else_raises_it(priority: Priority, area: str | None, at: datetime) -> None:
    assert raised(priority, area, HERE, at) is None


def test_it_is_undone_when_the_proposal_is_gone() -> None:
    assert raised(Priority.NORMAL, "0581-hageby", [], NOW) is None


def planned(starts: datetime, ends: datetime | None = None, area: str = "0581-hageby") -> PlannedEvent:
    return PlannedEvent(f"e{int(starts.timestamp()):040x}", area, starts, ends, PlaceCategory.GATHERING)


def test_an_event_within_seven_days_raises_a_normal_priority_until_it_is_over_and_of_several_the_first() -> None:
    later, first = planned(NOW + timedelta(days=7)), planned(NOW - timedelta(hours=2), NOW)
    assert raised_by_event(Priority.NORMAL, "0581-hageby", [later, first], NOW) == first
    assert raised_by_event(Priority.NORMAL, "0581-hageby", [later, first], NOW + timedelta(minutes=1)) == later


@pytest.mark.parametrize(
    ("priority", "area", "event"),
    [
        (Priority.HIGH, "0581-hageby", planned(NOW)),
        (Priority.NORMAL, None, planned(NOW)),
        (Priority.NORMAL, "0581-hageby", planned(NOW, area="0581-city")),
        (Priority.NORMAL, "0581-hageby", planned(NOW + timedelta(days=7, seconds=1))),
        (Priority.NORMAL, "0581-hageby", planned(NOW - timedelta(seconds=1))),
    ],
)
def test_no_other_event_raises_it(priority: Priority, area: str | None, event: PlannedEvent) -> None:
    assert raised_by_event(priority, area, [event], NOW) is None


def test_a_week_is_one_of_sweden() -> None:
    assert iso_week(datetime(2025, 5, 18, 21, 59, tzinfo=UTC)) == "2025-W20"
    assert iso_week(datetime(2025, 5, 18, 22, 0, tzinfo=UTC)) == "2025-W21"


@given(
    st.sampled_from(Priority),
    st.sampled_from([None, "0581-hageby", "0581-city"]),
    st.permutations(["2025-W19", "2025-W20", "2025-W21"]),
)
def test_the_order_of_proposals_decides_nothing(priority: Priority, area: str | None, weeks: list[str]) -> None:
    tasks = [make_presence().model_copy(update={"week": week}) for week in weeks]
    assert raised(priority, area, tasks, NOW) == raised(priority, area, tasks[::-1], NOW)
