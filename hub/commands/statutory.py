"""`hub statutory`: the process of the statutory lane, and what has arrived in it.

Every look is in the audit log before it is answered. When its database does not answer the entry waits on the disk: a mandatory
report is read all the same (`hub.audit.unstoppable`).
"""

from __future__ import annotations

import getpass
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands import coding, correcting, receivers
from hub.commands.options import Home, Json
from hub.commands.standing_words import what_stands_is_told

if TYPE_CHECKING:
    from hub.statutory.entries import DamagedFile, StoredMessage
    from hub.statutory.handing_over import HandOvers
    from hub.statutory.store import StatutoryStore

__all__ = ["app"]

app = typer.Typer(
    name="statutory",
    help=(
        "Mandatory reports as received, sealed on disk: what has arrived, and by when it must be assessed and decided. "
        "Without a sub-command: `hub statutory run`, the lane's process."
    ),
    no_args_is_help=False,
    invoke_without_command=True,
)


@app.callback()
def main(context: typer.Context, home: Home = None) -> None:
    """Mandatory reports as received, sealed on disk. Without a sub-command: run the lane's process."""
    if context.invoked_subcommand is None:
        run(home)
        return
    source = context.get_parameter_source("home")
    if source is not None and source.name == "COMMANDLINE":  # it would be overlooked
        raise typer.BadParameter(f"put it last: hub statutory {context.invoked_subcommand} --home …", param_hint="--home")


@app.command()
def run(home: Home = None) -> None:
    """Run the lane's process: it hands reports over to the receivers that hub.toml names, and checks every file.

    Taking messages in does not depend on it; handing over depends on neither Kafka nor the registry nor any other process.

    Example: hub statutory run
    """
    from hub.bootstrap import run_statutory

    run_statutory(home)


@app.command("list")
def list_messages(home: Home = None, as_json: Json = False) -> None:
    """List what has arrived, oldest first, with the legal clocks in Swedish dates. Opens no message.

    Exits 1 when a file in the store does not open; the others are listed all the same.

    Example: hub statutory list --json
    """
    from hub.audit.actions import Action
    from hub.audit.unstoppable import Unstoppable, unstoppable
    from hub.commands.auditing import logged
    from hub.settings import load_settings
    from hub.statutory.opening import open_hand_overs

    settings = load_settings(home)
    with unstoppable(Unstoppable.STATUTORY), logged(settings, Action.REPORT_LISTED):
        messages, damaged = _open(home).list()
    handed = open_hand_overs(settings)
    if as_json:
        document = {
            "messages": [
                {**_as_json(each), **_standing(each, handed), "handed_over": handed.has(each.envelope.message_id)}
                for each in messages
            ],
            "damaged": [{"entry": each.entry, "reason": each.reason} for each in damaged],
        }
        typer.echo(json.dumps(document, indent=2))
    else:
        _print_table(messages, damaged, handed)
    if damaged:
        raise typer.Exit(1)


@app.command()
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The message's id, or its entry as `list` prints it.")],
    home: Home = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Write the message itself, as received, to standard output.")] = False,
    purpose: Annotated[str, typer.Option(help="Why it is opened; kept in the access log. No names, no numbers.")] = "",
    as_json: Json = False,
) -> None:
    """Show one message's arrival and clocks; with --reveal and --purpose the message itself, after the access is logged.

    Example: hub statutory show 7a1c…-5b0e… --reveal --purpose "registering the report"
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Subject, SubjectKind
    from hub.audit.unstoppable import Unstoppable, unstoppable
    from hub.bootstrap import build_clock
    from hub.commands.auditing import logged
    from hub.settings import load_settings

    settings, store = load_settings(home), _open(home)
    content = b""
    action = Action.REPORT_OPENED if reveal else Action.REPORT_LISTED
    with unstoppable(Unstoppable.STATUTORY), logged(settings, action) as draft:
        message = _find(store, identity)
        draft.about(item=Subject(SubjectKind.REPORT, message.entry))
        if reveal:
            _log_access(store, build_clock(settings).now(), message.entry, purpose)
            content = store.read(message.entry)[1]
    if reveal:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    facts = _as_json(message)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            typer.echo(f"{name:13} {value}")


@app.command("hand-over")
def hand_over(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The message's id, or its entry as `list --json` prints it.")],
    registered_as: Annotated[str, typer.Option(help="The case's number in the receiver's case system; kept sealed.")],
    home: Home = None,
) -> None:
    """Record that the receiver's case system has registered the original of one message.

    Where a connector's settings ask for it (sdk: `delete_handed_over`), only this lets it delete the original at its source.

    Example: hub statutory hand-over 7a1c…-5b0e… --registered-as "SN 2025/117"
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Subject, SubjectKind
    from hub.bootstrap import build_clock
    from hub.commands.auditing import logged
    from hub.settings import load_settings
    from hub.statutory.case_numbers import check_case_number
    from hub.statutory.opening import open_hand_overs

    settings, store = load_settings(home), _open(home)
    with what_stands_is_told(), logged(settings, Action.REPORT_HANDED_OVER) as draft:
        message = _find(store, identity)
        draft.about(item=Subject(SubjectKind.REPORT, message.entry))
        check_case_number(registered_as)
        hand_overs, path = open_hand_overs(settings), store.path_of(message.entry)
        hand_overs.refuse_another(path, registered_as=registered_as, key=store.key)
    # After the entry: without it nothing is recorded that would let an original be deleted.
    at = build_clock(settings).now()
    with what_stands_is_told():
        hand_overs.confirm(path, registered_as=registered_as, who=getpass.getuser(), at=at, key=store.key)
    whole = hand_overs.has(message.envelope.message_id)
    typer.echo("handed over" if whole else "handed over; the message came with other contents too: `hub statutory list --json`")


