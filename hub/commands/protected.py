"""`hub protected`: the manual lane, for the protected-cases officer, who has its private key."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.acting import acting
from hub.commands.options import As, Home, Json
from hub.commands.standing_words import what_stands_is_told

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
    from hub.statutory.manual import open_outcomes

    settings, clock, store = _opened(home)
    _log(settings, clock, account, "list")
    cases, damaged = store.list()
    outcomes, lane = open_outcomes(settings), settings.statutory
    rows = [
        {
            "case": each.entry,
            "arrived_at": each.envelope.arrived_at.isoformat(),
            "due_at": lane.hours.later(each.envelope.arrived_at, lane.case_days).isoformat(),
            "done": outcomes.is_confirmed(each.path),
        }
        for each in cases
    ]
    if as_json:
        typer.echo(json.dumps({"cases": rows, "damaged": [each.entry for each in damaged]}, indent=2))
    else:
        for each, row in zip(cases, rows, strict=True):
            by = str(row["due_at"])[:16].replace("T", " ")
            stands = "done" if row["done"] else f"to look into by {by} UTC"
            typer.echo(f"{each.entry}  {each.envelope.arrived_at:%Y-%m-%d %H:%M} UTC  {stands}")
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


@app.command()
def outcome(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case as `hub protected list` prints it.")],
    came: Annotated[
        str, typer.Option("--came", help="What came of it: referred, supported, declined, no_contact or nothing_to_do.")
    ],
    registered_as: Annotated[
        str, typer.Option(help="The case's number in the case system, when it was referred; kept sealed.")
    ] = "",
    account: As = "",
    home: Home = None,
) -> None:
    """Record what came of a case; from then on it is kept for as long as `retention.protected_case_days` says. Logged first.

    Example: hub protected outcome 1f0c9a-77ab --came referred --registered-as "SN 2025/117"
    """
    from hub.bootstrap import build_audit
    from hub.errors import RejectedError
    from hub.statutory.case_numbers import check_case_number
    from hub.statutory.desk import CaseDesk
    from hub.statutory.handing_over import CaseOutcome
    from hub.statutory.manual import open_outcomes

    if came not in set(CaseOutcome):
        raise RejectedError(f"--came is one of {', '.join(CaseOutcome)}", code="no_outcome")
    chosen = CaseOutcome(came)
    if registered_as or chosen is CaseOutcome.REFERRED:
        check_case_number(registered_as)
    settings, clock, store = _opened(home)
    with closing(build_audit(settings, clock)) as audit, what_stands_is_told():
        actor = acting(settings, account, audit=audit)
        CaseDesk(store, open_outcomes(settings), audit, clock).conclude(actor, case, chosen, registered_as)
    typer.echo("recorded")


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
