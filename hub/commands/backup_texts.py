"""What `hub backup` says of a copy or a restore before and after it, to whoever is there and to the audit log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from hub.backup.restore import Plan, Restored
    from hub.settings import Settings

__all__ = ["recorder", "tell_left_out", "tell_plan", "tell_restored", "telling"]


def recorder(settings: Settings, what: str) -> Callable[[], AbstractContextManager[None]]:
    """Writes to the audit log that a copy is made of `what`, before it is, and that it failed, when it has."""
    from hub.audit.actions import Action
    from hub.commands.auditing import log_attempt

    return lambda: log_attempt(settings, Action.BACKUP_MADE, purpose=what)


def tell_plan(plan: Plan) -> None:
    """What a restore will do, before it is asked for."""
    databases = [one.store for one in plan.manifest.files if one.store]
    typer.echo(f"From {plan.backup}, made {plan.manifest.made_at:%Y-%m-%d %H:%M} UTC, into {plan.settings.home}:", err=True)
    typer.echo(f"  databases: {', '.join(databases)}", err=True)
    typer.echo(f"  data keys: {plan.keyring or 'in their own database, as they are'}", err=True)
    typer.echo(f"  shred lists: {len(plan.lists)}", err=True)
    if plan.former_registry:
        typer.echo("  former registry: what had ended there ends again; it is only read", err=True)
    typer.echo("  what is there now is put aside in data.before-…" if plan.replaces else "  nothing is there now", err=True)
    _tell_log(plan)
    _tell_kafka(plan)
    _tell_rules(plan)


def tell_restored(plan: Plan, done: Restored) -> None:
    """What a restore has done, and what is left to do by hand."""
    from hub.backup.stores import find_stores

    typer.echo(f"Restored; {done.ended} ended, stopped or made less again; {done.endings} lines on the shred list")
    typer.echo(f"Former data: {done.aside or 'none'}")
    if done.rules_aside:
        typer.echo(f"The backup's consent.yaml is back; the former one: {done.rules_aside}")
    if done.aside:
        days = plan.settings.erasure.former_data_days
        typer.echo(f"They are removed after {days:g} days, or now with: hub backup discard")
    if any(not store.is_sqlite and store.name != "audit" for store in find_stores(plan.settings)):
        told = "drop them, but for the audit log's"
        typer.echo(f"On PostgreSQL the former databases are still there, with what has since been erased: {told}")
    tell_left_out(plan.manifest.left_out)
    if plan.begins_kafka_anew:
        told = "what a source shows no more, what partners have pushed and notices coded by hand are not: tell them again"
        typer.echo(f"Kafka begins anew, and connectors tell what their sources show still; {told} (deploy/runbooks/backup.md)")
    typer.echo("What was registered after the backup must be registered again. Start it: hub up")


def _tell_log(plan: Plan) -> None:
    """Which audit log there will be."""
    told = (
        "the one that is here goes on, with what was logged after the backup"
        if plan.continues_log
        else "the backup's; what was logged after it is not in it, nor is what may lie here of another"
    )
    typer.echo(f"  audit log: {told}", err=True)


def _tell_kafka(plan: Plan) -> None:
    """What becomes of the bus, where it is put aside with the data."""
    if plan.begins_kafka_anew:
        told = "the installation's own begins anew; connectors tell again what their sources show still, what they do not is lost"
        typer.echo(f"  Kafka: {told}", err=True)


def _tell_rules(plan: Plan) -> None:
    """What decides and is another than the backup's, or is not in it."""
    if plan.replaces_rules:
        typer.echo("  consent.yaml: the backup's is put back, for under others its consents may end for ever", err=True)
    for name in plan.lacking:
        told = "its consents may end for ever under others: be sure of" if name == "consent.yaml" else "compare"
        typer.echo(f"  {name} is not in this backup, of an older version: {told} {plan.settings.home / name}", err=True)
    for name in plan.differing:
        typer.echo(f"  {name} is not as it was in the backup and stays as it is: compare it with settings/{name}", err=True)


def tell_left_out(left_out: Sequence[str]) -> None:
    """What the backup's hub.toml lacks on purpose."""
    for one in left_out:
        typer.echo(f"not in the backup, put it back in hub.toml (better: ?password_file=): {one}", err=True)


def telling(*, quiet: bool) -> Callable[[str], None]:
    """Prints each step of long work beside the answer, unless a script reads that."""

    def say(text: str) -> None:
        if not quiet:
            typer.echo(f"… {text}", err=True)

    return say
