"""The kit: the suites that every connector passes, and in-memory twins of the hub's ports. Shipped code, not mocks.

A connector's own tests need little more than this, in its own package too (`hub connectors new` writes it):

    class TestSource(SourceSuite):
        connector = connector

What the suite runs on, the connector's `trial` says: its simulator's datasets, its settings, its secrets. A case that a
connector cannot pass for a good reason is waived with it: `waivers = {"test_what_is_taken_back_is_retracted": "the feed …"}`.
"""

from __future__ import annotations

from hub.connect.memory import MemoryDirectory, MemoryPlaces, MemoryPublisher, MemoryStatutoryStore
from hub.testing.serving import served
from hub.testing.sink_suite import SinkSuite
from hub.testing.source_suite import SourceSuite

__all__ = [
    "MemoryDirectory",
    "MemoryPlaces",
    "MemoryPublisher",
    "MemoryStatutoryStore",
    "SinkSuite",
    "SourceSuite",
    "served",
]
