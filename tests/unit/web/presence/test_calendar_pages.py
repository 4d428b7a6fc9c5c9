"""One's own calendar address: made, shown once, made anew, ended."""

from __future__ import annotations

from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import ANNA, BASE, logged
from tests.unit.web.town import PagesTown

CALENDAR = f"{BASE}/calendar"


def test_an_address_is_shown_by_the_answer_that_made_it_and_never_again(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    assert "Du har ingen adress." in anna.get(CALENDAR).text
    assert "/presence/calendar/" in anna.post(CALENDAR).text
    again = anna.get(CALENDAR).text
    assert "Din adress gäller till" in again
    assert "/presence/calendar/" not in again


def test_an_address_is_ended(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    anna.post(CALENDAR)
    assert anna.post(CALENDAR, data={"end": "yes"}).status_code == 303
    assert "Du har ingen adress." in anna.get(CALENDAR).text
    assert [purpose for _, purpose, _ in logged(empty_town, "calendar_changed")] == ["renewed", "ended"]
