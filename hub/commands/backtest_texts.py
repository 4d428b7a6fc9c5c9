"""What `hub backtest` prints: tables for a person, one JSON document for a script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hub.backtest.figures import OURS, THEIRS, as_data
from hub.backtest.published import OTHERS
from hub.backtest.tally import Kind
from hub.backtest.words import Names, shown, week_name
from hub.clock import stockholm_date
from hub.core.suppression import FEWEST, Band
from hub.core.texts import Language
from hub.installation import load_agencies, load_places, load_teams

if TYPE_CHECKING:
    from rich.console import Console

    from hub.backtest.published import Published, Shares
    from hub.backtest.running import Question
    from hub.settings import Settings

__all__ = ["code_of", "names", "print_found", "warn_of_kept"]


def names(settings: Settings, question: Question, language: Language) -> Names:
    """What rules, teams, agencies and areas are called in this installation; rules in `language`."""
    rules = (*question.active.rules, *question.candidate.rules)
    places = load_places(settings.home)
    return Names(
        rules={rule.id: rule.title_sv if language == "sv" else rule.title_en for rule in rules},
        teams={code: team.title for code, team in load_teams(settings.home).items()},
        agencies={code: agency.title for code, agency in load_agencies(settings.home).items()},
        areas={code: area.title for code, area in places.areas.items()},
    )


def code_of(band: Band) -> str:
    """A figure as the audit log has it: `40-44`."""
    return f"{band.least}-{band.most}"


def warn_of_kept(keep: Path) -> None:
    """On stderr, so that a script's output stays what it is."""
    text = f"{keep} is personal data (pseudonymised), where no erasure reaches it: delete it when you are done."
    typer.echo(text, err=True)


def print_found(found: Published, *, as_json: bool) -> None:
    """The figures."""
    if as_json:
        typer.echo(json.dumps(as_data(found), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    console.print(
        f"Rules {found.candidate[0]} against {found.active[0]}, weeks {week_name(found.weeks[0])} to "
        f"{week_name(found.weeks[-1])}.",
        soft_wrap=True,
    )
    told = [week_name(week) for week in (found.first_week, found.last_week) if week is not None]
    read = f", of weeks {' to '.join(told)}" if told else ""
    console.print(f"Read: {shown(found.youths)} youths, {shown(found.events)} events{read}.", soft_wrap=True)
    if found.cold_until is not None and found.first_week is not None:
        text = f"The history begins in week {week_name(found.first_week)}: until {found.cold_until} windows are not full."
        later = f" Give --since {found.cold_until}." if found.cold_until < stockholm_date(found.until) else ""
        console.print(f"{text}{later}", soft_wrap=True)
    if found.imported:
        text = "Most events were recorded weeks after they occurred: where they were imported, replay them with --at-once."
        console.print(text, soft_wrap=True)
    _print_rules(console, found)
    _print_weeks(console, found)
    _print_functions(console, found)
    _print_overlaps(console, found)
    _print_shares(console, "School", found.schools)
    _print_shares(console, "Area", found.areas)
    steps = f"Numbers are told in steps of {FEWEST}: 10–14 is one of these."
    console.print(f"{steps} Those below {FEWEST} are not shown, nor by the difference of two.", soft_wrap=True)


def _print_rules(console: Console, found: Published) -> None:
    from rich.table import Table

    table = Table("Rule", "Candidate", "Active", "Both", "Only candidate", "Only active", "Youths", title="Tasks of each rule")
    for rule in found.rules:
        kinds = (OURS, THEIRS, (Kind.BOTH,), (Kind.NEW,), (Kind.GONE,))
        tasks = [shown(found.tasks(*some, rule=rule)) for some in kinds]
        table.add_row(rule, *tasks, shown(found.youths_by_rule.get(rule, Band(0, 0))))
    console.print(table)


def _print_weeks(console: Console, found: Published) -> None:
    from rich.table import Table

    teams = found.teams()
    table = Table("Week", title="Tasks per week")
    for team in teams:
        table.add_column(f"{team}, candidate")
        table.add_column(f"{team}, active")
    for heading in ("Both", "Only candidate", "Only active"):
        table.add_column(heading)
    for week in found.weeks:
        load = [shown(found.tasks(*kinds, week=week, team=team)) for team in teams for kinds in (OURS, THEIRS)]
        change = [shown(found.tasks(kind, week=week)) for kind in (Kind.BOTH, Kind.NEW, Kind.GONE)]
        table.add_row(week_name(week), *load, *change)
    console.print(table)


def _print_functions(console: Console, found: Published) -> None:
    from rich.table import Table

    functions = found.functions()
    table = Table("Week", *(f"{team}: {function}" for team, function in functions), title="Candidate's tasks per function")
    for week in found.weeks:
        figures = [shown(found.tasks(*OURS, week=week, team=team, function=name)) for team, name in functions]
        table.add_row(week_name(week), *figures)
    if functions:
        console.print(table)


def _print_overlaps(console: Console, found: Published) -> None:
    from rich.table import Table

    table = Table("Rule", "And", "Youths with tasks of both", title="Overlap")
    for (one, other), band in sorted(found.overlaps.items()):
        table.add_row(one, other, shown(band))
    if found.overlaps:
        console.print(table)


def _print_shares(console: Console, place: str, shares: Shares) -> None:
    from rich.table import Table

    rules = sorted(shares.with_task)
    table = Table(place, "Youths", *rules, title=f"Youths with a task, by {place.lower()}")
    for name, youths in sorted(shares.youths.items()):
        place = {"": "not known", OTHERS: "others"}.get(name, name)
        table.add_row(place, shown(youths), *(shown(shares.with_task[rule][name]) for rule in rules))
    console.print(table)
