"""`hub backtest`: candidate rules over consented history, against the active ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hub.commands.options import As, Home, Json

__all__ = ["backtest"]

_STOPPED = 130


def backtest(  # noqa: PLR0917 -- typer reads one option per parameter
    rules: Annotated[Path, typer.Argument(metavar="RULES", help="The folder of candidate rules.")],
    source: Annotated[
        str,
        typer.Option("--from", metavar="topic|FILE", help="The history: what Kafka holds (topic), or a file of --keep."),
    ] = "topic",
    since: Annotated[
        str,
        typer.Option(metavar="DATE", help="Count tasks from this day's week on (Sweden); what came before only fills windows."),
    ] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Up to and with this day's week (default: now).")] = "",
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="As if each event had been told as it occurred: for a history imported afterwards."),
    ] = False,
    against: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The rules to compare with (default: those in force).")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures as a page with charts, too.")] = None,
    language: Annotated[
        Literal["", "sv", "en"], typer.Option(metavar="sv|en", help="Of the page (default: the installation's).")
    ] = "",
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the history in a file, to try more rules on: personal data, to be deleted soon."),
    ] = None,
    processes: Annotated[int, typer.Option(min=0, metavar="N", help="So many at once (default: one for each core).")] = 0,
    as_account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Try rules on consented history: what they would have proposed, week by week, and the difference to the rules in force.

    Nothing is proposed and nothing is sent. Whose consent is withdrawn or suspended now is left out. Numbers below 5 are not
    shown, nor what would give one away; only whole weeks are counted. That history was used is written to the audit log.

    Example: hub backtest ./candidate --since 2025-01-07 --html candidate.html

    Ctrl-C stops it with exit code 130: no figures and no page then, and no file but a --keep that was whole already.

    Example: hub backtest ./candidate --keep history.jsonl, then hub backtest ./other --from history.jsonl
    """
    import signal

    try:
        _backtest(
            rules, source, (since, until), against, html, language, keep, processes, as_account, home,
            at_once=at_once, as_json=as_json,
        )  # fmt: skip
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses it twice wants no more than that it stops
        typer.echo("hub: stopped, and no figures were written", err=True)
        if keep is not None and keep.exists():
            from hub.commands.backtest_texts import warn_of_kept

            warn_of_kept(keep)
        raise typer.Exit(_STOPPED) from None


def _backtest(  # noqa: PLR0917 -- as typer reads them
    rules: Path, source: str, days: tuple[str, str], against: Path | None, html: Path | None, language: Literal["", "sv", "en"],
    keep: Path | None, processes: int, as_account: str, home: Path | None, *, at_once: bool, as_json: bool,
) -> None:  # fmt: skip
    from contextlib import closing

    from hub.audit.actions import Action
    from hub.audit.entries import Entry
    from hub.bootstrap import build_audit, build_clock
    from hub.commands import backtest_texts as texts
    from hub.commands.acting import acting
    from hub.commands.backtest_run import Run
    from hub.settings import load_settings
    from hub.stopping import ctrl_c_waits

    settings = load_settings(home)
    clock = build_clock(settings)
    run = Run(settings, clock.now(), source, quiet=as_json, processes=processes)
    question = run.question(rules, against, *days, at_once=at_once)
    with closing(build_audit(settings, clock)) as log:
        entry = Entry(acting(settings, as_account, audit=log), Action.RULES_BACKTESTED, purpose=run.purpose(question))
        with log.recorded(entry) as draft:
            if keep is not None:
                log.append(Entry(entry.actor, Action.HISTORY_KEPT, purpose=entry.purpose))
            found = run.published(question, keep)
            draft.permitted(f"youths:{texts.code_of(found.youths)}.events:{texts.code_of(found.events)}")
    if html is not None:
        from hub.backtest.page import page

        spoken = language or settings.language
        shown = page(found, texts.names(settings, question, spoken), spoken, clock.now())
        with ctrl_c_waits():
            html.write_text(shown, encoding="utf-8")
    texts.print_found(found, as_json=as_json)
    if keep is not None:
        texts.warn_of_kept(keep)
