"""`hub rules`: the rules of an installation, as they are written and as they are understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands import rules_activation
from hub.commands.options import Home, Json

if TYPE_CHECKING:
    from datetime import date

    from hub.settings import Settings

__all__ = ["app"]

app = typer.Typer(help="Look through the rules that propose tasks, check them, and put them in force.", no_args_is_help=True)
app.add_typer(rules_activation.app)


@app.command("list")
def list_rules(home: Home = None, as_json: Json = False) -> None:
    """List the rules as they stand in the installation's files: what each proposes to whom, who stands for it, and its state.

    In force: exactly as it is written here. Lapsed: past its sunset, so that it holds never again.

    Example: hub rules list --home ./norrkoping
    """
    from hub.commands.rules_texts import print_list, row_of
    from hub.registry.rules_kept import read_in_force
    from hub.rules_file import load_rules
    from hub.settings import load_settings

    settings = load_settings(home)
    rule_set = load_rules(settings.home / "rules")
    active, today = read_in_force(settings), _today(settings)
    rows = [row_of(rule, None if active is None else active.rules, today) for rule in rule_set.rules]
    in_force, told = rules_activation.told_of_folder(settings, rule_set)
    if as_json:
        typer.echo(json.dumps({"version": rule_set.version, "in_force": in_force, "rules": rows}, indent=2, ensure_ascii=False))
        return
    print_list(rule_set.version, rows, told)


@app.command()
def show(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id, as `hub rules list` prints it.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show one rule in plain sentences, in Swedish and in English, made from what it counts and not from its title.

    Example: hub rules show absence-alone --home ./norrkoping
    """
    from hub.commands.rules_texts import print_rule, row_of, words_of
    from hub.errors import ConfigError
    from hub.installation import load_agencies, load_teams
    from hub.registry.rules_kept import read_in_force
    from hub.rules_file import load_rules
    from hub.settings import load_settings

    settings = load_settings(home)
    rule_set = load_rules(settings.home / "rules")
    rule = next((one for one in rule_set.rules if one.id == rule_id), None)
    if rule is None:
        known = ", ".join(one.id for one in rule_set.rules)
        raise ConfigError(f"there is no rule {rule_id} in {settings.home / 'rules'}; there are {known}", code="unknown_rule")
    active = read_in_force(settings)
    row = row_of(rule, None if active is None else active.rules, _today(settings))
    names = {code: team.title for code, team in load_teams(settings.home).items()}
    names |= {code: agency.title for code, agency in load_agencies(settings.home).items()}
    words = words_of(rule, names)
    if as_json:
        typer.echo(json.dumps({**row, "rationale": rule.rationale, **words}, indent=2, ensure_ascii=False))
        return
    print_rule(row, rule.rationale, words)


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder of rules (default: the installation's). Alone it is checked by itself.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Check a folder of rules before it is used: everything that would be refused, by file, line and column; then exit 2.

    With --home (or HUB_HOME) a folder is checked against that installation too: its teams, agencies, consents and retention.

    Example: hub rules check ./new-rules --home ./norrkoping
    """
    from hub.clock import SystemClock, stockholm_date
    from hub.commands.rules_texts import print_checked
    from hub.rules_file import Surroundings, check_retention, check_rules
    from hub.settings import load_settings

    if folder is not None and home is None:
        checked = check_rules(folder, today=stockholm_date(SystemClock().now()))
        print_checked(checked, against=" by themselves; --home checks them against an installation too", as_json=as_json)
    else:
        settings = load_settings(home)
        checked = check_rules(folder or settings.home / "rules", Surroundings.of(settings), _today(settings))
        print_checked(checked, against="", as_json=as_json)
        if checked.rule_set is not None:
            check_retention(checked.rule_set, settings)
    if checked.rule_set is None:
        raise typer.Exit(2)


@app.command()
def schema(
    of: Annotated[str, typer.Argument(metavar="rule|ruleset", help="Of one rule's file, or of ruleset.yaml.")] = "rule",
) -> None:
    """Print the JSON Schema of a rule's file or of ruleset.yaml, for an editor that completes and underlines.

    `hub init` puts both beside the rules, and the first line of each file names its own. After an update of the hub, write them
    anew.

    Example: hub rules schema rule > ./norrkoping/rules/rule.schema.json
    """
    from hub.core.rule_schema import rules_schema

    if of not in {"rule", "ruleset"}:
        raise typer.BadParameter("it must be rule or ruleset", param_hint="rule|ruleset")
    typer.echo(json.dumps(rules_schema("rule" if of == "rule" else "ruleset"), indent=2, ensure_ascii=False))


def _today(settings: Settings) -> date:
    from hub.bootstrap import build_clock
    from hub.clock import stockholm_date

    return stockholm_date(build_clock(settings).now())
