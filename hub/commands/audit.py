"""`hub audit`: verify the log, give it to another system, read it, review it. No command takes a person's number."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands import audit_texts as texts
from hub.commands.acting import acting
from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.audit.log import AuditLog
    from hub.clock import Clock
    from hub.settings import Settings

__all__ = ["app"]

app = typer.Typer(
    help="Who saw and did what, and what was refused: a log that shows when somebody has tampered with it. Keep exported "
    "checkpoints where this installation's administrators cannot write.",
    no_args_is_help=True,
)


@app.command()
def verify(
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A checkpoint exported earlier; repeat for more. It finds truncations and forks."),
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The log's public key, kept elsewhere (default: from keys/audit.key).")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Check the whole log: is an entry changed, missing or moved, the end cut off, the history written anew?

    Exits 0 when it is whole and 1 when it is not; it then says what happened, where, and what to do.

    Example: hub audit verify --against kept-elsewhere/2025-05.note
    """
    from hub.audit.damage import missing_tables
    from hub.audit.opening import open_verifier
    from hub.audit.pruning import least_of, limit_of
    from hub.audit.reading import size
    from hub.audit.verify import verify as verify_log

    with _opened(home) as (settings, clock, log):
        given = [texts.read_checkpoint(file) for file in against or ()]
        waiting = None if log.spool is None else log.spool.look()
        texts.warn_of_waiting(waiting)
        entries = 0 if missing_tables(log.engine) else size(log.engine)
        with texts.progress("Verifying the audit log", entries, quiet=as_json) as advance:
            years = settings.audit.retention_years
            verdict = verify_log(
                log.engine, open_verifier(settings, public_key), given,
                oldest=limit_of(clock, years), least=least_of(clock, years), waiting=waiting, named=log.document,
                progress=advance,
            )  # fmt: skip
    texts.print_verdict(verdict, len(given), as_json=as_json)
    if not verdict.whole:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it here (default: to standard output).")] = None,
    public_key: Annotated[
        bool, typer.Option("--public-key", help="The public key instead: what another system checks checkpoints with.")
    ] = False,
    home: Home = None,
) -> None:
    """Sign a checkpoint of the log as it is now, as a note that another system keeps (C2SP tlog-checkpoint).

    Example: hub audit checkpoint --out /mnt/archive/hub-audit-2025-05.note
    """
    from hub.audit.opening import open_checkpoints, open_verifier
    from hub.errors import RejectedError

    with _opened(home) as (settings, clock, log):
        if public_key:
            note: str | None = f"{open_verifier(settings).text_form()}\n"
        else:
            note = open_checkpoints(settings, log.engine, clock).sign()
    if note is None:
        raise RejectedError("the audit log is empty: there is nothing to sign yet", code="nothing_to_export")
    texts.write_out(out, [note.removesuffix("\n")])


@app.command()
def export(
    since: Annotated[int, typer.Option(min=0, metavar="SIZE", help="How many entries the receiver has already.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write here (default: to standard output).")] = None,
    as_account: As = "",
    home: Home = None,
) -> None:
    """Write the entries as JSON lines for another system, and as the last line a signed checkpoint of all of them.

    With --since, the last line also proves that what the receiver has is a beginning of this (RFC 6962 §2.1.2).

    Example: hub audit export --since 1500 --out audit-1500.jsonl
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Entry
    from hub.audit.export import export_lines
    from hub.audit.opening import open_checkpoints

    with _opened(home) as (settings, clock, log):
        log.append(Entry(acting(settings, as_account, audit=log), Action.AUDIT_EXPORTED))
        texts.write_out(out, export_lines(log.engine, open_checkpoints(settings, log.engine, clock), since))


@app.command("list")
def list_entries(  # noqa: PLR0917 -- typer reads one option per parameter
    since: Annotated[str, typer.Option(metavar="DAY", help="From this day on, in Sweden (2025-05-19).")] = "",
    until: Annotated[str, typer.Option(metavar="DAY", help="Up to and with this day.")] = "",
    action: Annotated[list[str] | None, typer.Option(help="Only this action (task_opened); repeat for more.")] = None,
    account: Annotated[str, typer.Option(help="Only what this account did.")] = "",
    outcome: Annotated[str, typer.Option(help="Only what was permitted (permit) or refused (deny).")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    as_account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List entries, newest first. That the log was read is an entry too. Subjects are pseudonyms: the log does not know who.

    Example: hub audit list --since 2025-05-19 --outcome deny
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Entry
    from hub.audit.reading import the_latest

    chosen = texts.read_filter(since, until, action or [], account, outcome)
    with _opened(home) as (settings, _, log), log.recorded(Entry(acting(settings, as_account, audit=log), Action.AUDIT_READ)):
        log.carry()
        records = the_latest(log.engine, chosen, limit)
    texts.print_records(records, as_json=as_json)


@app.command()
def review(  # noqa: PLR0917 -- typer reads one option per parameter
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month to review.")],
    sample: Annotated[int, typer.Option(min=0, help="How many openings are drawn at random.")] = 20,
    days: Annotated[int, typer.Option(min=1, help="Within how many days an action must have followed.")] = 14,
    seed: Annotated[int | None, typer.Option(help="Draw again what an earlier review drew; it told its seed.")] = None,
    as_account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """The monthly access review (loggkontroll): openings drawn at random, and every opening that no action followed.

    Example: hub audit review --month 2025-05
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Entry
    from hub.audit.review import monthly_review

    drawn_by = secrets.randbelow(1_000_000) if seed is None else seed
    with _opened(home) as (settings, _, log), log.recorded(Entry(acting(settings, as_account, audit=log), Action.AUDIT_REVIEWED)):
        log.carry()
        found = monthly_review(log.engine, month, seed=drawn_by, sample=sample, days=days)
    texts.print_review(found, as_json=as_json)


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Do it (default: only say what would go).")] = False,
    as_account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let go of entries older than audit.retention_years, up to a checkpoint that was signed so long ago.

    Verifying goes on from there. Without --yes nothing is removed. Export first what must be kept longer.

    Example: hub audit prune --yes
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Entry
    from hub.audit.opening import open_verifier
    from hub.audit.pruning import least_of, limit_of, prunable
    from hub.audit.pruning import prune as prune_log

    with _opened(home) as (settings, clock, log):
        actor = acting(settings, as_account, audit=log)
        years, verifier = settings.audit.retention_years, open_verifier(settings)
        limit, least = limit_of(clock, years), least_of(clock, years)
        number = prunable(log, verifier, limit, least)
        if yes and number:
            log.append(Entry(actor, Action.AUDIT_PRUNED, purpose=f"n{number}"))
            number = prune_log(log, verifier, limit, least)
    texts.print_pruned(number, limit, done=yes, as_json=as_json)


@contextmanager
def _opened(home: Path | None) -> Iterator[tuple[Settings, Clock, AuditLog]]:
    from hub.bootstrap import build_audit, build_clock
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    log = build_audit(settings, clock)
    try:
        yield settings, clock, log
    finally:
        log.close()
