"""What is proposed for an area raises the priority that a person's task is shown with, and nothing else; it ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.models import Priority
from hub.presence.context import Raised, iso_week, raised
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
