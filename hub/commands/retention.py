"""`hub retention`: what has been kept for long enough, and letting go of it under the board's decision."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.retention import Planned

__all__ = ["app"]

_WHY = {
    "not_acknowledged": "a team has yet to acknowledge the recall",
    "not_delivered": "Kafka has yet to confirm word of it",
    "not_registered": "no case system or outcome is recorded",
    "not_reported": "nobody has reported what came of it",
    "case_kept": "the case still says something",
    "not_taken": "a team's system has yet to take word of it (hub sinks list)",
    "still_open": "it is still open",
    "task_kept": "the task still says something",
}

app = typer.Typer(
    help="Retention (gallring): how long each kind of data is kept ([retention] in hub.toml), what is due, and letting go of it.",
    no_args_is_help=True,
)


@app.command()
def plan(home: Home = None, as_json: Json = False) -> None:
    """Show per kind of data how much is due, how much stays, and why. Changes nothing.

    Exits 1 when something is due.

    Example: hub retention plan
    """
    from hub.bootstrap import build_clock
    from hub.bootstrap_kept import build_retention
    from hub.retention import plan as planned_of
    from hub.settings import load_settings

    settings = load_settings(home)
    with ExitStack() as held:
        planned = planned_of(build_retention(settings, held), build_clock(settings).now())
    decision = settings.legal.retention_decision
    if as_json:
        typer.echo(json.dumps({"decision": decision, "kinds": [_as_json(one) for one in planned]}, indent=2))
    else:
        _print(planned, decision)
    if any(one.found.due for one in planned):
        raise typer.Exit(1)


@app.command()
def run(
    account: As = "",
    home: Home = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody can be asked.")] = False,
    as_json: Json = False,
) -> None:
    """Let go of what is due, after asking. The counts stand in the audit log. What is interrupted is finished by the next run.

    Needs the board's decision (gallringsbeslut) in hub.toml: legal.retention_decision. Run it daily with --yes.

    Example: hub retention run --yes
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Entry
    from hub.bootstrap import build_audit, build_clock
    from hub.bootstrap_kept import build_retention
    from hub.commands.acting import acting
    from hub.retention import check_decided, let_go
    from hub.retention import plan as planned_of
    from hub.settings import load_settings

    settings = load_settings(home)
    check_decided(settings.legal.retention_decision)
    clock = build_clock(settings)
    with ExitStack() as held:
        audit = held.enter_context(closing(build_audit(settings, clock)))
        actor = acting(settings, account, audit=audit)
        planned = planned_of(build_retention(settings, held), clock.now())
        due = sum(one.found.due for one in planned)
        if due and not as_json:
            _print(planned, settings.legal.retention_decision)
        if due:
            _confirm(due, yes=yes)

        def record(kind: str, rule: str) -> None:
            audit.append(Entry(actor, Action.DATA_LET_GO, purpose=kind, rule=rule))

        gone = let_go(planned, record, lambda kind, count: typer.echo(f"{kind}: {count}", err=True))
    if as_json:
        typer.echo(json.dumps({"gone": gone}))
    else:
        typer.echo(", ".join(f"{kind}: {count} gone" for kind, count in gone.items()) or "Nothing is due.")


def _confirm(due: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        from hub.errors import RejectedError

        raise RejectedError("nobody can be asked here; with --yes it is done", code="not_confirmed")
    typer.confirm(f"Let go of {due} for ever?", abort=True, err=True)


def _as_json(one: Planned) -> dict[str, Any]:
    found = one.found
    return {
        "kind": one.kind.name,
        "days": one.kind.days,
        "before": one.before.isoformat() if one.before else None,
        "due": found.due,
        "oldest": found.oldest.isoformat() if found.oldest else None,
        "kept": found.kept,
        "kept_back": dict(found.kept_back),
    }


def _print(planned: list[Planned], decision: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from hub.clock import stockholm_date

    table = Table("Kind", "Kept for", "Due", "The oldest since", "Not old enough", title="Retention")
    for one in planned:
        found = one.found
        table.add_row(
            one.kind.name,
            f"{one.kind.days} days" if one.kind.days else "always",
            f"{found.due}",
            f"{stockholm_date(found.oldest)}" if found.oldest else "–",
            f"{found.kept}",
        )
    Console().print(table)
    for one in planned:
        for why, number in one.found.kept_back.items():
            typer.echo(f"{one.kind.name}: {number} stay, however old: {_WHY.get(why, why)}")
    typer.echo(f"Decision: {decision}" if decision else "No decision is named (legal.retention_decision): nothing is let go of.")
    typer.echo("Journal and dead letters ([journal]) are let go of by the connectors; the audit log by hub audit prune.")
