from __future__ import annotations

import pytest

from hub.connect.showing import MASKED, show
from hub.contract.models import InfoKind
from tests.unit.connect.conftest import NOW


def test_a_sound_record_is_shown_field_by_field_and_its_person_is_not(world) -> None:
    person = world.person()
    shown = show(world.absence(person, "attendance-17", minutes=45), world.origin, NOW)
    assert (shown.outcome, shown.topic) == ("mapped", "hub.school-absences.v1")
    assert (shown.fields["minutes"], shown.fields["kind"], shown.fields["agency"]) == (45, "unexcused", "school-norrkoping")
    assert (shown.fields["youth_ref"], shown.fields["event_id"]) == (MASKED, MASKED)
    told = repr(shown)
    assert person not in told
    assert person.replace("-", "") not in told
    assert "attendance-17" not in told


def test_a_place_is_shown_with_its_area(world) -> None:
    shown = show(world.incident(area="0581-city"), world.origin, NOW)
    assert (shown.outcome, shown.fields["area"], shown.fields["incidents"]) == ("mapped", "0581-city", 1)
    assert shown.fields["event_id"].startswith("e")


def test_what_gives_no_event_is_shown_with_its_reason_only(world) -> None:
    assert (show(world.unmapped("uncoded"), world.origin, NOW).reason) == "uncoded"
    bad = show(world.absence(world.person(), minutes=-1), world.origin, NOW)
    assert (bad.outcome, bad.reason, dict(bad.fields)) == ("refused", "invalid_record", {})
    unread = show(world.absence("Kim i 7B"), world.origin, NOW)
    assert (unread.outcome, unread.reason, dict(unread.fields)) == ("refused", "unresolved_identifier", {})


@pytest.mark.parametrize("granted", [True, False])
def test_it_is_the_same_whether_or_not_the_person_has_a_reference(world, granted) -> None:
    if granted:
        world.grant(world.person(), kinds=(InfoKind.SCHOOL_ABSENCE,))
    assert show(world.absence(world.person()), world.origin, NOW).outcome == "mapped"