app.command()(correcting.correct)
app.command()(receivers.receivers)
app.command("simulate-receiver")(receivers.simulate_receiver)
app.command()(coding.uncoded)
app.command()(coding.code)
app.command()(coding.dismiss)
app.command()(coding.undo)


def _open(home: Any) -> StatutoryStore:
    from hub.bootstrap import build_clock
    from hub.settings import load_settings
    from hub.statutory.opening import open_store

    settings = load_settings(home)
    return open_store(settings, build_clock(settings))


def _find(store: StatutoryStore, identity: str) -> StoredMessage:
    from hub.errors import RejectedError

    found = [each for each in store.list()[0] if identity in (each.entry, each.envelope.message_id)]
    if not found:
        raise RejectedError("the statutory store has no such message: see `hub statutory list`", code="unknown_message")
    if len(found) > 1:
        entries = ", ".join(each.entry for each in found)
        raise RejectedError(f"the message came with several contents; name one of the entries {entries}", code="several_contents")
    return found[0]


def _log_access(store: StatutoryStore, now: datetime, entry: str, purpose: str) -> None:
    from hub.statutory.access import AccessLog

    AccessLog(store.folder).record(who=getpass.getuser(), at=now, action="reveal", entry=entry, purpose=purpose)


def _as_json(message: StoredMessage) -> dict[str, Any]:
    envelope = message.envelope
    return {
        "entry": message.entry,
        "message_id": envelope.message_id,
        "arrived_at": envelope.arrived_at.isoformat(),
        "stored_at": envelope.stored_at.isoformat(),
        "protect_by": message.clocks.protect_by.isoformat(),
        "decide_by": message.clocks.decide_by.isoformat(),
        "content_type": envelope.content_type,
        "size": envelope.size,
    }


def _standing(message: StoredMessage, hand_overs: HandOvers) -> dict[str, str]:
    from hub.statutory.standing import standing_of

    found = standing_of(message.path, hand_overs)
    escalated = found.escalated_at.isoformat() if found.escalated_at else ""
    return {"stage": found.stage.value, "receiver": found.receiver, "escalated_at": escalated}


def _print_table(messages: list[StoredMessage], damaged: list[DamagedFile], hand_overs: HandOvers) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not messages and not damaged:
        console.print("Nothing has arrived.")
        return
    table = Table("Message", title="Statutory lane")
    for heading in ("Arrived", "Protection by", "Decided by"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Stands")
    for each in messages:
        clocks = each.clocks
        table.add_row(
            each.envelope.message_id,
            _local(each.envelope.arrived_at),
            f"{clocks.protect_by}",
            f"{clocks.decide_by}",
            _stands(each, hand_overs),
        )
    console.print(table)
    for file in damaged:
        console.print(f"Damaged: {file.entry} ({file.reason}). Fetch the message again at its source, where it still is.")


def _stands(message: StoredMessage, hand_overs: HandOvers) -> str:
    found = _standing(message, hand_overs)
    return f"{found['stage']} {found['receiver'] or 'by hand'}"


def _local(instant: datetime) -> str:
    from hub.clock import STOCKHOLM

    return f"{instant.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
