"""What a person sees while the jars are fetched for the first time: a bar on a terminal, two lines in a log. On stderr."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

__all__ = ["FetchProgress", "shown_progress"]

_MEGABYTE = 1_000_000


class FetchProgress(Protocol):
    """Told of what has arrived; called from several threads."""

    def received(self, size: int) -> None:
        """`size` more bytes are here."""
        ...

    def have(self, jars: int) -> None:
        """`jars` more are whole and checked."""
        ...


class _Lines:
    """For logs: how it began and how it ended."""

    def __init__(self, total: int, out: TextIO) -> None:
        self._out = out
        self._bytes = 0
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._out.write(f"Fetching Apache Kafka: {total} jars, about 45 MB, this once\n")
        self._out.flush()

    def received(self, size: int) -> None:
        with self._lock:
            self._bytes += size

    def have(self, jars: int) -> None:
        del jars

    def finish(self) -> None:
        seconds = time.monotonic() - self._begun
        self._out.write(f"Fetched Apache Kafka: {self._bytes / _MEGABYTE:.0f} MB in {seconds:.0f} s\n")
        self._out.flush()


@contextmanager
def shown_progress(total: int, out: TextIO | None = None) -> Iterator[FetchProgress]:
    """Show the fetch of `total` jars for as long as the block runs."""
    out = out or sys.stderr
    if not out.isatty():
        lines = _Lines(total, out)
        yield lines
        lines.finish()
        return
    with _bar(total, out) as bar:
        yield bar


@contextmanager
def _bar(total: int, out: TextIO) -> Iterator[FetchProgress]:
    from rich.console import Console  # noqa: PLC0415 - memory: only the first start draws a bar
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("Fetching Apache Kafka, this once"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("jars · {task.fields[megabytes]:.0f} MB"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=out)) as progress:
        task = progress.add_task("", total=total, megabytes=0.0)
        lock = threading.Lock()

        class Bar:
            megabytes = 0.0

            def received(self, size: int) -> None:
                with lock:
                    self.megabytes += size / _MEGABYTE
                    progress.update(task, megabytes=self.megabytes)

            def have(self, jars: int) -> None:
                progress.advance(task, jars)

        yield Bar()
