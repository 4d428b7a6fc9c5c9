"""Faust's consumer reads committed records only."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.runtime.committed import CommittedConsumer
from tests.unit.runtime.test_app import make_app


def test_the_consumer_that_the_worker_makes_reads_committed(tmp_path: Path) -> None:
    async def story() -> str:
        app = make_app(tmp_path)
        assert isinstance(app.consumer, CommittedConsumer)
        made = app.consumer._new_consumer_thread()._create_worker_consumer(app.transport)
        level = str(made._isolation_level)
        await made.stop()
        return level

    assert asyncio.run(story()) == "read_committed"
