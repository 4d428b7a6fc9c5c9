"""The choice of decoder, the same for every Python engine: `fastavro` (compiled), or `quick`, the reader that the hub makes for itself.

Neither is told more than the schema. A value that does not decode gives None, and the job drops it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.correlate.job import FRAME, Decoder, Event, through

__all__ = ["DECODERS", "SCHEMA", "decoder", "reader_source"]

SCHEMA = Path(__file__).with_name("kafka_streams") / "src" / "main" / "avro" / "event.avsc"
_BODY = len(FRAME)


def decoder(name: str) -> Decoder:
    """The decoder of that name. Raises ImportError where its library is not installed, KeyError for an unknown name."""
    return DECODERS[name]()


def _fastavro() -> Decoder:
    import fastavro

    schema = fastavro.parse_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))
    read = fastavro.schemaless_reader
    reader: Any = io.BytesIO

    def decode(value: bytes) -> Event | None:
        stream = reader(value)
        stream.seek(_BODY)
        try:
            found = read(stream, schema)
        except Exception:  # noqa: BLE001 - damaged bytes raise whatever the place of the damage brings about
            return None
        return Event(
            found["event_id"], found["youth_key"], found["event_type"], found["occurred_at"], found["recorded_at"],
            found["severity"], found["consent_scope"],
        )  # fmt: skip

    return decode


def _fixed_event() -> tuple[Any, Any]:
    """Its schema and its message."""
    import avro.schema

    from hub.contract.fields import Message

    class FixedEvent(Message):
        event_id: str
        youth_key: str
        tenant_id: str
        event_type: str
        source_system: str
        occurred_at: int
        recorded_at: int
        told_at: int
        severity: int
        consent_scope: tuple[str, ...]
        payload_ref: str | None

    FixedEvent.__module__ = __name__
    return avro.schema.parse(SCHEMA.read_text(encoding="utf-8")), FixedEvent


def _quick() -> Decoder:
    from hub.contract.quick import quick_reader

    read: Any = quick_reader(*_fixed_event())
    if read is None:
        raise ValueError("the hub makes no reader for this schema")
    return through(read)


def reader_source() -> str:
    """The text of the reader that `quick` uses, to be compiled with the hub's own."""
    from hub.contract.quick import source_of

    return source_of(*_fixed_event())[0]


DECODERS: dict[str, Callable[[], Decoder]] = {"fastavro": _fastavro, "quick": _quick}
