"""Many lanes write dead letters at once, all to the one partition of their topic: no batch is larger than it takes."""

from __future__ import annotations

import asyncio

import pytest

from hub.contract.topics import SCHOOL_ABSENCES, dead_letter_topic
from hub.kafka import Outgoing
from hub.runtime.transport import KafkaLog
from hub.settings import Settings

LETTERS = dead_letter_topic(SCHOOL_ABSENCES).name
LANES, EACH = 12, 300


@pytest.mark.kafka
def test_what_all_lanes_write_at_once_to_one_partition_is_taken(kafka_settings: Settings) -> None:
    async def story() -> list[list[tuple[int, int]]]:
        log = KafkaLog(kafka_settings.bootstrap_servers)
        await log.start()
        try:
            lanes = ([Outgoing(LETTERS, None, bytes([lane]) * 150)] * EACH for lane in range(LANES))
            return await asyncio.gather(*(log.append(records) for records in lanes))
        finally:
            await log.stop()

    places = asyncio.run(story())
    assert sorted(place for lane in places for place in lane) == [(0, offset) for offset in range(LANES * EACH)]
