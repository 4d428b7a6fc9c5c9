"""Writes that Kafka must acknowledge: they are repeated for a while, and every answer is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import tenacity
from aiokafka.errors import KafkaError

from hub.errors import FatalError, RetriableError
from hub.logs import get_logger

__all__ = ["repeated", "settled"]

_log = get_logger(__name__)
_ATTEMPTS = 4

_Answer = TypeVar("_Answer")


async def repeated(write: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """What the write answers, which must be whole each time. Raises RetriableError when Kafka does not take it."""
    try:
        return await write()  # nearly always: what tenacity needs to begin costs as much as a small write
    except KafkaError as error:
        failed = error
    try:
        async for attempt in _retrying():
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise failed
                return await write()
    except KafkaError as error:
        raise RetriableError(f"Kafka did not acknowledge: {type(error).__name__}", code="produce_failed") from error
    raise FatalError("a retry ended without an answer", code="produce_failed")


async def settled(sent: Sequence[Awaitable[Any]]) -> list[Any]:
    """Every answer; the first error, but after all have come: a repeat must not overtake what is still on its way."""
    answers = await asyncio.gather(*sent, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        if answer.offset < 0:  # a repeat that Kafka knows to be one, of what it has forgotten the place of
            raise FatalError("Kafka has written something and does not tell where", code="produce_failed")
    return answers


def _retrying() -> tenacity.AsyncRetrying:
    return tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=5),
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, KafkaError) and bool(error.retriable)),
        before_sleep=lambda state: _log.warning("produce repeated", attempt=state.attempt_number),
        reraise=True,
    )
