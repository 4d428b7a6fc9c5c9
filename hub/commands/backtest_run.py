"""What `hub backtest` does: the question, the history, the replay, each with its own bar on a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from hub.backtest.history_file import open_history, write_history
from hub.backtest.published import Published, publish
from hub.backtest.running import Part, Question, lines_of, tally_of
from hub.backtest.tally import Tally
from hub.backtest.topics import BucketPart, private_folder, spill
from hub.claims import declared_in
from hub.clock import STOCKHOLM, reachable, stockholm_date
from hub.core.rules import RulesError, RuleSet, compile_rules
from hub.errors import ConfigError, RejectedError
from hub.registry.rules_kept import read_in_force
from hub.rules_file import REPLAY_DAYS, Surroundings, load_active_rules, load_rules

if TYPE_CHECKING:
    from rich.progress import Progress

    from hub.settings import Settings

__all__ = ["Run"]

TOPIC: Final = "topic"
_PARTS_A_PROCESS = 8


@dataclass(frozen=True, slots=True)
class Run:
    """One backtest of an installation. `source` is `topic` or a file; `processes` 0: one for each core that may be used."""

    settings: Settings
    now: datetime
    source: str
    quiet: bool
    processes: int

    def question(self, rules: Path, against: Path | None, since: str, until: str, *, at_once: bool) -> Question:
        """Raises ConfigError as the rules' own check does, and typer.BadParameter for what is no day."""
        if not rules.is_dir():
            text = f"{rules} is no folder: copy {self.settings.home / 'rules'}, change a rule in the copy, and name that"
            raise ConfigError(text, code="no_rules")
        candidate = load_rules(rules, Surroundings.of(self.settings))
        active = _in_force(self.settings) if against is None else load_rules(against)
        longest = max(_longest(candidate, rules), _longest(active, against or self.settings.home / "rules"))
        if self.source == TOPIC and longest + REPLAY_DAYS > self.settings.kafka.retention_days and not self.quiet:
            text = (
                f"Kafka keeps {self.settings.kafka.retention_days:g} days (kafka.retention_days), and the longest window is "
                f"{longest}: windows are never full. Use a longer history."
            )
            typer.echo(text, err=True)
        begin, end = _span(since, until, self.now)
        return Question(candidate, active, begin, end, at_once)

    @staticmethod
    def purpose(question: Question) -> str:
        """Which rules, as the audit log names it."""
        return f"rules:{question.plan().candidate.sha256[:16]}"

    def published(self, question: Question, keep: Path | None) -> Published:
        """The figures. Raises RejectedError `no_history` or `no_consents` when nothing can be replayed, and what
        `publish`, reading and `write_history` raise.
        """
        with ExitStack() as stack:
            parts: Sequence[Part]
            if self.source == TOPIC:
                parts = self._topics(stack)
                if keep is not None:
                    self._keep(parts, keep)
                    parts = open_history(keep, self._at_once * _PARTS_A_PROCESS, self.now)
            elif keep is not None:
                raise typer.BadParameter("--keep goes with --from topic: the file is there already")
            else:
                parts = open_history(Path(self.source), self._at_once * _PARTS_A_PROCESS, self.now)
            tally = self._replay(parts, question)
        if not tally.youths:
            raise _nothing(tally, self.source)
        return publish(tally, question.plan())

    @property
    def _at_once(self) -> int:
        return self.processes or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

    def _topics(self, stack: ExitStack) -> list[BucketPart]:
        folder = stack.enter_context(private_folder(self.settings.data))
        with self._bar("Reading the topics") as bar:
            task = bar.add_task("", total=None)
            files = spill(
                self.settings.bootstrap_servers, folder, lambda read, due: bar.update(task, completed=read, total=due or 1)
            )
        declared = declared_in(self.settings)
        return [BucketPart(path, declared) for path in files]

    def _keep(self, parts: Sequence[BucketPart], keep: Path) -> None:
        with self._bar("Keeping the history") as bar:
            task = bar.add_task("", total=len(parts))

            def lines() -> Iterator[bytes]:
                for some in lines_of(parts, self._at_once):
                    yield from some
                    bar.advance(task)

            write_history(keep, lines(), self.now)

    def _replay(self, parts: Sequence[Part], question: Question) -> Tally:
        with self._bar("Replaying") as bar:
            task = bar.add_task("", total=len(parts))
            return tally_of(parts, question, self._at_once, lambda _: bar.advance(task))

    @contextmanager
    def _bar(self, what: str) -> Iterator[Progress]:
        # In percent alone: so many records, youths or events so far are small numbers, run by run.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), disable=self.quiet) as bar:
            yield bar


def _in_force(settings: Settings) -> RuleSet:
    """What was activated last; before the first activation, what the files say."""
    active = read_in_force(settings)
    return load_active_rules(settings) if active is None else active.rules


def _longest(rule_set: RuleSet, folder: Path) -> int:
    try:
        return compile_rules(rule_set).longest_days
    except RulesError as error:
        raise ConfigError(f"{folder}: {error}", code="bad_rules") from error


def _span(since: str, until: str, now: datetime) -> tuple[datetime | None, datetime]:
    """From when to when is counted: the whole weeks, in Sweden, of the days that are asked for, and at most until now.

    Of days, two runs would tell on which one it was that somebody was proposed.
    """
    first, last = _day(since, "--since"), _day(until, "--until")
    if first is not None and first > (stockholm_date(now) if last is None else min(last, stockholm_date(now))):
        raise typer.BadParameter("--since must not be after --until, nor after today")
    begin = None if first is None else _monday(first, "--since")
    return begin, now if last is None else min(now, _monday(last, "--until", after=7))


def _day(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _no_date(option) from None


def _monday(day: date, option: str, after: int = 0) -> datetime:
    """The beginning of the Monday of its week, or so many days after."""
    try:
        monday = day + timedelta(days=after - day.weekday())
        return reachable(datetime.combine(monday, datetime.min.time(), STOCKHOLM)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_date(option) from None


def _no_date(option: str) -> typer.BadParameter:
    return typer.BadParameter(f"{option} needs a date, as 2025-01-07")


def _nothing(tally: Tally, source: str) -> RejectedError:
    where = "the topics hold" if source == TOPIC else f"{source} holds"
    if tally.left_out:
        text = f"{where} nobody whose consent is in force now: nothing may be replayed. See `hub consent grant` and `hub status`"
        return RejectedError(text, code="no_consents")
    text = f"{where} no history: run connectors for a while, or import one with `hub connect NAME --history --since DATE`"
    return RejectedError(text, code="no_history")
