"""What a write that must be acknowledged makes of answers; the edge to Kafka itself is tested on a real one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
import tenacity
from aiokafka.errors import InvalidTopicError, KafkaError, KafkaTimeoutError, NotLeaderForPartitionError

from hub.errors import FatalError, RetriableError
from hub.runtime import acknowledged
from hub.runtime.acknowledged import repeated, settled


@dataclass
class Answer:
    offset: int


def answers(*given: int | Exception) -> list[Answer]:
    async def answer(one: int | Exception) -> Answer:
        await asyncio.sleep(0)
        if isinstance(one, Exception):
            raise one
        done.append(one)
        return Answer(one)

    async def whole() -> list[Answer]:
        return await settled([answer(one) for one in given])

    done: list[int] = []
    try:
        return asyncio.run(whole())
    finally:
        assert done == [one for one in given if isinstance(one, int)]


def test_every_answer_is_waited_for_before_the_first_error_is_raised() -> None:
    with pytest.raises(KafkaTimeoutError):
        answers(1, KafkaTimeoutError(), 3)
    assert answers(1, 2) == [Answer(1), Answer(2)]


def test_a_place_that_kafka_does_not_know_any_more_is_no_place_to_go_on_from() -> None:
    with pytest.raises(FatalError, match="does not tell where"):
        answers(1, -1)


def written(monkeypatch: pytest.MonkeyPatch, *fails: KafkaError) -> tuple[str, int]:
    """What comes of a write that fails so often before it is taken, and how often it was tried."""
    without_wait = acknowledged._retrying().copy(wait=tenacity.wait_none())
    monkeypatch.setattr(acknowledged, "_retrying", without_wait.copy)
    left, tried = list(fails), 0

    async def write() -> str:
        nonlocal tried
        tried += 1
        if left:
            raise left.pop(0)
        return "taken"

    try:
        return asyncio.run(repeated(write)), tried
    except RetriableError as error:
        return error.code, tried


def test_a_write_is_tried_four_times_in_all_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch) == ("taken", 1)
    assert written(monkeypatch, NotLeaderForPartitionError(), NotLeaderForPartitionError()) == ("taken", 3)
    assert written(monkeypatch, *(NotLeaderForPartitionError() for _ in range(4))) == ("produce_failed", 4)


def test_what_kafka_will_never_take_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, InvalidTopicError(), KafkaTimeoutError()) == ("produce_failed", 1)
