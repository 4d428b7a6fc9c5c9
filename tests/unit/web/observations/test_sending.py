"""An observation goes to the real receiver of a connector and its lane: one effect, one answer, nothing of anybody in an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.clock import ManualClock
from hub.contract.models import RiskConcern
from hub.errors import ConfigError, InDoubtError, RejectedError, RetriableError
from hub.web.observations.senders import Observation, Sender
from hub.web.observations.sending import HttpIntake
from tests.unit.connect.conftest import NOW
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.observations.test_receiving import COVERED, KINDS, OTHER, SECRETS, Town, standing

SENDER = Sender("leisure", "Fritid", {}, "http://127.0.0.1:9/intake/risk_event", lambda: SECRETS["partner-city"])
SAID = Observation(
    "0123456789abcdef" * 2, COVERED.replace("-", ""), RiskConcern.RECRUITMENT, "0581-hageby", NOW - timedelta(days=1)
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def intake(town: Town) -> HttpIntake:
    return HttpIntake(town.clock, InProcess(town.app))


def test_it_is_published_as_it_was_said_and_whoever_has_no_consent_is_answered_alike(town: Town) -> None:
    beats = []
    for number, person in enumerate((SAID.person, OTHER)):
        town.beats.clear()
        intake(town).push(SENDER, replace(SAID, number=f"{number:032x}", person=person))
        beats.append(list(town.beats))
    assert beats[0] == beats[1]
    [event] = town.published
    assert (event.concern, event.area, event.occurred_at) == (RiskConcern.RECRUITMENT, "0581-hageby", SAID.observed_at)


def test_sent_twice_it_has_one_effect_and_sent_again_changed_it_is_corrected(town: Town) -> None:
    for said in (SAID, SAID, replace(SAID, concern=RiskConcern.CONFLICT)):
        intake(town).push(SENDER, said)
    assert [(event.revision, event.concern.value) for event in town.published] == [(1, "recruitment"), (2, "conflict")]
    assert len({event.event_id for event in town.published}) == 1


def test_corrected_and_corrected_back_from_one_form_it_stands_as_it_was_said_last(town: Town) -> None:
    right = town.grant(OTHER, 2, kinds=KINDS).youth_ref
    for showing, person in enumerate((OTHER, SAID.person, OTHER)):
        intake(town).push(SENDER, replace(SAID, person=person, showing=str(showing)))
    assert standing(town) == {right: "recruitment"}


def test_what_one_showing_of_the_form_sent_is_a_repeat_also_behind_a_correction(town: Town) -> None:
    for showing, concern in (("1", RiskConcern.RECRUITMENT), ("2", RiskConcern.CONFLICT), ("1", RiskConcern.RECRUITMENT)):
        intake(town).push(SENDER, replace(SAID, concern=concern, showing=showing))
    assert set(standing(town).values()) == {"conflict"}


def test_while_the_lane_asks_for_nothing_it_is_not_sent_and_will_not_be(town: Town) -> None:
    town.lane_runs = False
    with pytest.raises(RetriableError) as caught:
        intake(town).push(SENDER, SAID)
    assert (type(caught.value), caught.value.code) == (RetriableError, "intake_not_safe")
    town.events.poll()
    assert town.published == []
    town.lane_runs = True
    intake(town).push(SENDER, replace(SAID, number="f" * 32))
    assert len(town.published) == 1


def test_while_kafka_is_away_it_is_in_doubt_and_sent_again_changed_it_stands_as_it_was_said_last(town: Town) -> None:
    right = town.grant(OTHER, 2, kinds=KINDS).youth_ref
    town.publisher.away = RetriableError("away", code="kafka")
    for showing, person in enumerate((OTHER, SAID.person)):
        with pytest.raises(InDoubtError):
            intake(town).push(SENDER, replace(SAID, person=person, showing=str(showing)))
    town.publisher.away = None
    intake(town).push(SENDER, replace(SAID, person=OTHER, showing="2"))
    assert standing(town) == {right: "recruitment"}


@pytest.mark.parametrize(
    ("error", "in_doubt"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
    ],
)
def test_an_intake_that_was_reached_and_does_not_answer_leaves_it_in_doubt(error: httpx.HTTPError, in_doubt: bool) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(RetriableError) as caught:
        HttpIntake(ManualClock(NOW), httpx.MockTransport(answer)).push(SENDER, SAID)
    assert isinstance(caught.value, InDoubtError) is in_doubt
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("answer", "in_doubt"),
    [
        (httpx.Response(503, json={"code": "withdrawn"}), False),
        (httpx.Response(503, json={"code": "too_many_waiting"}), False),
        (httpx.Response(503, json={"code": "not_safe_yet"}), True),
        (httpx.Response(503, text="Service Unavailable"), True),
        (httpx.Response(503, json=["withdrawn"]), True),
        (httpx.Response(500), True),
        (httpx.Response(409, json={"code": "key_reused"}), False),
        (httpx.Response(429, json={"code": "too_many_pushes"}), False),
    ],
)
def test_only_an_answer_that_says_so_means_that_it_is_not_sent(answer: httpx.Response, in_doubt: bool) -> None:
    with pytest.raises(RetriableError) as caught:
        HttpIntake(ManualClock(NOW), httpx.MockTransport(lambda _request: answer)).push(SENDER, SAID)
    assert isinstance(caught.value, InDoubtError) is in_doubt


def test_an_intake_that_is_away_is_told_without_anything_of_the_request() -> None:
    with pytest.raises(RetriableError) as caught:
        HttpIntake(ManualClock(NOW)).push(SENDER, SAID)
    assert caught.value.code == "intake_away"
    assert caught.value.__suppress_context__


def test_too_many_at_once_are_sent_again_later(town: Town) -> None:
    with pytest.raises(RetriableError) as caught:
        HttpIntake(town.clock, InProcess(town.app), most=0).push(SENDER, SAID)
    assert caught.value.code == "too_many_sending"


@pytest.mark.parametrize(
    ("secret", "code"),
    [("whsec_A", "bad_secret"), ("whsec_" + "A" * 32, "intake_refuses")],
)
def test_a_secret_that_is_not_the_partners_is_said_by_its_setting(town: Town, secret: str, code: str) -> None:
    with pytest.raises(ConfigError, match=r"web\.observations\.senders\.leisure") as caught:
        intake(town).push(replace(SENDER, secret=lambda: secret), SAID)
    assert caught.value.code == code
    assert "AAAA" not in str(caught.value)


def test_what_breaks_a_rule_of_the_intake_is_refused(town: Town) -> None:
    with pytest.raises(RejectedError) as caught:
        intake(town).push(SENDER, replace(SAID, observed_at=NOW + timedelta(days=3)))
    assert caught.value.code == "refused"
