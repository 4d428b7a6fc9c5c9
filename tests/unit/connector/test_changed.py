"""Code that changes on disk under a process that has imported it."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hub.connector.changed import code_changed, remember_code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / f"changing_{abs(hash(request.node.name))}"
    folder.mkdir()
    (folder / "__init__.py").write_text("connector = 1\n")
    return folder


def remembered(package: Path) -> str:
    remember_code(EntryPoint(package.name, f"{package.name}:connector", "hub.connectors"))
    return package.name


def test_code_that_nobody_touched_is_the_same_and_one_that_was_never_loaded_is_none(package: Path) -> None:
    name = remembered(package)
    assert not code_changed(name)
    assert not code_changed("never-loaded")


@pytest.mark.parametrize("change", ["edited", "added", "gone"])
def test_a_file_that_is_edited_added_or_gone_is_a_change_however_often_it_is_remembered(package: Path, change: str) -> None:
    (package / "mapping.py").write_text("")
    name = remembered(package)
    if change == "gone":
        (package / "mapping.py").unlink()
    else:
        (package / ("mapping.py" if change == "edited" else "more.py")).write_text("# mended\n")
    assert code_changed(name)
    remembered(package)
    assert code_changed(name)
