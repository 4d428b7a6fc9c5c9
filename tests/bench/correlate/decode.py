"""The choice of decoder, the same for every Python engine: `fastavro` (compiled), or `quick`, the reader that the hub makes for itself.

Neither is told more than the schema. A value that does not decode gives None, and the job drops it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from tests.bench.correlate.job import FRAME, Event

__all__ = ["DECODERS", "SCHEMA", "Decoder", "decoder"]

SCHEMA = Path(__file__).with_name("kafka_streams") / "src" / "main" / "avro" / "event.avsc"
Decoder: TypeAlias = Callable[[bytes], Event | None]
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


def _quick() -> Decoder:
    import avro.schema

    from hub.contract.fields import Message
    from hub.contract.quick import quick_reader

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
    parsed = avro.schema.parse(SCHEMA.read_text(encoding="utf-8"))
    read: Any = quick_reader(parsed, FixedEvent)
    if read is None:
        raise ValueError("the hub makes no reader for this schema")

    def decode(value: bytes) -> Event | None:
        found = read(value)
        if found is None:
            return None
        return Event(
            found.event_id, found.youth_key, found.event_type, found.occurred_at, found.recorded_at, found.severity,
            found.consent_scope,
        )  # fmt: skip

    return decode


DECODERS: dict[str, Callable[[], Decoder]] = {"fastavro": _fastavro, "quick": _quick}
