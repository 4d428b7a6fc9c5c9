"""The SPI: what a connector is, and all that one may know of the hub.

A connector translates one foreign system. It never sees a `youth_ref`, a link key, Kafka or a consent: it yields records
about persons (by national identifier, in memory only) or places, and the hub's intake decides what may leave the process.

    connector = Connector(
        name="ss12000", title="…", config=Config, build_source=build_source, build_simulator=build_simulator,
    )

registered under the entry point group `hub.connectors`. Two kinds of source may be built:

* `build_source`     events for Kafka. At least once: the cursor of a batch is stored only after Kafka acknowledged every
                     record of that batch, so a crash repeats the batch, under the same identities and revisions. A source
                     whose window moves on meanwhile says so (`moving_window`): the hub keeps its batches on disk.
* `build_statutory`  raw messages for the statutory lane. It runs first, on a loop and a cursor of its own, and needs
                     neither Kafka, nor the registry, nor a readable payload.

What a connector can do beyond that is declared, as data, in its `capabilities`: `backfill` says that its source can also tell
again what it knows of some persons since an instant.

Errors that may leave a source: RetriableError (the other side may answer later; the loop waits and repeats),
ConfigError (stop), RejectedError (a whole answer is refused: the loop counts it and goes on). A single record that
cannot be mapped is yielded as `Unmapped`, never raised: one bad record does not stop the next.
"""

from __future__ import annotations

from hub.connector.records import (
    Absence,
    Aside,
    Batch,
    Cursor,
    Notice,
    Observation,
    PersonRecord,
    Place,
    PlaceRecord,
    ProtectedPerson,
    RawMessage,
    Record,
    Removal,
    StatutoryBatch,
    Unmapped,
)
from hub.connector.registered import ENTRY_POINT_GROUP, Capability, Connector, find_connectors, load_connector
from hub.connector.source import Backfill, Gazetteer, Source, SourceContext, StatutorySource, Subjects

__all__ = [
    "ENTRY_POINT_GROUP",
    "Absence",
    "Aside",
    "Backfill",
    "Batch",
    "Capability",
    "Connector",
    "Cursor",
    "Gazetteer",
    "Notice",
    "Observation",
    "PersonRecord",
    "Place",
    "PlaceRecord",
    "ProtectedPerson",
    "RawMessage",
    "Record",
    "Removal",
    "Source",
    "SourceContext",
    "StatutoryBatch",
    "StatutorySource",
    "Subjects",
    "Unmapped",
    "find_connectors",
    "load_connector",
]
