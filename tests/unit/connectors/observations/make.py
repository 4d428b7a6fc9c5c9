"""An inbox folder, and a source on it whose files count as settled."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.observations.config import ObservationsConfig
from connectors.observations.source import ObservationsSource
from hub.connector import Batch, Cursor, Record, SourceContext
from hub.testing import MemoryPlaces

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
PERSON = "20120314-9800"
OTHER_PERSON = "201105219818"
HEADER = "id;person;concern;area;observed_at;observer"
EST_HEADER = "week;area;category;incidents"


def make_row(row_id: str = "obs-1", person: str = PERSON, concern: str = "recruitment", at: str = "2025-05-12T19:30") -> str:
    return f"{row_id};{person};{concern};Hageby;{at};field_worker"


def make_context(home: Path, now: datetime = NOW, places: MemoryPlaces | None = None) -> SourceContext:
    def no_secret(name: str) -> str:
        raise AssertionError(name)

    return SourceContext(now=lambda: now, secret=no_secret, gazetteer=places or MemoryPlaces(), home=home)


def write(folder: Path, name: str, lines: Sequence[str] | bytes, *, age_seconds: float = 3600) -> Path:
    """A file that was last touched some time ago."""
    path = folder / name
    path.write_bytes(lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode())
    moment = time.time() - age_seconds
    os.utime(path, (moment, moment))
    return path


def make_source(
    folder: Path, *, now: datetime = NOW, sleep: Any = None, places: MemoryPlaces | None = None, **settings: Any
) -> ObservationsSource:
    def never(_seconds: float) -> None:
        raise AssertionError("nothing is fresh here")

    config = ObservationsConfig.model_validate({"folder": folder, **settings})
    return ObservationsSource(config, make_context(folder, now, places), sleep=sleep or never)


def pull(source: ObservationsSource, cursor: Cursor | None = None) -> tuple[list[Record], Cursor | None]:
    """All records, and the last cursor."""
    batches: list[Batch] = list(source.batches(cursor))
    return [record for batch in batches for record in batch.records], batches[-1].cursor if batches else cursor
