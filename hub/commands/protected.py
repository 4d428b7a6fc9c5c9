"""`hub protected`: the manual lane, for the protected-cases officer, who has its private key."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.acting import acting
from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.settings import Settings
    from hub.statutory.store import StatutoryStore

__all__ = ["app"]

app = typer.Typer(
    help="The manual lane: cases of protected identities, which never enter the hub. Readable with keys/protected.private only.",
    no_args_is_help=True,
)


@app.command("list")
def list_cases(account: As = "", home: Home = None, as_json: Json = False) -> None:
    """List the cases, oldest first; who they are about is not opened. The look is logged.

    Exits 1 when a file does not open; the others are listed all the same.

    Example: hub protected list
    """
    settings, clock, store = _opened(home)
    _log(settings, clock, account, "list")
    cases, damaged = store.list()
    if as_json:
        rows = [{"case": each.entry, "arrived_at": each.envelope.arrived_at.isoformat()} for each in cases]
        typer.echo(json.dumps({"cases": rows, "damaged": [each.entry for each in damaged]}, indent=2))
    else:
        for each in cases:
            typer.echo(f"{each.entry}  {each.envelope.arrived_at:%Y-%m-%d %H:%M} UTC")
        typer.echo("No case has come." if not cases else "1 case" if len(cases) == 1 else f"{len(cases)} cases")
        for file in damaged:
            typer.echo(f"does not open: {file.entry} ({file.reason})", err=True)
    if damaged:
        raise typer.Exit(1)


@app.command()
def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case as `hub protected list` prints it.")],
    purpose: Annotated[str, typer.Option(help="Why it is opened, as a code (a-z, 0-9 and _.:-); kept in the audit log.")],
    account: As = "",
    home: Home = None,
) -> None:
    """Write one case, as JSON, to standard output, after the opening is logged.

    Example: hub protected show 1f0c9a-77ab --purpose handle-case
    """
    settings, clock, store = _opened(home)
    _log(settings, clock, account, purpose, case)
    _, content = store.read(case)
    sys.stdout.write(json.dumps(json.loads(content), indent=2, ensure_ascii=False) + "\n")


def _opened(home: Path | None) -> tuple[Settings, Clock, StatutoryStore]:
    from hub.bootstrap import build_clock
    from hub.settings import load_settings
    from hub.statutory.manual import open_manual_store

    settings = load_settings(home)
    clock = build_clock(settings)
    return settings, clock, open_manual_store(settings, clock)


def _log(settings: Settings, clock: Clock, account: str, purpose: str, case: str = "") -> None:
    """Write the look down first: without the log nothing is shown."""
    from hub.audit.actions import Action
    from hub.audit.entries import Entry, Subject, SubjectKind
    from hub.bootstrap import build_audit

    audit = build_audit(settings, clock)
    try:
        item = Subject(SubjectKind.REPORT, case) if case else None
        audit.append(Entry(acting(settings, account, audit=audit), Action.PROTECTED_CASE, item=item, purpose=purpose))
    finally:
        audit.close()
