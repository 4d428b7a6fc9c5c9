"""The exemplary connector's datasets and its server, one for each module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.testing.exemplary import one_server, write_datasets


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_datasets(tmp_path_factory.mktemp("datasets"))


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with one_server() as server:
        yield server
