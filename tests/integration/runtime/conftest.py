"""Workers that end with the test that began them, however it ended: one left behind would keep its place in the group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from hub.settings import Settings
from tests.integration.runtime.town import WorkerProcess
from tests.unit.core.make import NOW

Begin: TypeAlias = Callable[..., WorkerProcess]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """`begin(settings, log, start)` starts a worker."""
    begun: list[WorkerProcess] = []

    def start(settings: Settings, log: Path, at: datetime = NOW) -> WorkerProcess:
        begun.append(WorkerProcess(settings, log, at))
        return begun[-1]

    yield start
    for worker in begun:
        worker.kill()
