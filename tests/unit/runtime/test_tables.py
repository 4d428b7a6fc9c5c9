"""What Faust sees of the state: how far it is restored, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import faust
import pytest
from faust.types import TP

from hub.runtime.tables import StateTable
from tests.unit.runtime.fakes import CHANGELOG, MemoryLog
from tests.unit.runtime.test_driver import make_driver


def test_a_rebalance_restores_what_is_assigned_and_faust_has_nothing_left_to_recover(tmp_path: Path) -> None:
    async def story() -> None:
        log, failures = MemoryLog(), list[BaseException]()
        driver = make_driver(tmp_path, log, failures)
        table = StateTable(faust.App("test", datadir=tmp_path / "faust"), driver, 4, failures.append)
        assigned = {TP(CHANGELOG, 2), TP("other", 3)}
        await table.on_rebalance(assigned, set(), set(), 5)
        last = len(log.topics[CHANGELOG, 2]) - 1
        assert table.persisted_offset(TP(CHANGELOG, 2)) == last
        assert table.persisted_offset(TP(CHANGELOG, 3)) is None
        assert failures == []
        await driver.release()

    asyncio.run(story())


def test_a_restore_that_fails_ends_the_process(tmp_path: Path) -> None:
    async def story() -> None:
        log, failures = MemoryLog(), list[BaseException]()
        log.fail = RuntimeError("no broker")
        driver = make_driver(tmp_path, log, failures)
        table = StateTable(faust.App("test", datadir=tmp_path / "faust"), driver, 4, failures.append)
        await table.on_rebalance({TP(CHANGELOG, 0)}, set(), set(), 5)
        assert len(failures) == 1
        await driver.release()

    asyncio.run(story())


def test_nobody_reads_or_writes_past_the_lanes(tmp_path: Path) -> None:
    driver = make_driver(tmp_path, MemoryLog(), [])
    table = StateTable(faust.App("test", datadir=tmp_path / "faust"), driver, 4, lambda _: None)

    async def story() -> None:
        store = table.data
        assert (len(store), list(store)) == (0, [])
        for forbidden in (lambda: store[b"k"], lambda: store.__setitem__(b"k", b"v"), lambda: store.__delitem__(b"k")):
            with pytest.raises(KeyError):
                forbidden()

    asyncio.run(story())
