"""`hub rules activate|rollback|renew|history`: which rules are in force, at run time and without a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.core.rule_changes import Difference
    from hub.core.rule_set import RuleSet
    from hub.registry.rule_sets import RuleSets
    from hub.registry.rules_kept import Activation
    from hub.settings import Settings

__all__ = ["app", "told_of_folder"]

app = typer.Typer()
Note = Annotated[str, typer.Option("--note", help="Why, in a few words; kept with the activation. Nothing about a person.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command()
def activate(  # noqa: PLR0917 -- typer reads one option per parameter
    folder: Annotated[Path | None, typer.Argument(help="The folder of rules (default: the installation's).")] = None,
    note: Note = "",
    account: As = "",
    yes: Yes = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put the rules of a folder in force: checked, shown against what is in force, and announced to every worker.

    Workers act on them from the next event on, and look at every youth anew; no restart. What was proposed stays and names the
    version that proposed it.

    Example: hub rules activate ./norrkoping/rules --note "decided 2025-06-02"
    """
    from hub.bootstrap import build_clock
    from hub.clock import stockholm_date
    from hub.rules_file import Surroundings, check_retention, load_fresh_rules

    with _opened(home, account) as (settings, rule_sets):
        today = stockholm_date(build_clock(settings).now())
        rules = load_fresh_rules(folder or settings.home / "rules", Surroundings.of(settings), today)
        check_retention(rules, settings)
        active = rule_sets.active()
        _confirm(active, rules, yes=yes)
        found = rule_sets.activate(rules, note, after=None if active is None else active.number)
    _tell(found, as_json=as_json)


@app.command()
def rollback(  # noqa: PLR0917 -- typer reads one option per parameter
    version: Annotated[str, typer.Argument(help="The version (default: the one that was in force before).")] = "",
    note: Note = "",
    account: As = "",
    yes: Yes = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put an earlier version in force again, as it was: `hub rules history` names them.

    It is refused where it proposes to a team, or counts an agency, that the installation has no more.

    Example: hub rules rollback --note "twice as many tasks as expected"
    """
    from hub.rules_file import Surroundings, check_kept, check_retention

    with _opened(home, account) as (settings, rule_sets):
        rules = rule_sets.earlier(version or None)
        check_kept(rules, Surroundings.of(settings))
        check_retention(rules, settings)
        active = rule_sets.active()
        _confirm(active, rules, yes=yes)
        found = rule_sets.activate(rules, note, why="rollback", after=None if active is None else active.number)
    _tell(found, as_json=as_json)


@app.command()
def renew(  # noqa: PLR0917 -- typer reads one option per parameter
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="The last date on which it holds.")],
    note: Note = "",
    account: As = "",
    yes: Yes = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let a rule hold longer: a new version of what is in force, with a later sunset of this one rule.

    A rule without a sunset is given one. A date that is no later is refused: to let a rule hold shorter, change its file.

    The folder stays as it is: write the date there too, before the next activation.

    Example: hub rules renew absence-alone --until 2026-06-30 --note "looked through in May"
    """
    from hub.rules_file import Surroundings, check_kept

    with _opened(home, account) as (settings, rule_sets):
        rules = rule_sets.renewed(rule, until.date())
        check_kept(rules, Surroundings.of(settings), only=rule)
        active = rule_sets.active()
        if active is not None and any(one.id == rule and getattr(one, "sunset", None) is None for one in active.rules.rules):
            typer.echo(f"{rule} has no last date now; a renewal gives it one.", err=True)
        _confirm(active, rules, yes=yes)
        found = rule_sets.activate(rules, note, why="renew", after=None if active is None else active.number)
    _tell(found, as_json=as_json)


@app.command()
def history(home: Home = None, as_json: Json = False) -> None:
    """List what was put in force when, by whom and why; the first line is in force.

    Example: hub rules history
    """
    with _opened(home, "") as (_settings, rule_sets):
        found = rule_sets.history()
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo("No rules were put in force yet: the registry does it at its first start (hub up, hub registry).")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("No", "Version", "In force from", "By", "Note", "Content")
    for one in found:
        table.add_row(str(one.number), one.version, _local(one.activated_at), one.by, one.note or "-", one.sha256[:12])
    Console().print(table)


def told_of_folder(settings: Settings, folder: RuleSet) -> tuple[str | None, str]:
    """The version in force (None: none yet), and a line about how the folder's rules stand to it, for whoever lists them.

    Raises RetriableError when the registry's database does not answer.
    """
    from hub.core.rule_changes import difference
    from hub.registry.rules_kept import read_in_force

    active = read_in_force(settings)
    if active is None:
        return None, "Not in force yet: the registry puts them in force at its first start (hub up, hub registry)."
    if difference(active.rules, folder):
        return active.version, f"In force are others, of version {active.version}: hub rules activate shows what would change."
    return active.version, f"In force: version {active.version}, the same rules."


@contextmanager
def _opened(home: Path | None, account: str) -> Iterator[tuple[Settings, RuleSets]]:
    """The rule sets of an installation; its processes need not run."""
    from hub.bootstrap import build_audit, build_clock, build_registry
    from hub.commands.acting import acting
    from hub.registry.rule_sets import RuleSets
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    audit = build_audit(settings, clock)
    try:
        actor = acting(settings, account, audit=audit)
        found = build_registry(settings, clock)
        try:
            yield settings, RuleSets(found.registry, audit, actor, settings.kafka.partitions)
        finally:
            found.close()
    finally:
        audit.close()


def _confirm(active: Activation | None, rules: RuleSet, *, yes: bool) -> None:
    """Show what would change and ask; on standard error, so that --json stays one document."""
    from hub.core.rule_changes import difference

    before = None if active is None else active.rules
    named = "nothing" if before is None else before.version
    typer.echo(f"In force: {named}. To be put in force: {rules.version}.", err=True)
    for line in _lines(difference(before, rules)):
        typer.echo(line, err=True)
    if not yes:
        typer.confirm(f"Put version {rules.version} in force now?", abort=True, err=True)


def _lines(found: Difference) -> Iterator[str]:
    yield from (f"  + {rule}" for rule in found.added)
    yield from (f"  - {rule}" for rule in found.removed)
    for one in found.changed:
        yield f"  {one.rule}: {one.field}: {one.before or '-'} → {one.after or '-'}"
    if not found:
        yield "  No rule changes."
    before, after = found.days
    if after < before:
        yield (
            f"  They look back {after} days instead of {before}: older events are let go of, and a rollback does not bring "
            "them back."
        )
    elif before and after > before:
        yield f"  They look back {after} days, and {before} are held: it takes {after - before} days until they see all of it."


def _tell(found: Activation, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
        return
    typer.echo(f"Version {found.version} is in force from {_local(found.activated_at)}; workers have it within seconds once")
    typer.echo("the registry runs. Back to what was: hub rules rollback")


def _as_json(one: Activation) -> dict[str, Any]:
    fields = asdict(one) | {"activated_at": one.activated_at.isoformat()}
    return {name: value for name, value in fields.items() if name != "content"}


def _local(instant: datetime) -> str:
    from hub.clock import STOCKHOLM

    return instant.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")
