"""Several tabs on their way to the identity provider at once: each journey is a cookie of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from hub.testing import served
from tests.unit.web.crooked import Crooked, come_back
from tests.unit.web.test_oidc import Place, journeys
from tests.unit.web.town import PagesTown


@pytest.fixture
def place(empty_town: PagesTown) -> Iterator[Place]:
    with ExitStack() as stack:
        crooked = Crooked()
        crooked.url = stack.enter_context(served(crooked.app()))
        yield Place(empty_town, crooked, stack)


def test_two_tabs_on_their_way_at_once_both_arrive(place: Place) -> None:
    client = place.arrive()
    one, two = (place.crooked.authorise(client.get("/sign-in/provider").headers["location"]) for _ in range(2))
    assert len(journeys(client)) == 2
    assert [come_back(client, answer).status_code for answer in (one, two)] == [303, 303]
    assert not journeys(client)
    assert place.who(client) is not None


def test_what_fails_in_one_tab_leaves_the_other_on_its_way(place: Place) -> None:
    client = place.arrive()
    one, two = (place.crooked.authorise(client.get("/sign-in/provider").headers["location"]) for _ in range(2))
    assert come_back(client, one | {"state": "forged"}).status_code == 403
    assert len(journeys(client)) == 2
    assert come_back(client, {"error": "access_denied", "state": one["state"], "iss": one["iss"]}).status_code == 403
    assert come_back(client, two).status_code == 303


def test_a_browser_has_five_journeys_at_a_time_and_the_last_arrives(place: Place) -> None:
    client = place.arrive()
    for _ in range(8):
        last = client.get("/sign-in/provider").headers["location"]
    assert len(journeys(client)) == 5
    assert come_back(client, place.crooked.authorise(last)).status_code == 303
