"""What a source offers besides, where its notices may come without a code: a reading of the raw message for whoever codes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from hub.connector.source import Gazetteer
from hub.contract.models import PoliceCategory

__all__ = ["Document", "Draft", "ReadDraft", "report_number"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a message: what it is called, never what it holds."""

    name: str = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a raw message says of itself outside its documents, as far as it can be read. Shown to the officer alone.

    `subjects`: place in the message (from 1) and identifier, in any spelling, readable or not. `occurred_at` is aware. `said`
    are the message's own references, what each is called and what it says.
    """

    subjects: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    category: PoliceCategory | None = None
    occurred_at: datetime | None = None
    area: str | None = None
    may_tell_youth: bool = False
    title: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    said: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    documents: tuple[Document, ...] = ()


ReadDraft: TypeAlias = Callable[[Any, Gazetteer, datetime, bytes], Draft]
"""(settings, places, now, raw message) → draft. Never raises: of what cannot be read the draft says nothing."""


def report_number(message_id: str) -> str:
    """What names a raw message where its id must not stand: in the statutory store, a queue, an address."""
    return hashlib.sha256(b"hub statutory id\x00" + message_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]
