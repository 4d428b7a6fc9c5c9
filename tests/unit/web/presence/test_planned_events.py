"""What is planned stands in the week plan before its date, with a proposal to be there, and tells when it is called off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.contract.models import PlaceCategory
from hub.contract.topics import PLACE_EVENTS
from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import ANNA, BASE, VISIT, plan
from tests.unit.web.town import NOW, PagesTown, make_planned

EVENT = make_planned().event_id
WAY = f"{BASE}/new?area=0581-hageby&amp;event={EVENT}"
SAID = 'Planerat evenemang: folksamling, <time datetime="2025-05-23T18:00:00+00:00">fre 23 maj 20.00–23.00</time>'


def told(town: PagesTown, *, revision: int = 1, **changes: object) -> None:
    event = make_planned(revision=revision, **changes)
    town.take(PLACE_EVENTS, event.area, event)


def week(text: str, number: int) -> str:
    """One week of the plan."""
    return text.partition(f'id="week-{number}"')[2].partition("</section>")[0]


def test_an_event_stands_in_its_week_days_before_it_with_a_proposal_to_be_there(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    text = visit(ANNA).get(BASE).text
    assert SAID in week(text, 21)
    assert "Närvaro föreslås." in week(text, 21)
    assert WAY in week(text, 21)
    assert "Hageby" not in week(text, 22)


def test_an_event_of_months_ahead_stands_in_that_week(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town, occurred_at=datetime(2025, 6, 12, 16, 0, tzinfo=UTC), ends_at=None, category=PlaceCategory.DISORDER)
    text = visit(ANNA).get(BASE, params={"week": "2025-W24"}).text
    assert "ordningsstörning, " in week(text, 24)
    assert "tors 12 juni 18.00" in week(text, 24)


def test_one_over_a_weeks_end_stands_in_both_and_a_whole_day_is_told_as_a_day(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town, occurred_at=datetime(2025, 5, 25, 20, 0, tzinfo=UTC), ends_at=datetime(2025, 5, 26, 1, 0, tzinfo=UTC))
    text = visit(ANNA).get(BASE).text
    assert all("sön 25 maj 22.00–03.00" in week(text, number) for number in (21, 22))
    told(
        empty_town,
        revision=2,
        occurred_at=datetime(2025, 5, 20, 22, 0, tzinfo=UTC),
        ends_at=datetime(2025, 5, 21, 22, 0, tzinfo=UTC),
    )
    assert "ons 21 maj</time>" in visit(ANNA).get(BASE).text
    told(
        empty_town,
        revision=3,
        occurred_at=datetime(2025, 5, 20, 22, 0, tzinfo=UTC),
        ends_at=datetime(2025, 5, 23, 22, 0, tzinfo=UTC),
    )
    assert "ons 21 maj – fre 23 maj</time>" in visit(ANNA).get(BASE).text


def test_its_form_is_filled_in_and_a_presence_for_it_ends_the_proposal(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    anna = visit(ANNA)
    text = anna.get(f"{BASE}/new", params={"area": "0581-hageby", "event": EVENT}).text
    for part in ('value="0581-hageby" selected', 'value="2025-05-23"', 'value="20:00"', 'value="23:00"', f'value="{EVENT}"'):
        assert part in text
    assert 'value="planned_event" checked' in text
    path = plan(anna, event=EVENT)
    text = week(anna.get(BASE).text, 21)
    assert SAID in text
    assert "Närvaro föreslås." not in text
    anna.post(f"{path}/cancel", data={"version": "1"})
    assert "Närvaro föreslås." in week(anna.get(BASE).text, 21)


@pytest.mark.parametrize("ends", [None, datetime(2025, 5, 24, 18, 0, tzinfo=UTC)])
def test_of_an_event_that_no_presence_lasts_for_only_the_day_is_filled_in(
    empty_town: PagesTown, visit: Visit, ends: datetime | None
) -> None:
    told(empty_town, ends_at=ends)
    text = visit(ANNA).get(f"{BASE}/new", params={"area": "0581-hageby", "event": EVENT}).text
    assert 'value="2025-05-23"' in text
    assert 'name="starts" type="time" value=""' in text


def test_what_is_called_off_is_no_proposal_and_who_had_planned_for_it_is_told(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    anna = visit(ANNA)
    path = plan(anna, event=EVENT)
    assert "inställt" not in anna.get(path).text + anna.get(BASE).text
    told(empty_town, revision=2, retracted=True)
    assert "Evenemanget är inställt eller flyttat" in week(anna.get(BASE).text, 21)
    assert "Planerat evenemang:" not in anna.get(BASE).text
    assert "Bestäm om någon går ändå." in anna.get(path).text


def test_an_event_that_is_none_or_of_another_area_is_not_kept_with_the_presence(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    anna = visit(ANNA)
    for changed in ({"event": "e" + "0" * 40}, {"event": EVENT, "area": "0581-city"}):
        plan(anna, **changed)
    assert [one.event_id for one in empty_town.web.presence().plan.between(NOW, NOW + timedelta(days=9))] == [None, None]
    assert anna.get(f"{BASE}/new", params={"area": "0581-city", "event": EVENT}).status_code == 200


def test_what_is_over_is_told_and_not_proposed(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town, occurred_at=NOW - timedelta(hours=9), ends_at=NOW - timedelta(hours=8))
    text = visit(ANNA).get(BASE, params={"week": "2025-W20"}).text
    assert "Planerat evenemang:" in week(text, 20)
    assert "Närvaro föreslås." not in text


def test_what_is_on_today_stands_on_the_page_for_a_phone(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    anna = visit(ANNA)
    assert "Planerade evenemang i dag" not in anna.get("/team/outreach/today").text
    empty_town.clock.set(datetime(2025, 5, 23, 6, 0, tzinfo=UTC))
    anna = visit(ANNA)
    assert "folksamling, fre 23 maj 20.00–23.00" in anna.get("/team/outreach/today").text


def test_it_is_there_in_english(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    anna = visit(ANNA)
    anna.get("/language/en")
    text = anna.get(BASE).text
    assert "Planned event: gathering," in text
    assert "Presence is proposed." in text


def test_a_form_with_something_wrong_keeps_the_event(empty_town: PagesTown, visit: Visit) -> None:
    told(empty_town)
    answer = visit(ANNA).post(f"{BASE}/new", data=VISIT | {"event": EVENT, "who": "somebody"})
    assert (answer.status_code, f'name="event" value="{EVENT}"' in answer.text) == (400, True)
