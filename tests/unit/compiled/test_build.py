"""What `hub compile` needs, and what it says when that is not there."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from hub.cli import app
from hub.compiled.build import MODULES, compile_into, remove
from hub.compiled.form import FOLDER_VARIABLE, MANIFEST
from hub.errors import ConfigError
from tests.command_line import CliRunner


def test_without_a_compiler_it_says_so_and_leaves_what_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MANIFEST).write_text("{}", encoding="utf-8")
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.raises(ConfigError, match=r"no-such-compiler.*pure Python"):
        compile_into(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [MANIFEST]


def test_every_module_that_is_compiled_is_there_once() -> None:
    assert len(set(MODULES)) == len(MODULES)
    assert all(importlib.util.find_spec(name) for name in MODULES)


def test_it_can_be_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "compiled"
    folder.mkdir()
    (folder / MANIFEST).write_text("{}", encoding="utf-8")
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    assert "pure Python from now on" in CliRunner().invoke(app, ["compile", "--remove"]).output
    assert not folder.exists()
    assert "Nothing is compiled here" in CliRunner().invoke(app, ["compile", "--remove"]).output


def test_a_folder_of_something_else_is_neither_taken_away_nor_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("", encoding="utf-8")
    assert not remove(tmp_path)
    with pytest.raises(ConfigError):  # for this, or because nothing can be compiled here
        compile_into(tmp_path)
    assert (tmp_path / "mine.txt").exists()


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no module tests\.nowhere|pure Python"
    ):  # the latter where nothing can be compiled here
        compile_into(tmp_path / "compiled", ["tests.nowhere"])
    assert not (tmp_path / "compiled").exists()
