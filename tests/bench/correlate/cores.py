"""Which core does what: the broker and whoever feeds it on the first, the engine that is measured on the second."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

__all__ = ["can_pin", "on_broker_core", "on_engine_core", "told"]


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


_OURS = _cores()


def can_pin() -> bool:
    """Whether there are two cores and a system that pins; else nothing is pinned, and the figures say so."""
    return len(_OURS) > 1


def told() -> str:
    """One sentence for the figures' heading."""
    return f"broker on core {_OURS[0]}, engine on core {_OURS[1]}" if can_pin() else "nothing pinned: fewer than two cores"


def on_broker_core() -> AbstractContextManager[None]:
    """This thread, and the processes it starts meanwhile, on the broker's core."""
    return _on(0)


def on_engine_core() -> AbstractContextManager[None]:
    """To start the engine: it keeps the core, and all its threads do."""
    return _on(1)


@contextmanager
def _on(place: int) -> Iterator[None]:
    if not can_pin():
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_OURS[place]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
