"""What the two lanes of a connector share: a poll, and the count of what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hub.connect.ledger import Tally
from hub.connect.news import NEWS
from hub.connector import Cursor
from hub.metrics import CONNECTOR_RECORDS, CONNECTOR_REMEMBERED

__all__ = ["EVENTS", "HISTORY", "NEWS", "STATUTORY", "Lane", "show_remembered", "show_totals"]

EVENTS = "events"
HISTORY = "history"
STATUTORY = "statutory"


class Lane(Protocol):
    """One stream of a source, with a cursor of its own."""

    name: str

    def poll(self) -> Tally:
        """Take everything the source has after the cursor; the count is of this poll.

        Raises what a source may raise (`hub.connector`); what was settled before stays settled.
        """
        ...

    def keep(self) -> None:
        """What is due between two polls; raises RetriableError when it has to be tried again."""
        ...


def show_totals(connector: str, totals: Mapping[tuple[str, str], int]) -> None:
    """Set the gauges to the durable counts."""
    for (outcome, reason), number in totals.items():
        CONNECTOR_RECORDS.labels(connector=connector, outcome=outcome, reason=reason).set(number)


def show_remembered(connector: str, lane: str, cursor: Cursor | None) -> Cursor | None:
    """Set the gauge to how much the cursor lists one by one; the answer is the cursor."""
    CONNECTOR_REMEMBERED.labels(connector=connector, lane=lane).set(_listed(cursor))
    return cursor


def _listed(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(_listed(each) for each in value.values())
    return len(value) if isinstance(value, list) else 0
