from __future__ import annotations

from datetime import timedelta

import pytest

from hub.dead_letters.reading import DEAD_LETTER_TOPICS, Place, merged
from hub.errors import RejectedError
from tests.unit.dead_letters.make import NOW, make_letter


def test_a_record_that_several_processes_refused_is_one_letter() -> None:
    later = NOW + timedelta(minutes=1)
    letters = [make_letter(stage="delivery", occurred_at=later, error_class="malformed"), make_letter(), make_letter(1)]
    first, second = merged(letters)
    assert (first.stages, first.attempts, first.reason, first.found_at) == (("decoding", "delivery"), 2, "unknown_schema_id", NOW)
    assert second.place.offset == 1


def test_a_place_is_read_back_from_its_text() -> None:
    place = Place("hub.school-absences.v1", 3, 17)
    assert Place.of(str(place)) == place


@pytest.mark.parametrize(
    "text", ["hub.nothing.v1:0:1", "hub.rules.v1:x:1", "hub.rules.v1:0", ":::", "hub.rules.v1:0:" + "9" * 30]
)
def test_what_names_no_place_is_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        Place.of(text)


def test_every_topic_has_its_dead_letter_topic_read() -> None:
    assert "hub.erasures.v1.dlq" in DEAD_LETTER_TOPICS
    assert all(name.endswith(".dlq") for name in DEAD_LETTER_TOPICS)
