"""The record: CloudEvents in binary mode (Kafka protocol binding), its data the JSON that a webhook gets. Pure.

JSON and not Avro: whoever reads the topic has neither the hub's schemas nor its registry, four short fields need none, and one
shape for webhooks and topics is one to explain.
"""

from __future__ import annotations

from datetime import UTC

from connectors.webhook.sink import body_of
from hub.connector import Errand

__all__ = ["key_of", "record_headers", "record_value"]


def key_of(errand: Errand) -> bytes:
    """The task: all that is told of one stays in one partition, in order."""
    return errand.task_id.encode()


def record_value(errand: Errand) -> bytes:
    """That a team has a task and by when it must answer; nothing of whom it is about or why. The same bytes each time."""
    return body_of(errand).encode()


def record_headers(errand: Errand, source: str) -> list[tuple[str, bytes]]:
    """`ce_id` is the errand's identity: by it a reader knows what it has read before."""
    at = errand.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {
        "ce_specversion": "1.0",
        "ce_id": errand.identity,
        "ce_source": source,
        "ce_type": f"hub.task.{errand.state}.v1",
        "ce_time": at,
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in told.items()]
