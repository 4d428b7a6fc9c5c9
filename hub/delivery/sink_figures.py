"""What is measured of the sinks, from the database: exact after a restart."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine

from hub.breaker import BreakerState
from hub.delivery.sink_states import read_sinks
from hub.metrics import (
    SINK_BREAKER,
    SINK_LAST_SUCCESS,
    SINK_OLDEST_WAITING,
    SINK_PAUSED_SINCE,
    SINK_REFUSED,
    SINK_STOPPED_SINCE,
    SINK_WAITING,
)

__all__ = ["report_sinks"]


def report_sinks(engine: Engine, names: Collection[str]) -> None:
    """Set the gauges of every sink. Raises RetriableError."""
    for one in read_sinks(engine, names):
        SINK_WAITING.labels(sink=one.name).set(one.waiting)
        SINK_REFUSED.labels(sink=one.name).set(one.refused)
        SINK_OLDEST_WAITING.labels(sink=one.name).set(_seconds(one.oldest))
        SINK_LAST_SUCCESS.labels(sink=one.name).set(_seconds(one.last_success))
        SINK_STOPPED_SINCE.labels(sink=one.name).set(_seconds(one.stopped_at))
        SINK_PAUSED_SINCE.labels(sink=one.name).set(_seconds(one.paused_at))
        for state in BreakerState:
            SINK_BREAKER.labels(sink=one.name, state=state.value).set(1 if state is one.breaker.state else 0)


def _seconds(instant: datetime | None) -> float:
    return 0.0 if instant is None else instant.timestamp()
