"""What was asked for on the command line, as every leg gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """`engines` empty: all that the leg knows. `say` takes a line of progress."""

    engines: tuple[str, ...]
    events: int
    youths: int
    partitions: int
    rounds: int
    decoder: str
    rates: tuple[float, ...]
    seconds: float
    """How long each rate of the latency leg lasts."""
    say: Callable[[str], None]
