"""`hub rules`: the rules of an installation, as they are written and as they are understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hub.commands import rules_activation
from hub.commands.options import Home, Json

__all__ = ["app"]

app = typer.Typer(help="Look through the rules that propose tasks, check them, and put them in force.", no_args_is_help=True)
app.add_typer(rules_activation.app)


@app.command("list")
def list_rules(home: Home = None, as_json: Json = False) -> None:
    """List the rules as they stand in the installation's files: what each proposes to whom, and who stands for it.

    Example: hub rules list --home ./norrkoping
    """
    from hub.core.rule_set import Rule
    from hub.rules_file import load_rules
    from hub.settings import load_settings

    settings = load_settings(home)
    rule_set = load_rules(settings.home / "rules")
    in_force, told = rules_activation.told_of_folder(settings, rule_set)
    rows = [
        {
            "id": rule.id,
            "title_sv": rule.title_sv,
            "title_en": rule.title_en,
            "team": rule.team if isinstance(rule, Rule) else None,
            "function": rule.function if isinstance(rule, Rule) else "presence",
            "owner": rule.owner,
        }
        for rule in rule_set.rules
    ]
    if as_json:
        typer.echo(json.dumps({"version": rule_set.version, "in_force": in_force, "rules": rows}, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("Rule", "Title", "Team", "Function", "Owner", title=f"Rules of version {rule_set.version}")
    for row in rows:
        table.add_row(row["id"], row["title_sv"], row["team"] or "-", row["function"], row["owner"])
    Console().print(table)
    typer.echo(told)


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder of rules (default: the installation's, with its teams).")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Check a folder of rules before it is used: exit 2 when something in it would be refused, with what would be right.

    Example: hub rules check ./norrkoping/rules
    """
    from hub.rules_file import load_active_rules, load_rules
    from hub.settings import load_settings

    rule_set = load_rules(folder) if folder is not None else load_active_rules(load_settings(home))
    if as_json:
        typer.echo(json.dumps({"version": rule_set.version, "rules": len(rule_set.rules)}))
        return
    typer.echo(f"{len(rule_set.rules)} rules of version {rule_set.version}: nothing is wrong with them.")
