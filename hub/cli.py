"""The `hub` command. Each sub-command imports what it needs when it runs."""

from __future__ import annotations

import errno
import sys
import threading
from importlib.metadata import version
from typing import Annotated, Any

import typer

from hub.commands import (
    account,
    audit,
    backtest,
    backup,
    broker,
    compiling,
    connect,
    connectors,
    consent,
    demo,
    explain,
    identity,
    installation,
    journal,
    keys,
    letters,
    protected,
    registry,
    retention,
    rules,
    schemas,
    sinks,
    status,
    statutory,
    tasks,
    topics,
    vault,
    web,
    worker,
)
from hub.commands.discreet import Discreet
from hub.compiled.form import form
from hub.contract.covering import without_identifiers
from hub.errors import ConfigError, FatalError, HubError, RejectedError, places_passed
from hub.sparing import spare_command_lines

__all__ = ["app", "main"]

_START, _RUN, _WORK, _PROCESSES = "Start here", "See what happens", "Work with it", "Processes, one each"
# What is wrong with a file or folder, whoever came upon it.
_UNUSABLE = {errno.EACCES, errno.EDQUOT, errno.EISDIR, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS}
_EXIT = {ConfigError: 2, RejectedError: 3, FatalError: 70}

_PANELS = (_START, _RUN, _WORK, _PROCESSES)


class Panelled(Discreet):
    """Commands in the order of their panels, groups among them."""

    def list_commands(self, ctx: Any) -> list[str]:
        panels = {name: getattr(command, "rich_help_panel", None) for name, command in self.commands.items()}
        return sorted(super().list_commands(ctx), key=lambda name: _PANELS.index(panels[name] or _PROCESSES))


app = typer.Typer(
    name="hub",
    cls=Panelled,
    rich_markup_mode="markdown",  # lines of a paragraph are joined, and square brackets stand for themselves
    help=(
        "An event-driven hub between a municipality and its partners: consent first, few and explained referral tasks.\n\n"
        "Try it: `hub demo`. Set it up: `hub init ./town`, then `hub up --home ./town`.\n\n"
        "Exit codes: 0 done; 1 done, and something is amiss or missing (the command's help says what); 2 change a setting, a "
        "file or the command line; 3 a rule refused it; 4 try again later; 70 ended so that nothing is lost, start it again."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback may hold what a log must not
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{version('hub')} ({form().text})")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and its form, and exit."),
    ] = False,
) -> None:
    """Options of every command stand behind its name."""


app.command(rich_help_panel=_START)(demo.demo)
app.command(rich_help_panel=_START)(installation.init)
app.command(rich_help_panel=_START)(installation.up)
app.command(rich_help_panel=_RUN)(status.status)
app.add_typer(tasks.app, name="tasks", rich_help_panel=_RUN)
app.command(rich_help_panel=_RUN)(explain.explain)
app.command("web-login", rich_help_panel=_RUN)(web.web_login)
app.add_typer(account.app, name="account", rich_help_panel=_WORK)
app.add_typer(consent.app, name="consent", rich_help_panel=_WORK)
app.add_typer(keys.app, name="keys", rich_help_panel=_WORK)
app.add_typer(statutory.app, name="statutory", rich_help_panel=_WORK)
app.add_typer(identity.app, name="identity", rich_help_panel=_WORK)
app.add_typer(protected.app, name="protected", rich_help_panel=_WORK)
app.add_typer(vault.app, name="vault", rich_help_panel=_WORK)
app.add_typer(audit.app, name="audit", rich_help_panel=_WORK)
app.add_typer(backup.app, name="backup", rich_help_panel=_WORK)
app.add_typer(retention.app, name="retention", rich_help_panel=_WORK)
app.add_typer(rules.app, name="rules", rich_help_panel=_WORK)
app.command(rich_help_panel=_WORK)(backtest.backtest)
app.command("compile", rich_help_panel=_WORK)(compiling.compile_)
app.add_typer(connectors.app, name="connectors", rich_help_panel=_WORK)
app.add_typer(sinks.app, name="sinks", rich_help_panel=_WORK)
app.add_typer(letters.app, name="dlq", rich_help_panel=_WORK)
app.add_typer(journal.app, name="journal", rich_help_panel=_WORK)
app.add_typer(topics.app, name="topics", rich_help_panel=_WORK)
app.add_typer(schemas.app, name="schemas", rich_help_panel=_WORK)
app.command(rich_help_panel=_PROCESSES)(broker.broker)
app.command(rich_help_panel=_PROCESSES)(registry.registry)
app.add_typer(worker.app, name="worker", rich_help_panel=_PROCESSES)
app.command(rich_help_panel=_PROCESSES)(tasks.deliver)
app.command(rich_help_panel=_PROCESSES)(web.web)
app.command(rich_help_panel=_PROCESSES)(connect.connect)
app.command(rich_help_panel=_PROCESSES)(demo.simulate)


def main() -> None:
    """Run the command line; an error becomes one line on stderr and an exit code that names the reaction.

    2: change a setting, then start again · 3: refused by a rule · 4: try again later · 70: ended to be started again. What
    nobody foresaw is told by class and place: a foreign text may hold what it was about.
    """
    spare_command_lines()
    threading.excepthook = _tell_thread
    try:
        app()
    except HubError as error:
        _say(" ".join(str(error).split("\n")) if isinstance(error, ConfigError) else str(error))
        sys.exit(next((code for kind, code in _EXIT.items() if isinstance(error, kind)), 4))
    except Exception as error:  # noqa: BLE001 - the last one who can say anything
        named, number = getattr(error, "filename", None) is not None, getattr(error, "errno", None)
        _say(_unusable(error) if named else _unforeseen(error))
        sys.exit(_EXIT[ConfigError if named and number in _UNUSABLE else FatalError])


def _say(text: str) -> None:
    sys.stderr.write(f"hub: {without_identifiers(text)}\n")


def _unusable(error: Any) -> str:
    """Of an OSError that names a file or folder."""
    why = (error.strerror or type(error).__name__).lower()
    return f"{error.filename} cannot be used: {why}. Give it to the user who runs the hub, make room, or name another folder"


def _unforeseen(error: BaseException) -> str:
    return f"unforeseen {type(error).__name__} at {' > '.join(places_passed(error))}"


def _tell_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        _say(f"thread {ended.thread.name if ended.thread else '?'}: {_unforeseen(ended.exc_value)}")
