"""The physical limit: a bare aiokafka loop that takes every record and looks at none: `bare SERVERS RECORDS TOPIC…`, JSON out."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from aiokafka import AIOKafkaConsumer

_SETTINGS = {
    "group_id": None,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "max_partition_fetch_bytes": 256 * 1024,
}


async def consume(servers: str, records: int, topics: list[str]) -> float:
    """Seconds of this process's processor time for all records, from the first poll that brings some."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=servers, **_SETTINGS)
    await consumer.start()
    began = time.process_time()
    taken = 0
    while taken < records:
        found = await consumer.getmany(timeout_ms=500, max_records=2000)
        taken += sum(map(len, found.values()))
    spent = time.process_time() - began
    await consumer.stop()
    return spent


if __name__ == "__main__":
    seconds = asyncio.run(consume(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
    print(json.dumps({"cpu_seconds": round(seconds, 3), "events_per_cpu_second": round(int(sys.argv[2]) / seconds)}))
