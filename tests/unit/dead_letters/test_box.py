"""The dead letters of topics for whoever looks after them, over Kafka in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.contract.topics import SCHOOL_ABSENCES
from hub.dead_letters.box import TopicLetterBox, TopicPorts, body_of
from hub.dead_letters.reading import merged
from hub.dead_letters.redrive import Redriver
from hub.dead_letters.store import SettledLetters
from hub.errors import RejectedError
from hub.kafka import Outgoing
from hub.settings import Settings
from tests.unit.dead_letters.make import CODEC, NOW, YOUTH, Shelf, make_absence, make_consent, make_letter

NAMES = [f"{SCHOOL_ABSENCES.name}:0:{offset}" for offset in range(2)]


class Topics:
    """Two dead letters: of the first the record can be read now, of the second it is gone."""

    def __init__(self, home: Path) -> None:
        self.shelf, self.written = Shelf(), list[Outgoing]()
        self.shelf.put(SCHOOL_ABSENCES, 0, YOUTH.encode(), CODEC.encode(SCHOOL_ABSENCES, make_absence()))
        self.shelf.consent(make_consent())
        ports = TopicPorts(lambda: merged([make_letter(0), make_letter(1)]), self.redriver)
        self.box = TopicLetterBox(SettledLetters(Settings(home=home)), ManualClock(NOW), ports)

    @contextmanager
    def redriver(self) -> Iterator[Redriver]:
        yield Redriver(self.shelf, CODEC, self.written.extend)

    def states(self) -> list[str]:
        return [state for _, state in self.box.all()]


@pytest.fixture
def topics(tmp_path: Path) -> Topics:
    return Topics(tmp_path)


def test_what_each_would_meet_is_told_and_nothing_is_written(topics: Topics) -> None:
    chosen = topics.box.choose([], SCHOOL_ABSENCES.name, 9)
    judged = topics.box.judge(chosen)
    assert [judged[one.place].reason for one in chosen] == ["", "gone"]
    body = body_of(judged[chosen[0].place])
    assert body is not None
    assert (body["minutes"], "youth_ref" in body) == (60, False)
    assert body_of(judged[chosen[1].place]) is None
    assert topics.written == []


def test_what_is_written_again_waits_no_more(topics: Topics) -> None:
    told: list[int] = []
    assert topics.box.redrive(topics.box.choose(NAMES, "", 9), told.append) == {"": 1, "gone": 1}
    assert (len(topics.written), told, topics.states()) == (1, [1, 2], ["redriven", "waiting"])
    assert topics.box.choose(NAMES[:1], "", 9) == []


def test_a_letter_is_discarded_and_brought_back(topics: Topics) -> None:
    topics.box.discard(topics.box.choose(NAMES, "", 1))
    assert topics.states() == ["discarded", "waiting"]
    topics.box.discard(topics.box.choose(NAMES, "", 9, "discarded"), undo=True)
    assert topics.states() == ["waiting", "waiting"]


def test_a_place_that_no_letter_names_is_none(topics: Topics) -> None:
    with pytest.raises(RejectedError, match="no such letter"):
        topics.box.find([f"{SCHOOL_ABSENCES.name}:0:7"])
