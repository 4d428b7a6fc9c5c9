"""An observation goes to the real receiver of a connector and its lane: one effect, one answer, nothing of anybody in an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.contract.models import RiskConcern
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.web.observations.senders import Observation, Sender
from hub.web.observations.sending import HttpIntake
from tests.unit.connect.conftest import NOW
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.observations.test_receiving import COVERED, OTHER, SECRETS, Town

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


def test_what_is_not_safe_is_to_be_sent_again_and_then_has_one_effect(town: Town) -> None:
    town.lane_runs = False
    with pytest.raises(RetriableError, match="not safe yet"):
        intake(town).push(SENDER, SAID)
    town.lane_runs = True
    intake(town).push(SENDER, SAID)
    assert len(town.published) == 1


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
