"""How the command line ends: one line, and an exit code that names the reaction."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer

from hub import cli
from hub.compiled.form import form
from hub.errors import ConfigError, ContractError, FatalError, RejectedError, RetriableError, StaleDirectoryError
from tests.command_line import CliRunner

SECRET = "planted-content"


@pytest.fixture
def thread_hook() -> Iterator[None]:
    before = threading.excepthook
    yield
    threading.excepthook = before


def end(monkeypatch: pytest.MonkeyPatch, error: BaseException | None) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(cli, "app", lambda: app([], standalone_mode=True))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.usefixtures("thread_hook")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("web.port is wrong"), 2),
        (RejectedError("not by this rule"), 3),
        (StaleDirectoryError("too old"), 3),
        (RetriableError("Kafka is away"), 4),
        (ContractError("not of this topic"), 4),
        (FatalError("going on could lose an effect"), 70),
    ],
)
def test_an_error_of_ours_is_one_line_and_its_reactions_code(monkeypatch, capsys, error: Exception, code: int) -> None:
    assert end(monkeypatch, error) == code
    assert capsys.readouterr().err == f"hub: {error}\n"


@pytest.mark.usefixtures("thread_hook")
def test_a_wrong_setting_told_in_several_lines_becomes_one(monkeypatch, capsys) -> None:
    end(monkeypatch, ConfigError("bad\nworse"))
    assert capsys.readouterr().err == "hub: bad worse\n"


@pytest.mark.usefixtures("thread_hook")
def test_what_nobody_foresaw_is_told_by_class_and_place_without_its_text(monkeypatch, capsys) -> None:
    assert end(monkeypatch, KeyError(SECRET)) == 70
    said = capsys.readouterr().err
    assert SECRET not in said
    assert said.count("\n") == 1
    assert "KeyError" in said
    assert "test_cli.py:" in said


@pytest.mark.usefixtures("thread_hook")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENOTDIR])
def test_a_file_that_cannot_be_used_is_named_with_the_reason(monkeypatch, capsys, number: int) -> None:
    assert end(monkeypatch, OSError(number, os.strerror(number), "/srv/hub/data/run")) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"hub: /srv/hub/data/run cannot be used: {os.strerror(number).lower()}. ")
    assert said.count("\n") == 1


@pytest.mark.usefixtures("thread_hook")
def test_a_file_that_is_gone_is_named_but_may_be_there_next_time(monkeypatch, capsys) -> None:
    assert end(monkeypatch, FileNotFoundError(errno.ENOENT, "No such file or directory", "/nowhere/cache")) == 70
    assert capsys.readouterr().err.startswith("hub: /nowhere/cache cannot be used: no such file or directory")


def test_it_tells_its_version_and_the_meaning_of_exit_codes() -> None:
    assert CliRunner().invoke(cli.app, ["--version"]).output == f"{version('hub')} ({form().text})\n"
    told = " ".join(CliRunner().invoke(cli.app, ["--help"]).output.split())
    for words in ("2 change a setting", "3 a rule refused it", "4 try again later", "70 ended so that nothing is lost"):
        assert words in told
    assert told.index("Start here") < told.index("Work with it") < told.index("Processes, one each")


def every_command(group: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        yield (*words, name), command
        if hasattr(command, "commands"):
            yield from every_command(command, *words, name)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_every_help_has_an_example_and_fits_its_terminal(columns: str) -> None:
    for words, command in every_command(typer.main.get_command(cli.app)):
        shown = CliRunner(env={"COLUMNS": columns, "TERMINAL_WIDTH": columns}).invoke(cli.app, [*words, "--help"])
        assert shown.exit_code == 0, words
        assert max(map(len, shown.output.splitlines())) <= int(columns), words
        assert "``" not in shown.output, words
        assert hasattr(command, "commands") or "Example" in shown.output, words


@pytest.mark.usefixtures("thread_hook")
def test_no_error_repeats_what_looks_like_a_person(monkeypatch, capsys) -> None:
    end(monkeypatch, ConfigError("no team 20130304-9805; hub.toml since 2025-05-19T07:30:00, process 1234567, port 42073"))
    assert capsys.readouterr().err == "hub: no team …; hub.toml since 2025-05-19T07:30:00, process 1234567, port 42073\n"


@pytest.mark.usefixtures("thread_hook")
def test_a_thread_that_dies_is_told_likewise(monkeypatch, capsys) -> None:
    end(monkeypatch, None)
    capsys.readouterr()

    def die() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=die, name="some-lane")
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert SECRET not in said
    assert "some-lane" in said
    assert "ValueError" in said


@pytest.mark.usefixtures("thread_hook")
def test_a_clean_end_is_nought(monkeypatch) -> None:
    assert end(monkeypatch, None) == 0
