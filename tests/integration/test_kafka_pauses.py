"""Marks of paused sources on a real Kafka: what one process writes another reads, and each takes the place of the last."""

from __future__ import annotations

import pytest

from hub.contract.topics import POLICE_NOTICES, SCHOOL_ABSENCES
from hub.dead_letters.pauses import KafkaBoard, Mark
from hub.errors import RetriableError
from hub.settings import Settings

GROUP = "hub-correlation"
FIRST = Mark(SCHOOL_ABSENCES.name, 0, 101, 101, 200, 1_747_632_600)
SECOND = Mark(POLICE_NOTICES.name, 3, 2**40, 120, 200, 1_747_632_700)


@pytest.mark.kafka
def test_marks_are_written_read_answered_and_forgotten(kafka_settings: Settings) -> None:
    mine, theirs = (KafkaBoard(kafka_settings.bootstrap_servers, GROUP) for _ in range(2))
    assert mine.read() == {}
    mine.clear()
    mine.write([])
    mine.write([FIRST, SECOND])
    assert theirs.read() == {(one.topic, one.partition): one for one in (FIRST, SECOND)}
    theirs.write([FIRST.answered(500)])
    assert mine.read()[FIRST.topic, 0] == FIRST.answered(500)
    assert KafkaBoard(kafka_settings.bootstrap_servers, "another").read() == {}
    mine.clear()
    assert theirs.read() == {}


def test_nobody_there_is_told() -> None:
    with pytest.raises(RetriableError):
        KafkaBoard("127.0.0.1:1", GROUP).read()
