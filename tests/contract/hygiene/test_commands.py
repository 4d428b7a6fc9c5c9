"""Every command explains itself, and a wrong setting is one line and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from hub.cli import app, main
from hub.installation import initialise
from tests.command_line import CliRunner


def _walk(command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    yield path, command
    for name, sub in sorted(getattr(command, "commands", {}).items()):
        yield from _walk(sub, (*path, name))


_COMMANDS = dict(_walk(typer.main.get_command(app)))
_EVERY = pytest.mark.parametrize("path", _COMMANDS, ids=lambda path: " ".join(("hub", *path)))


@_EVERY
def test_every_command_explains_itself(path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    command = _COMMANDS[path]
    shown = CliRunner().invoke(app, [*path, "--help"], catch_exceptions=False)
    assert shown.exit_code == 0
    description = (command.help or "").strip()
    assert len(description.split()) >= 4, "no description"
    assert description[0].isupper()
    assert description.split("\n\n", maxsplit=1)[0][:40] in shown.output
    if not hasattr(command, "commands"):
        assert "Example" in description
        assert " ".join(("hub", *path)) in description, "the example is of another command"
        assert "Example" in shown.output


@_EVERY
def test_every_option_and_argument_says_what_it_is(path) -> None:
    assert [one.name for one in _COMMANDS[path].params if not (getattr(one, "help", None) or "").strip()] == []


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_whole_lists_its_commands(flag: str) -> None:
    shown = CliRunner().invoke(app, [flag], catch_exceptions=False)
    assert shown.exit_code == 0
    for name in ("demo", "init", "up", "status", "consent", "connectors", "worker"):
        assert name in shown.output


def _end_of(words: list[str], monkeypatch, capsys) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["hub", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize(
    "words", [["status"], ["tasks"], ["topics", "check"], ["web"], ["worker"], ["up"], ["web-login"]], ids=" ".join
)
def test_a_wrong_setting_is_one_line_and_exit_code_two(words, tmp_path: Path, monkeypatch, capsys) -> None:
    initialise(tmp_path)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    monkeypatch.setenv("HUB_WEB__PORT", "no-number")
    code, out, err = _end_of(words, monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert err.startswith("hub: ")
    assert "web.port" in err
    assert err.count("\n") == 1


def test_a_folder_without_an_installation_is_said_in_one_line(tmp_path: Path, monkeypatch, capsys) -> None:
    code, out, err = _end_of(["status", "--home", str(tmp_path)], monkeypatch, capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "hub init" in err
