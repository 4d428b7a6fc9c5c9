"""What became of the last try, in words; the code stays beside it."""

from __future__ import annotations

import pytest

from hub.web.language import Words
from hub.web.operations.letter_rows import outcome_told


@pytest.mark.parametrize("code", ["status_503", "status_429", "unreachable", "timeout"])
def test_a_source_that_gave_no_answer_is_asked_again_later(code: str) -> None:
    assert outcome_told(Words("sv"), code) == "källan svarade inte då: skicka igen senare"
    assert outcome_told(Words("en"), code) == "the source did not answer then: send it again later"


@pytest.mark.parametrize("code", ["status_401", "status_404", "status_501"])
def test_a_source_that_refused_is_looked_after_first(code: str) -> None:
    assert outcome_told(Words("sv"), code) == "källan vägrade svara då: se över kopplingens adress, hemlighet och rättigheter"
    assert outcome_told(Words("en"), code).startswith("the source refused to answer then: look at the connector's address")


@pytest.mark.parametrize("code", ["no_minutes", "status_", "status_503x", ""])
def test_what_only_the_connector_knows_is_shown_as_it_is(code: str) -> None:
    assert outcome_told(Words("sv"), code) == code
