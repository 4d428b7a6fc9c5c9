"""CloudEvents 1.0 headers of a record: binary mode of the Kafka protocol binding."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from hub.contract.models import PersonEvent, PlaceEvent
from hub.contract.topics import Topic
from hub.errors import ContractError

__all__ = ["cloud_event_headers", "cloud_event_id", "cloud_event_type"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
_SOURCE = re.compile(r"(/[a-z0-9][a-z0-9._-]{0,63}){1,8}\Z")
_LONG_NUMBER = re.compile(r"\d{6}")
_ALL_DIGITS = re.compile(r"[\d._:-]+\Z")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def cloud_event_type(topic: Topic) -> str:
    """Type of a topic's events, such as `hub.school-absence.v1`: the record's name and the topic's major version."""
    major = topic.name.removesuffix(".dlq").rpartition(".")[2]
    return f"hub.{_HUMP.sub('-', topic.message.__name__).lower()}.{major}"


def cloud_event_id(event: PersonEvent | PlaceEvent) -> str:
    """Id of a source's event: its identity and revision, so that a repeat has the same id and a correction another."""
    return f"{event.event_id}:{event.revision}"


def cloud_event_headers(topic: Topic, event_id: str, source: str, time: datetime) -> tuple[tuple[str, bytes], ...]:
    """The headers of one record: CloudEvents' five, `content-type`, and a fresh W3C `traceparent` (not sampled).

    `event_id` is unique within `source`; `source` is a path of codes such as `/norrkoping/connectors/ss12000`; `time` is
    when it happened (aware). ContractError `invalid_message` when an id or source is not of that form, or holds what could
    be a birth date: a fault of the caller, never to be retried. The text does not repeat them.
    """
    if not _ID.match(event_id) or _ALL_DIGITS.match(event_id):
        raise ContractError("an event id for a header is not of our form", code="invalid_message")
    if not _SOURCE.match(source) or _LONG_NUMBER.search(source):
        raise ContractError("an event source for a header is not a path of codes", code="invalid_message")
    if time.tzinfo is None:
        raise ContractError("an event time for a header has no time zone", code="invalid_message")
    instant = time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", cloud_event_type(topic).encode()),
        ("ce_time", instant.encode()),
        ("content-type", b"application/avro"),
        ("traceparent", f"00-{_nonzero_hex(16)}-{_nonzero_hex(8)}-00".encode()),
    )


def _nonzero_hex(size: int) -> str:
    # All zeroes means "invalid" in W3C Trace Context.
    return (secrets.randbits(size * 8 - 1) + 1).to_bytes(size, "big").hex()
