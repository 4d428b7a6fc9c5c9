"""What is planned is read by week and area, without what was called off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.contract.models import PlaceEvent
from hub.contract.topics import PLACE_EVENTS
from hub.presence.planned import called_off, planned_between, planned_one
from tests.unit.delivery.make import Desk
from tests.unit.presence.make import CITY, FRIDAY, HAGEBY, NOW
from tests.unit.web.town import make_planned

HOUR = timedelta(hours=1)
FIRST = make_planned().event_id


def told(engine: Engine, clock: ManualClock, *events: PlaceEvent) -> None:
    desk = Desk(engine, clock)
    desk.inbox.take([desk.record(PLACE_EVENTS, one.area, one) for one in events])


def test_an_event_is_there_while_it_is_on_and_at_neither_of_its_edges(engine: Engine, clock: ManualClock) -> None:
    told(engine, clock, make_planned(), make_planned(2, occurred_at=FRIDAY, ends_at=None, area=CITY))
    spans = {"before": (NOW, FRIDAY), "begins": (NOW, FRIDAY + HOUR), "on": (FRIDAY + HOUR, FRIDAY + 2 * HOUR)}
    spans |= {"its end": (FRIDAY + 3 * HOUR, FRIDAY + 9 * HOUR)}
    assert {name: [one.area for one in planned_between(engine, *span)] for name, span in spans.items()} == {
        "before": [], "begins": [HAGEBY, CITY], "on": [HAGEBY], "its end": [],
    }  # fmt: skip
    assert [one.area for one in planned_between(engine, NOW, FRIDAY + HOUR, CITY)] == [CITY]


def test_one_that_is_called_off_or_of_another_area_is_none(engine: Engine, clock: ManualClock) -> None:
    told(engine, clock, make_planned(), make_planned(2), make_planned(2, revision=2, retracted=True))
    second = make_planned(2).event_id
    assert planned_one(engine, FIRST, HAGEBY) is not None
    assert [planned_one(engine, *which) for which in ((FIRST, CITY), (second, HAGEBY), ("", HAGEBY))] == [None, None, None]
    assert [one.event_id for one in planned_between(engine, NOW, FRIDAY + HOUR)] == [FIRST]


def test_what_was_planned_for_is_known_to_be_called_off_in_its_area_only(engine: Engine, clock: ManualClock) -> None:
    told(engine, clock, make_planned(), make_planned(revision=2, retracted=True), make_planned(revision=3, area=CITY))
    assert called_off(engine, [(FIRST, HAGEBY), (FIRST, CITY), ("e" + "9" * 40, HAGEBY)]) == {(FIRST, HAGEBY)}
    assert called_off(engine, []) == frozenset()
