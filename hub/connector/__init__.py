"""The SPI: what a connector is, and all that one may know of the hub.

A connector translates one foreign system. It never sees a `youth_ref`, a link key, Kafka or a consent: it yields records
about persons (by national identifier, in memory only) or places, and the hub's intake decides what may leave the process; or it
hands a receiver word of a task, and the hub decides what that word is.

    connector = Connector(
        name="ss12000", title="…", config=Config, kinds=…, build_source=build_source, build_simulator=build_simulator, trial=…
    )

registered under the entry point group `hub.connectors`. The words of the SPI:

* source      `build_source`: events for Kafka. `build_statutory`: raw messages for the statutory lane, first, on a loop and a
              cursor of their own, with neither Kafka, nor the registry, nor a readable payload.
* sink        `build_sink`: hands errands to a receiver; see `Sink` for what a repeat must not do.
* cursor      how far a source is read: JSON, opaque to the hub, without a name in it. It belongs to a batch and holds once
              every record of that batch is safe; it never goes back to an earlier one.
* aside       what a batch says besides facts: what the source deleted, whom it protects, and, beside a record, that the fact is
              this person's and nobody else's any more (`Removal`): without it a corrected fact stands of both.
* guarantee   at least once, in both directions. A source's cursor is stored only after Kafka acknowledged every record before
              it, so a crash repeats a batch, under the same identities and revisions. An errand's delivery is recorded only
              after the receiver had it, so a crash repeats the call, and a repeat has no second effect.
* capability  what a connector declares that it can do, as data (`Connector.capabilities`), and the suite has it show:
              `backfill` (tells again what it knows of some persons since an instant), `moving_window` (what one poll shows may
              be gone from the next: the hub keeps each batch on disk), `statutory`, `coding` (a notice without a readable code
              waits for a person), `places`, `delivery` and the others.

Errors that may leave a source: RetriableError (the other side may answer later; the loop waits and repeats),
ConfigError (stop), RejectedError (a whole answer is refused: the loop counts it and goes on). A single record that
cannot be mapped is yielded as `Unmapped`, never raised: one bad record does not stop the next. A sink's are the same three.

`hub connectors new NAME` writes a connector in a package of its own, with a simulator and the suite that every connector
passes (`hub.testing`).
"""

from __future__ import annotations

from hub.connector.coding import Document, Draft, ReadDraft, report_number
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
from hub.connector.sink import Delivered, Errand, Sink, SinkContext
from hub.connector.source import Backfill, Gazetteer, Pushed, Source, SourceContext, StatutorySource, Subjects, Waker
from hub.connector.trial import DATASETS, Trial
from hub.expectation import Expectation

__all__ = [
    "DATASETS",
    "ENTRY_POINT_GROUP",
    "Absence",
    "Aside",
    "Backfill",
    "Batch",
    "Capability",
    "Connector",
    "Cursor",
    "Delivered",
    "Document",
    "Draft",
    "Errand",
    "Expectation",
    "Gazetteer",
    "Notice",
    "Observation",
    "PersonRecord",
    "Place",
    "PlaceRecord",
    "ProtectedPerson",
    "Pushed",
    "RawMessage",
    "ReadDraft",
    "Record",
    "Removal",
    "Sink",
    "SinkContext",
    "Source",
    "SourceContext",
    "StatutoryBatch",
    "StatutorySource",
    "Subjects",
    "Trial",
    "Unmapped",
    "Waker",
    "find_connectors",
    "load_connector",
    "report_number",
]
