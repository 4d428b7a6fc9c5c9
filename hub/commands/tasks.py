"""`hub tasks` and `hub deliver`: the inbox."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hub.commands import gone_teams, task_deeds
from hub.commands.options import Home, Json

__all__ = ["app", "deliver"]

app = typer.Typer(invoke_without_command=True)
for _deed in (
    task_deeds.show, task_deeds.accept, task_deeds.decline, task_deeds.undo, task_deeds.start, task_deeds.complete,
):  # fmt: skip
    app.command()(_deed)
app.command("hand-over")(task_deeds.hand_over)
app.command("take-over")(task_deeds.take_over)
app.command()(gone_teams.settle)


def deliver(home: Home = None) -> None:
    """Run delivery until it is stopped: fill the inbox from Kafka and tell the bus what became of tasks.

    Example: hub deliver --home ./norrkoping
    """
    from hub.bootstrap_deliver import run_deliver

    run_deliver(home)


Team = Annotated[str | None, typer.Option(help="Only this team's tasks.")]
Every = Annotated[bool, typer.Option("--all", help="Closed tasks too.")]


@app.callback()
def tasks(context: typer.Context, home: Home = None, team: Team = None, everything: Every = False, as_json: Json = False) -> None:
    """List the referral and presence tasks in the inbox, or do with one what the pages do. No identity is shown here.

    Tasks of a team that teams.yaml does not have are listed too, and marked: nobody sees them on the pages until they are settled
    (`hub tasks settle`). Who does something with a task is, by --as, an account (hub account) with a role in the team; its
    password is asked for. Every step is audited.

    Example: hub tasks --team outreach
    """
    if context.invoked_subcommand is None:
        list_tasks(home, team, everything, as_json)


@app.command("list")
def list_tasks(home: Home = None, team: Team = None, everything: Every = False, as_json: Json = False) -> None:
    """List the tasks of the inbox, as the command does without a word behind it.

    Example: hub tasks list --team outreach --json
    """
    from hub.audit.actions import Action
    from hub.bootstrap import build_worklist
    from hub.clock import STOCKHOLM
    from hub.commands.auditing import logged
    from hub.errors import ConfigError
    from hub.installation import load_teams
    from hub.settings import load_settings

    settings = load_settings(home)
    known = load_teams(settings.home)
    worklist = build_worklist(settings)
    with logged(settings, Action.TASK_LISTED):
        stale = worklist.stale()
        views = [view for view in worklist.all_tasks() if (everything or view.closed_at is None) and team in (None, view.team)]
    if team is not None and team not in known and not views:
        raise ConfigError(f"no team {team}; teams.yaml has: {', '.join(known)}", code="unknown_team")
    if team is None and not as_json:  # there each task says `team_known`
        gone_teams.tell_gone(settings)
    if stale is not None and any(view.kind == "referral" for view in views):
        since = "ever" if stale.since is None else f"since {stale.since.astimezone(STOCKHOLM):%d %b %H.%M}"
        typer.echo(
            f"hub: delivery has not looked for withdrawn consents {since}, so what is proposed for youths is not shown. "
            "See with `hub status` whether `deliver` runs and Kafka answers",
            err=True,
        )
    if as_json:
        rows = [
            {
                "task_id": view.task_id,
                "kind": view.kind,
                "team": view.team,
                "team_known": view.team in known,
                "function": None if stale and view.kind == "referral" else view.function,
                "rule": None if stale and view.kind == "referral" else view.rule_id,
                "withheld": stale is not None and view.kind == "referral",
                "state": view.state.value,
                "reason": view.reason,
                # Of a youth's task only who opens it reads the area, and while consent permits it (`hub tasks show`).
                "area": view.area if view.kind == "presence" else None,
                "received_at": view.received_at.isoformat(),
                "respond_by": view.respond_by and view.respond_by.isoformat(),
                "late": view.late,
            }
            for view in views
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    if not views:
        typer.echo("No open task." if not everything else "No task yet.")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("Team", "Function", "State", "Respond by", "Task")
    for view in views:
        by = view.respond_by.astimezone(STOCKHOLM).strftime("%d %b %H.%M") if view.respond_by else "–"
        state = f"{view.state.value}, late" if view.late else view.state.value
        what = f"{view.function} ({view.area})" if view.kind == "presence" else "(not shown)" if stale else view.function
        table.add_row(view.team if view.team in known else f"{view.team} (not in teams.yaml)", what, state, by, view.task_id[:8])
    Console().print(table)
