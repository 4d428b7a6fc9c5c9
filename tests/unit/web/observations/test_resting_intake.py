"""The form over a real intake that rests: what its pages say is what becomes of the observation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import RetriableError
from hub.web.app import build_web
from hub.web.observations.sending import HttpIntake
from tests.unit.connect.conftest import NOW
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.observations.test_receiving import COVERED, KINDS, OTHER, SECRETS, Town, standing
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.observations.make import FIELDWORKER, make_observing, make_sender
from tests.unit.web.observations.test_pages import SAID, begin, hidden, logged, sent
from tests.unit.web.town import PagesTown

NOT_SENT, MAYBE, SENT = "Den är inte skickad", "Den kan ha skickats", "Inget av den finns kvar här"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Town]:
    folder = tmp_path / "intake"
    folder.mkdir()
    town = Town(folder)
    yield town
    town.close()


@pytest.fixture
def client(empty_town: PagesTown, intake: Town, visit: Visit) -> Browser:
    assert empty_town.clock.now() == NOW
    sender = replace(
        make_sender("leisure", "Fritid", dict.fromkeys(FIELDWORKER.roles, frozenset())), secret=lambda: SECRETS["partner-city"]
    )
    way = HttpIntake(empty_town.clock, InProcess(intake.app))
    empty_town.app = build_web(replace(empty_town.web, observing=make_observing(way, (sender,))))
    return visit(FIELDWORKER)


def test_a_paused_intake_sends_nothing_of_what_was_called_not_sent_and_another_form_is_one_observation(
    intake: Town, client: Browser, empty_town: PagesTown
) -> None:
    intake.lane_runs = False
    path, kept = begin(client)
    assert NOT_SENT in sent(client, path, SAID | kept)
    intake.events.poll()
    assert intake.published == []
    intake.lane_runs = True
    path, kept = begin(client)
    assert SENT in sent(client, path, SAID | kept)
    assert len(standing(intake)) == len(intake.published) == 1
    assert logged(empty_town) == [("permit", ""), ("deny", "intake_not_safe"), ("permit", "")]


def test_while_kafka_is_away_it_may_have_been_sent_and_from_the_same_form_it_is_one_observation(
    intake: Town, client: Browser, empty_town: PagesTown
) -> None:
    intake.publisher.away = RetriableError("away", code="kafka")
    path, kept = begin(client)
    text = sent(client, path, SAID | kept)
    assert (MAYBE in text, NOT_SENT in text) == (True, False)
    intake.publisher.away = None
    intake.events.poll()
    assert len(intake.published) == 1
    assert SENT in sent(client, path, SAID | hidden(text))
    assert len(intake.published) == 1
    assert logged(empty_town) == [("permit", ""), ("permit", "intake_in_doubt"), ("permit", "")]


def test_what_may_have_been_sent_is_not_called_unsent_when_the_next_sending_is_withdrawn(intake: Town, client: Browser) -> None:
    intake.publisher.away = RetriableError("away", code="kafka")
    path, kept = begin(client)
    first = sent(client, path, SAID | kept)
    intake.lane_runs = False
    second = sent(client, path, SAID | hidden(first))
    assert (MAYBE in second, NOT_SENT in second) == (True, False)
    intake.publisher.away = None
    intake.events.poll()
    assert len(intake.published) == 1


def test_another_child_and_back_from_one_form_while_kafka_is_away_ends_with_the_first(intake: Town, client: Browser) -> None:
    right = intake.grant(OTHER, 2, kinds=KINDS).youth_ref
    intake.publisher.away = RetriableError("away", code="kafka")
    path, fields = begin(client)
    for person in (OTHER, COVERED):
        fields = hidden(sent(client, path, SAID | fields | {"person": person}))
    intake.publisher.away = None
    assert SENT in sent(client, path, SAID | fields | {"person": OTHER})
    assert standing(intake) == {right: "recruitment"}
