"""A broker is asked at a distance, and in the very bytes in which aiokafka would ask."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import pytest
from aiokafka.protocol.api import ResponseHeader_v0
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11

from hub.runtime.fetching import Fetching, QuickFetch

NODE, OTHER = 1, 2
TOPICS = [("hub.absences.v1", [(0, 17, 262144), (11, 2**40, 262144)]), ("hub.hälsa.v1", [(3, 0, 1)]), ("empty", [])]
RECENT, OLD = {1: (4, 18)}, {1: (0, 10)}


def request(topics: Any = TOPICS, rack: str = "") -> FetchRequest:
    return FetchRequest(250, 1, 52428800, 1, topics, rack_id=rack)


@pytest.mark.parametrize("rack", ["", "hall-å"])
@pytest.mark.parametrize("topics", [TOPICS, []], ids=["some", "none"])
def test_a_request_is_encoded_as_aiokafka_encodes_it(topics: Any, rack: str) -> None:
    asked = request(topics, rack)
    quick = QuickFetch(asked)
    made = quick.prepare(RECENT)
    assert quick.topics == asked.topics
    assert made.encode() == asked.build(FetchRequest_v11).encode()
    header = made.build_request_header(correlation_id=7, client_id="hub").encode()
    assert header == asked.prepare(RECENT).build_request_header(correlation_id=7, client_id="hub").encode()
    assert "hub.absences.v1" in repr(made) or not topics


def test_a_broker_of_another_version_is_asked_as_aiokafka_asks_it() -> None:
    made = QuickFetch(request()).prepare(OLD)
    assert made == request().prepare(OLD)
    assert made.API_VERSION == 10


def partition(number: int, aborted: Any, records: bytes | None, error: int = 0) -> tuple[Any, ...]:
    return number, error, 2**40 + 1, 2**40, 5, aborted, -1, records


ANSWERS = [
    [],
    [("hub.absences.v1", [])],
    [("hub.absences.v1", [partition(0, None, b"records"), partition(1, [], b"")]), ("hub.hälsa.v1", [partition(2, None, None)])],
    [("hub.absences.v1", [partition(0, [(9, 3), (2**50, 2**41)], b"\x00" * 300), partition(1, None, None, error=1)])],
]


@pytest.mark.parametrize("topics", ANSWERS, ids=["nothing", "a bare topic", "records and none", "taken back and failed"])
def test_an_answer_is_decoded_as_aiokafka_decodes_it(topics: Any) -> None:
    answer = QuickFetch(request()).prepare(RECENT).RESPONSE_TYPE
    told = FetchResponse_v11(3, 0, 0, topics).encode()
    assert answer.decode(told) == FetchResponse_v11.decode(told)
    behind = BytesIO(ResponseHeader_v0(7).encode() + told)
    QuickFetch(request()).prepare(RECENT).parse_response_header(behind)
    assert answer.decode(behind).topics == FetchResponse_v11.decode(told).topics


class Broker:
    """It answers at once, or `holds` a fetch for so long; the clock goes on only while somebody waits."""

    def __init__(self, holds: float = 0.0) -> None:
        self.now = 100.0
        self.holds = holds
        self.asked: list[tuple[int, float]] = []
        self.fetching = Fetching(self._answer, apart=0.5, clock=lambda: self.now, sleep=self._wait)

    async def _wait(self, seconds: float) -> None:
        self.now += seconds

    async def _answer(self, _assignment: Any, node: int, asked: Any) -> bool:
        assert isinstance(asked, QuickFetch)
        self.asked.append((node, self.now))
        self.now += self.holds
        return True

    def fetch(self, *nodes: int) -> list[tuple[int, float]]:
        for node in nodes:
            assert asyncio.run(self.fetching(None, node, request()))
        return self.asked


def test_two_fetches_of_a_broker_begin_apart_and_the_first_at_once() -> None:
    assert Broker(holds=0.125).fetch(NODE, NODE, NODE) == [(NODE, 100.0), (NODE, 100.5), (NODE, 101.0)]


def test_a_fetch_that_was_held_for_longer_is_followed_at_once() -> None:
    assert Broker(holds=2.0).fetch(NODE, NODE) == [(NODE, 100.0), (NODE, 102.0)]


def test_one_broker_does_not_wait_for_another() -> None:
    assert Broker().fetch(NODE, OTHER, NODE) == [(NODE, 100.0), (OTHER, 100.0), (NODE, 100.5)]


def test_a_fetch_that_is_called_off_while_it_waits_has_found_nothing_and_asks_nobody() -> None:
    async def story() -> tuple[bool, int]:
        fetched = asyncio.get_running_loop().create_future()

        async def ask(*_: Any) -> bool:
            asked.append(1)
            return True

        async def wait(_seconds: float) -> None:
            await fetched

        asked: list[int] = []
        fetching = Fetching(ask, apart=0.5, clock=lambda: 100.0, sleep=wait)
        assert await fetching(None, NODE, request())
        waiting = asyncio.create_task(fetching(None, NODE, request()))
        await asyncio.sleep(0)
        waiting.cancel()
        return await waiting, len(asked)

    assert asyncio.run(story()) == (False, 1)
