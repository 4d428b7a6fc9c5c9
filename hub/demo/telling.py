"""The demo's one progress display: a bar with the present step on a terminal, a line per step elsewhere. On stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

__all__ = ["STEPS", "Teller"]

STEPS = 8  # Kafka, town, topics, consents, connectors, reading, withdrawing, at rest


class Teller:
    """Call it with what is going on; `step` says that a stretch of the way is behind, `lasting` that the line stays in sight."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._began = time.monotonic()
        self._console = console
        self._progress = Progress(
            SpinnerColumn(), BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}"), console=console,
            transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._bar = self._progress.add_task("Starting", total=STEPS)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.finish()

    def __call__(self, text: str, *, step: bool = False, lasting: bool = False) -> None:
        self._progress.update(self._bar, description=text, advance=1 if step else 0)
        if not self._console.is_terminal or step or lasting:
            self._console.print(f"{time.monotonic() - self._began:6.1f} s  {text}", highlight=False, markup=False, soft_wrap=True)

    def finish(self) -> None:
        """Take the bar away; what was said stays."""
        self._progress.stop()
