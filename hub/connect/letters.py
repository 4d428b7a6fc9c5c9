"""Letters: records of a source that were refused for what they are, and how each is found again. See README.md for the rule.

A letter says when, why, and where in the source. Nothing in it depends on anybody's consent, and nothing of it says whom the
record is about: `start` and `ordinal` are a place in the source's own order, `token` is a hash under a key of the agency and the
letter's own number, which only confirms that the record that was found again is the one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.connector import Batch, Cursor, PersonRecord, PlaceRecord, Record, Unmapped
from hub.sealed import Seal, derived

__all__ = ["Gathering", "Letter", "LetterState", "Sealing", "digest_of", "names_of"]

_TOKEN_HEX = 32
_ID_BYTES = 8
_PARTS = (":", "#")  # between the source's own name of a record and that of one fact of it


class LetterState(StrEnum):
    """What became of a letter. `handled`: redriven, sound now, and decided by consent as of then, whatever that said."""

    WAITING = "waiting"
    QUEUED = "queued"
    HANDLED = "handled"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """One refused record. `sealed` holds the source's own record where it may be kept; `result`: what the last attempt met.

    `heard_at`: when the source showed it last, where that is later than `found_at`.
    """

    letter_id: str
    found_at: datetime
    reason: str
    start: Cursor
    ordinal: int
    token: str = field(default="", repr=False)
    sealed: bytes = field(default=b"", repr=False)
    state: LetterState = LetterState.WAITING
    attempts: int = 0
    changed_at: datetime | None = None
    result: str = ""
    heard_at: datetime | None = None

    @property
    def shown_at(self) -> datetime:
        """When the source showed the record last."""
        return self.heard_at or self.found_at

    @property
    def cursor_digest(self) -> str:
        """The place in the source that it was read from, for people: two letters of one page show the same."""
        return digest_of(self.start)[:12]


def digest_of(cursor: Cursor) -> str:
    """SHA-256 of a cursor, in hexadecimal."""
    return hashlib.sha256(json.dumps(cursor, sort_keys=True).encode()).hexdigest()


class Sealing:
    """What the source agency's key does here: seals bodies (AES-256-GCM, bound to instance and letter) and makes tokens."""

    def __init__(self, agency_key: bytes, instance: str) -> None:
        self._instance = instance
        self._seal = Seal(agency_key, b"hub connector letters")
        self._naming = derived(agency_key, b"hub connector letter tokens")

    def seal(self, letter_id: str, content: bytes) -> bytes:
        """`content` as it may lie on disk."""
        return self._seal.seal(self._bound(letter_id), content)

    def open(self, letter_id: str, sealed: bytes) -> bytes | None:
        """What was sealed; None when it was not under this key, or for another letter."""
        return self._seal.open(self._bound(letter_id), sealed)

    def number(self, reason: str, content: bytes) -> str:
        """The number of a letter that keeps its body: the same for the same content and reason."""
        return "l" + hmac.new(self._naming, reason.encode() + b"\x00" + content, hashlib.sha256).hexdigest()[: 2 * _ID_BYTES]

    def token(self, letter_id: str, source_id: str) -> str:
        """What confirms that a record is the letter's; it says nothing of the record to whoever has no key."""
        text = f"{letter_id}\x00{source_id}".encode("utf-8", "surrogatepass")
        return hmac.new(self._naming, text, hashlib.sha256).hexdigest()[:_TOKEN_HEX]

    def is_of(self, letter: Letter, record: Record) -> bool:
        """Whether the record is the letter's, or a fact of what the letter's record tells."""
        return self.is_named(letter, record.source_id)

    def is_named(self, letter: Letter, source_id: str) -> bool:
        """The same of a source's name."""
        return any(hmac.compare_digest(letter.token, self.token(letter.letter_id, name)) for name in names_of(source_id))

    def _bound(self, letter_id: str) -> bytes:
        return f"{self._instance}\x00{letter_id}".encode()


def names_of(source_id: str) -> Iterator[str]:
    """The source's name of a record, and of what it may be a fact of: `a7:excused` is one of `a7`."""
    if not source_id:
        return
    yield source_id
    for part in _PARTS:
        whole, found, _ = source_id.rpartition(part)
        if found:
            yield whole


class Gathering:
    """Makes letters while a lane reads on, and hands them out once the cursor has passed them.

    Until then a refused record comes again with the next poll, and would be a letter each time.
    """

    def __init__(self, position: Cursor, sealing: Sealing, *, may_keep: bool) -> None:
        self._start = position
        self._sealing = sealing
        self._may_keep = may_keep
        self._ordinal = 0
        self._waiting: list[Letter] = []

    def take(self, batch: Batch, refused: dict[int, str], now: datetime) -> list[Letter]:
        """`refused` are reasons by place in the batch; the answer is what may be settled with the batch's cursor."""
        if not batch.retold:
            for place, reason in refused.items():
                self._waiting.append(self._letter(batch.records[place], reason, self._ordinal + place, now))
            self._ordinal += len(batch.records)
        if batch.cursor == self._start:
            return []
        self._start, self._ordinal = batch.cursor, 0
        gathered, self._waiting = self._waiting, []
        return gathered

    def _letter(self, record: PersonRecord | PlaceRecord | Unmapped, reason: str, ordinal: int, now: datetime) -> Letter:
        content = record.content if self._may_keep and isinstance(record, Unmapped) else b""
        # A feed shows a row again and again: of places, the same row is the same letter. Of persons no two letters are linked.
        letter_id = self._sealing.number(reason, content) if content else "l" + secrets.token_hex(_ID_BYTES)
        return Letter(
            letter_id,
            now,
            reason,
            self._start,
            ordinal,
            token=self._sealing.token(letter_id, record.source_id) if record.source_id else "",
            sealed=self._sealing.seal(letter_id, content) if content else b"",
        )
