"""Dead letters of the hub's topics on the operator's pages, over Kafka in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.contract.topics import SCHOOL_ABSENCES
from hub.errors import RetriableError
from tests.unit.dead_letters.make import YOUTH
from tests.unit.dead_letters.test_box import Topics
from tests.unit.web.conftest import Visit
from tests.unit.web.operations.source import OFFICER, OPERATOR, Sources, audited
from tests.unit.web.town import PagesTown

READABLE, GONE = (f"{SCHOOL_ABSENCES.name}:0:{offset}" for offset in range(2))
PLACE = "/letters/topics"


@pytest.fixture
def topics(sources: Sources, tmp_path: Path) -> Topics:
    found = Topics(tmp_path / "topics")
    sources.more["build_topics"] = lambda _settings: found.box
    return found


def test_they_are_listed_and_what_each_would_meet_is_shown_before_it_is_written(
    topics: Topics, empty_town: PagesTown, visit: Visit
) -> None:
    client = visit(OPERATOR)
    assert client.get(PLACE).text.count('type="checkbox"') == 2
    text = client.post(PLACE, data={"deed": "try", "letter": [READABLE, GONE]}).text
    assert f"{READABLE}</span>: kan läsas nu" in text
    assert f"{GONE}</span>: ämnet har släppt posten" in text
    assert "Skriv 1 igen" in text
    assert topics.written == []
    done = client.post(PLACE, data={"deed": "redrive", "letter": READABLE}).text
    assert "1 skrevs igen" in done
    assert YOUTH not in done
    assert (len(topics.written), topics.states()) == (1, ["redriven", "waiting"])
    assert audited(empty_town)[0] == "dead_letter_redriven"


def test_the_page_promises_no_more_than_it_keeps(topics: Topics, visit: Visit) -> None:
    """What consent says now of a record that is named by its place is shown there; of whom it is, nothing is."""
    text = visit(OPERATOR).get("/letters/topics").text
    assert "Inget här visar vem någon är." in text
    assert "om någon har ett samtycke" not in text


def test_they_are_put_aside_and_taken_back(topics: Topics, visit: Visit) -> None:
    client = visit(OPERATOR)
    to = client.post(PLACE, data={"deed": "discard", "letter": GONE}).headers["location"]
    assert "undanlagd" in client.get(to).text
    assert client.post(PLACE, data={"deed": "restore", "letter": GONE}).status_code == 303
    assert topics.states() == ["waiting", "waiting"]


def test_what_one_holds_is_for_the_body_right_and_without_whose_it_is(topics: Topics, visit: Visit) -> None:
    assert visit(OPERATOR).post(f"{PLACE}/body", data={"letter": READABLE}).status_code == 403
    client = visit(OFFICER)
    text = client.post(f"{PLACE}/body", data={"letter": READABLE}).text
    assert ">60<" in text
    assert YOUTH not in text
    assert "ämnet har släppt posten" in client.post(f"{PLACE}/body", data={"letter": GONE}).text
    assert client.post(PLACE, data={"deed": "redrive", "letter": READABLE}).status_code == 403


def test_a_form_without_a_letter_is_told(topics: Topics, visit: Visit) -> None:
    client = visit(OPERATOR)
    assert client.post(PLACE, data={"deed": "try"}).status_code == 400
    assert client.post(PLACE, data={"letter": READABLE}).status_code == 400
    assert topics.written == []


def test_when_kafka_is_away_the_page_says_what_to_do(sources: Sources, visit: Visit) -> None:
    def away(_settings: object) -> object:
        raise RetriableError("nobody answers", code="kafka")

    sources.more["build_topics"] = away
    answer = visit(OPERATOR).get(PLACE)
    assert answer.status_code == 503
    assert "Kafka svarar inte" in answer.text
