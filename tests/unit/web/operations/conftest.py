"""The operator's pages over an installation with sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.testing import served
from tests.unit.connect.installation import Subjects
from tests.unit.connect.toy import install_toys
from tests.unit.web.operations.source import Sources
from tests.unit.web.town import PagesTown


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    subjects = Subjects()
    with served(subjects.app) as url:
        yield Sources(tmp_path / "home", url, subjects)


@pytest.fixture
def empty_town(tmp_path: Path, sources: Sources) -> Iterator[PagesTown]:
    """In place of the town without sources."""
    town = PagesTown(tmp_path, build_console=sources.console)
    yield town
    town.close()
