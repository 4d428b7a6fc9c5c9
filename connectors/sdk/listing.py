"""Reads a listing of messages, whatever shape its entries are in: an entry that cannot be read is still a message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.shallow import parse_shallow
from hub.errors import RejectedError

__all__ = ["Listed", "attributes_of", "instant_of", "parse_json", "parse_listing"]

_LONGEST_ID = 256
_FIRST_YEAR = 2000  # SDK is younger; an older time is a default that somebody's system left in


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry. `key`, a digest of `own_id` and `messageId` together, stands for it wherever this very entry is meant: in
    cursors, and whether it is secured. `message_id` is its identity in the statutory store and on the bus.

    `path_id` is what it can be fetched by, None when the entry does not say. `own_id` is the message system's own name of it;
    `messageId` is its sender's, who may use it twice.
    """

    key: str
    message_id: str = field(repr=False)
    path_id: str | None = field(repr=False)
    own_id: str | None = field(repr=False)
    status: str | None
    created_text: str
    entry: Any = field(repr=False)

    @property
    def created(self) -> datetime | None:
        """`creationDateTime`, UTC, or None when it cannot be read."""
        return instant_of(self.created_text)

    def contradicted(self, content: bytes) -> tuple[bool, bool]:
        """Whether what was fetched says itself that it has another id, and another `messageId`.

        What says nothing of itself contradicts nothing: it is taken for this one.
        """
        answer = parse_json(content)
        own, message = _identities(answer.get("data") if isinstance(answer, dict) else None)
        wanted_own, wanted_message = _identities(self.entry)
        return _differ(wanted_own, own), _differ(wanted_message, message)

    def raw(self) -> bytes:
        """The entry itself as JSON, for one that cannot be fetched."""
        return json.dumps(self.entry, ensure_ascii=False).encode("utf-8", "surrogatepass")


def parse_json(content: bytes) -> Any:
    """JSON of a stranger, without what nests deeper than anything we look at; None when it is none."""
    try:
        return parse_shallow(content)
    except ValueError:
        return None


def parse_listing(content: bytes, *, path_id: str) -> list[Listed]:
    """The entries of `outputArrayData`. `path_id` names the field that messages are fetched by.

    Raises RejectedError `malformed_listing` when the answer is no listing at all.
    """
    answer = parse_json(content)
    entries = answer.get("data") if isinstance(answer, dict) else False
    if entries is None:  # the standard does not require `data`
        return []
    if not isinstance(entries, list):
        raise RejectedError("list: the answer is not a list of messages", code="malformed_listing")
    return [_listed(entry, path_id) for entry in entries]


def attributes_of(entry: Any) -> Mapping[str, Any]:
    """An entry's `attributes`, empty when it has none."""
    attributes = entry.get("attributes") if isinstance(entry, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def instant_of(value: Any) -> datetime | None:
    """An instant of the standard (`creationDateTime`: UTC, also when it does not say so), or None."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
        utc = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if utc.year >= _FIRST_YEAR else None


def _listed(entry: Any, path_id: str) -> Listed:
    attributes = attributes_of(entry)
    own, message = _identities(entry)
    order = (own, message) if path_id == "id" else (message, own)
    digest = hashlib.sha256(json.dumps([own, message] if own or message else [entry], sort_keys=True).encode()).hexdigest()[:32]
    status, created = attributes.get("messageStatus"), attributes.get("creationDateTime")
    return Listed(
        key=digest,
        message_id=message or own or f"listing-{digest}",
        path_id=order[0] or order[1],
        own_id=own,
        status=status if isinstance(status, str) else None,
        created_text=created if isinstance(created, str) else "",
        entry=entry,
    )


def _identities(entry: Any) -> tuple[str | None, str | None]:
    """The message system's own id and the sender's `messageId`."""
    attributes = attributes_of(entry)
    # The standard's document can be read as wanting the message system's own id in `attributes`, too.
    own = _identity(entry.get("id")) or _identity(attributes.get("id")) if isinstance(entry, dict) else None
    return own, _identity(attributes.get("messageId"))


def _differ(wanted: str | None, found: str | None) -> bool:
    return None not in {wanted, found} and wanted != found


def _identity(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable() else None
