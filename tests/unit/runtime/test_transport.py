"""What the edge to Kafka makes of answers; the edge itself is tested on a real Kafka."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from aiokafka.errors import KafkaTimeoutError

from hub.errors import FatalError
from hub.runtime.transport import _settled


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
        return await _settled([answer(one) for one in given])

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
