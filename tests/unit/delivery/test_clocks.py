"""By when to answer and to follow up, in the team's own days."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

from hub.clock import STOCKHOLM
from hub.delivery.clocks import Clocks
from hub.working_time import WorkingTime

FRIDAY = datetime(2025, 5, 23, 10, tzinfo=STOCKHOLM)
TEAMS = {
    "outreach": SimpleNamespace(working_time=WorkingTime(), follow_up_within_days=3),
    "weekend": SimpleNamespace(working_time=WorkingTime(days=("sat", "sun")), follow_up_within_days=1),
}
CLOCKS = Clocks(TEAMS)


def test_a_rules_days_are_working_days_of_the_team_that_answers() -> None:
    by = FRIDAY + timedelta(days=2)
    assert CLOCKS.respond("outreach", FRIDAY, by) == datetime(2025, 5, 27, 10, tzinfo=STOCKHOLM)
    assert CLOCKS.respond("weekend", FRIDAY, by) == datetime(2025, 5, 31, 8, tzinfo=STOCKHOLM)
    assert CLOCKS.respond("unknown", FRIDAY, by) == datetime(2025, 5, 27, 10, tzinfo=STOCKHOLM)


def test_what_is_accepted_is_followed_up_within_the_teams_days() -> None:
    assert CLOCKS.follow_up("outreach", FRIDAY) == datetime(2025, 5, 28, 10, tzinfo=STOCKHOLM)
    assert CLOCKS.follow_up("unknown", FRIDAY) is None
