"""What `hub rules list`, `show` and `check` print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from hub.core.rule_set import PlaceRule, Rule, RuleSet
    from hub.rules_file import Checked
    from hub.rules_folder import Fault

__all__ = ["STATES", "print_checked", "print_list", "print_rule", "row_of", "words_of"]

STATES = {"in_force": "in force", "lapsed": "lapsed", "not_in_force": "not in force"}


def row_of(rule: Rule | PlaceRule, active: RuleSet | None, today: date) -> dict[str, Any]:
    """One rule of a folder, as a row. Its state: past its sunset, or in force exactly as it is written, or not."""
    from hub.core.rule_sense import lapsed
    from hub.core.rule_set import Rule

    person = isinstance(rule, Rule)
    in_force = active is not None and rule in active.rules
    ended = isinstance(rule, Rule) and lapsed(rule, today)
    return {
        "id": rule.id,
        "title_sv": rule.title_sv,
        "title_en": rule.title_en,
        "team": rule.team if isinstance(rule, Rule) else None,
        "function": rule.function if isinstance(rule, Rule) else "presence",
        "owner": rule.owner,
        "sunset": rule.sunset.isoformat() if isinstance(rule, Rule) and rule.sunset else None,
        "about": "person" if person else "place",
        "state": "lapsed" if ended else "in_force" if in_force else "not_in_force",
    }


def print_list(version: str, rows: Sequence[dict[str, Any]], told: str) -> None:
    """The rules as a table, and a line about how they stand to what is in force."""
    from rich.console import Console
    from rich.table import Column, Table

    whole = Column("Rule", no_wrap=True, min_width=max((len(row["id"]) for row in rows), default=0))  # `show` asks for it
    table = Table(whole, "Title", "Team", "Function", "Owner", "Until", "State", title=f"Rules of version {version}")
    for row in rows:
        plain = (row["id"], row["title_sv"], row["team"] or "-", row["function"], row["owner"], row["sunset"] or "-")
        table.add_row(*plain, STATES[row["state"]])
    Console().print(table)
    typer.echo(told)


def words_of(rule: Rule | PlaceRule, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The rule's sentences by language. `names`: what teams and agencies are called, by code."""
    from hub.core.wording import rule_in_words

    return {"sv": rule_in_words(rule, "sv", names).sentences, "en": rule_in_words(rule, "en", names).sentences}


def print_rule(row: dict[str, Any], rationale: str, words: Mapping[str, Sequence[str]]) -> None:
    """One rule: whose it is and how it stands, then what it says, language by language."""
    until = f", until {row['sunset']}" if row["sunset"] else ""
    typer.echo(f"{row['id']}: {STATES[row['state']]}{until}. {row['owner']} stands for it.")
    for language, sentences in words.items():
        typer.echo(f"\n{row[f'title_{language}']}")
        typer.echo("\n".join(f"  {sentence}" for sentence in sentences))
    if rationale.strip():
        typer.echo(f"\nWhy: {rationale.strip()}")


def print_checked(checked: Checked, *, against: str, as_json: bool) -> None:
    """Everything that is wrong, a line each as editors read it; then what is only to be known."""
    found = checked.rule_set
    if as_json:
        told = {
            "version": found and found.version,
            "rules": None if found is None else len(found.rules),
            "faults": [_plain(one) for one in checked.faults],
            "cautions": [_plain(one) for one in checked.cautions],
        }
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for one in checked.faults:
        typer.echo(str(one))
    for one in checked.cautions:
        typer.echo(f"{one} (to know, no fault)")
    if found is None:
        typer.echo(f"{len(checked.faults)} to mend: these rules would be refused.")
    else:
        typer.echo(f"{len(found.rules)} rules of version {found.version}: nothing is wrong with them{against}.")


def _plain(one: Fault) -> dict[str, Any]:
    return {"file": str(one.path), "line": one.line, "column": one.column, "field": one.field, "text": one.text}
