"""What the profiler's stacks mean: microseconds per event by area of the worker, and the functions that cost most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

__all__ = ["told"]

# The first frame, from the innermost outwards, that begins so names the area.
_AREAS = (
    ("hub/contract/", "decode"),
    ("hub/core/state", "state codec"),
    ("hub/core/", "step"),
    ("hub/kafka", "encode what goes out"),
    ("hub/runtime/store", "RocksDB"),
    ("hub/runtime/ledger", "the partition's record"),
    ("hub/runtime/gauges", "metrics"),
    ("hub/exposition", "metrics"),
    ("hub/metrics", "metrics"),
    ("hub/runtime/transport", "produce and read"),
    ("aiokafka/producer", "produce and read"),
    ("aiokafka/consumer", "consume"),
    ("faust/transport", "Faust's consumer"),
    ("faust/", "Faust's streams"),
    ("hub/runtime/pipeline", "pipeline"),
    ("hub/runtime/", "lanes"),
    ("aiokafka/", "Kafka's wire"),
    ("prometheus_client/", "metrics"),
)
_LOOP = "asyncio/base_events.py:BaseEventLoop._run_once"
_MOST = 30


def _area(stack: Sequence[str]) -> str:
    for frame in stack:
        if frame.startswith(_LOOP):  # what began the loop says nothing
            return "event loop"
        for beginning, area in _AREAS:
            if frame.startswith(beginning):
                return area
    return "the rest"


def told(rows: Sequence[tuple[float, Sequence[str]]], events: int) -> str:
    """Two tables; the start of the process is left out."""
    areas: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for seconds, stack in rows:
        if any("importlib" in frame for frame in stack):
            continue
        areas["no Python (RocksDB's threads, and threads that have ended)" if len(stack) == 1 else _area(stack)] += seconds
        functions[stack[0]] += seconds
    lines = [f"{seconds / events * 1e6:8.1f} µs  {name}" for name, seconds in areas.most_common()]
    lines += ["", f"the {_MOST} functions that cost most, without what they call:"]
    lines += [f"{seconds / events * 1e6:8.1f} µs  {name}" for name, seconds in functions.most_common(_MOST)]
    return "\n".join(lines)
