"""What is planned in areas is kept ahead of its date, once, at its highest revision, in the transaction that moves the offset."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.models import DeadLetter, PlaceEvent, PlaceKind
from hub.contract.topics import PLACE_EVENTS, dead_letter_topic
from hub.delivery.inbox import Inbox
from hub.delivery.planned import KEPT
from hub.delivery.tables import PlannedRow
from tests.unit.delivery.make import NOW, Desk
from tests.unit.web.town import make_planned

FRIDAY = make_planned().occurred_at
OVER = make_planned().ends_at or FRIDAY


def take(desk: Desk, *events: PlaceEvent) -> int:
    """All in one batch."""
    return desk.inbox.take([desk.record(PLACE_EVENTS, one.area, one) for one in events])


def kept(engine: Engine) -> list[tuple[str, str, int, bool]]:
    with Session(engine) as session:
        rows = session.scalars(select(PlannedRow).order_by(PlannedRow.area, PlannedRow.event_id))
        return [(row.event_id[-2:], row.area, row.revision, row.called_off) for row in rows]


def outcomes(desk: Desk) -> dict[str, int]:
    return {outcome: number for (topic, outcome), number in desk.worklist.counts().items() if topic == PLACE_EVENTS.name}


def test_a_planned_event_is_kept_and_what_has_happened_is_left_to_the_correlation(desk: Desk, engine: Engine) -> None:
    happened = [make_planned(number, kind=kind) for number, kind in ((2, PlaceKind.EST_REPORT), (3, PlaceKind.POLICE_EVENT))]
    take(desk, make_planned(), *happened)
    assert kept(engine) == [("01", "0581-hageby", 1, False)]
    assert outcomes(desk) == {"planned": 1, "not_for_us": 2}


@pytest.mark.parametrize("batches", [1, 4])
def test_of_revisions_the_highest_holds_and_a_repeat_changes_nothing(desk: Desk, engine: Engine, batches: int) -> None:
    told = [
        make_planned(),
        make_planned(revision=3, occurred_at=FRIDAY + timedelta(hours=1)),
        make_planned(revision=2),
        make_planned(),
    ]
    for part in [told] if batches == 1 else [[one] for one in told]:
        take(desk, *part)
    assert kept(engine) == [("01", "0581-hageby", 3, False)]
    assert outcomes(desk) == {"planned": 2, "duplicate": 2}
    with Session(engine) as session:
        assert session.scalars(select(PlannedRow.starts_at)).one() == FRIDAY + timedelta(hours=1)


def test_what_moves_to_another_area_is_called_off_in_the_first(desk: Desk, engine: Engine) -> None:
    take(desk, make_planned(), make_planned(revision=2, retracted=True), make_planned(revision=3, area="0581-city"))
    assert kept(engine) == [("01", "0581-city", 3, False), ("01", "0581-hageby", 2, True)]
    assert outcomes(desk) == {"planned": 2, "called_off": 1}


def test_a_record_that_comes_again_after_a_crash_is_not_taken_again(desk: Desk, engine: Engine) -> None:
    record = desk.record(PLACE_EVENTS, "0581-hageby", make_planned())
    assert [desk.inbox.take([record]), desk.inbox.take([record])] == [1, 0]
    assert outcomes(desk) == {"planned": 1}


def test_what_is_over_is_let_go_of_after_a_month_and_is_not_taken_any_more(
    desk: Desk, engine: Engine, clock: ManualClock
) -> None:
    take(desk, make_planned())
    clock.set(OVER + KEPT - timedelta(seconds=1))
    take(desk, make_planned(2, occurred_at=clock.now(), ends_at=None))
    assert [row[0] for row in kept(engine)] == ["01", "02"]
    clock.set(OVER + KEPT)
    take(desk, make_planned(3), make_planned(4, occurred_at=clock.now(), ends_at=None))
    assert [row[0] for row in kept(engine)] == ["02", "04"]
    assert outcomes(desk) == {"planned": 3, "over": 1}


def test_what_nobody_can_plan_for_yet_is_refused(desk: Desk, engine: Engine) -> None:
    take(desk, make_planned(occurred_at=NOW + timedelta(days=401), ends_at=None))
    assert (kept(engine), outcomes(desk)) == ([], {"refused_too_far_ahead": 1})


def test_whoever_may_not_speak_is_refused_with_the_reason_and_what_is_not_planned_is_not_judged(
    desk: Desk, engine: Engine, clock: ManualClock
) -> None:
    desk.inbox = Inbox(engine, desk.codec, clock, claims=lambda event: "unknown_agency" if event.agency == "nobody" else "")
    take(desk, make_planned(agency="nobody"), make_planned(2), make_planned(3, agency="nobody", kind=PlaceKind.POLICE_EVENT))
    assert [row[0] for row in kept(engine)] == ["02"]
    assert outcomes(desk) == {"refused_unknown_agency": 1, "planned": 1, "not_for_us": 1}


def test_a_record_that_is_none_or_lies_under_another_area_is_a_dead_letter(desk: Desk, engine: Engine) -> None:
    wrong = desk.record(PLACE_EVENTS, "0581-city", make_planned())
    desk.inbox.take([wrong, desk.raw(PLACE_EVENTS, b"0581-hageby", b"\x00junk")])
    letters = [one for one in desk.outbox(dead_letter_topic(PLACE_EVENTS)) if isinstance(one, DeadLetter)]
    assert letters[0].error_class == "key_mismatch"
    assert (kept(engine), outcomes(desk)) == ([], {"dead_lettered": 2})


def test_nothing_that_is_kept_could_tell_of_anybody() -> None:
    assert {column.name for column in PlannedRow.__table__.columns} == {
        "event_id", "area", "revision", "called_off", "starts_at", "ends_at", "category",
    }  # fmt: skip
