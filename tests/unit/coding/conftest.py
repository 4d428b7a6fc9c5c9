from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import ManualClock
from tests.unit.coding.make import CodingPlace
from tests.unit.statutory.make import NOW


@pytest.fixture
def place(tmp_path: Path) -> Iterator[CodingPlace]:
    built = CodingPlace(tmp_path, ManualClock(NOW))
    yield built
    built.close()
    built.audit.close()
