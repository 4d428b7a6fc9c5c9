"""The sealed vault: what is kept of a consent when the operational copies are gone, and nobody can read alone.

A document gathers the parts of one consent: form, changes, end, receipt of the erasure. Each part is sealed (SealedBox: X25519,
XSalsa20-Poly1305) with `keys/sealed.public` as it is written, so that whoever writes cannot read; `keys/sealed.private` may lie
elsewhere until somebody opens one. The vault survives the erasure of the mapping, under the board's retention decision, and
outlives the audit log's own retention.

Guarantee: a part and the audit entry that vouches for it (`hub.audit.vouching`) are written in one transaction, or wait
together (`hub.audit.unstoppable`); `hub audit verify` finds a part that was changed, exchanged, put in, removed, or put under
another document, kind or instant, and no document with such a part is opened, nor while the log behind its first part does not
follow from what was written and signed (`hub.audit.standing`). An opening is approved by a second person and stands in the log
first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from sqlalchemy import ColumnElement, Row, func, select

from hub.audit.actions import Action
from hub.audit.entries import SYSTEM, Entry, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.notes import Verifier
from hub.audit.reading import horizon, stored
from hub.audit.standing import stands_from
from hub.audit.tables import EntryRow, SealedRow
from hub.audit.vouching import PARTS, agrees, digest_of, is_kept_whole
from hub.database import answering
from hub.errors import ConfigError, ContractError, RejectedError

__all__ = ["Document", "Part", "PartKind", "SealedVault"]


class PartKind(StrEnum):
    FORM = "form"  # the consent as it was registered
    CHANGE = "change"  # a signature, a suspension, another guardian
    END = "end"  # a withdrawal or the end of its time
    RECEIPT = "receipt"  # of the erasure: who answered, when


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a document, open. `document` is an internal reference, `content` what JSON can hold."""

    document: str
    kind: PartKind
    content: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """What may be known of a document without opening it: its parts' kinds in order, its first and last instant (UTC)."""

    document: str
    kinds: tuple[str, ...]
    first: datetime
    last: datetime


class SealedVault:
    """Lies in the audit log's database. Writes with the public key only."""

    def __init__(self, log: AuditLog, public: bytes) -> None:
        self.log = log
        self._public = PublicKey(public)

    def append(self, parts: Sequence[Part], at: datetime) -> None:
        """Seal and keep. On return they are on the medium; raises RetriableError `audit` when they are not.

        A part that is sealed twice, after a failure in between, is kept twice: that is no harm.
        """
        if not parts:
            return
        rows = [self._row(part, at) for part in parts]
        entries = [
            Entry(SYSTEM, Action.VAULT_SEALED, item=Subject(SubjectKind.DOCUMENT, row["document"]), rule=digest_of(**row))
            for row in rows
        ]
        self.log.append_many(entries, rows)

    def documents(self, document: str = "") -> list[Document]:
        """All documents, or the named one, oldest first; nothing is opened."""
        query = select(SealedRow.document, SealedRow.kind, SealedRow.at).order_by(SealedRow.position)
        if document:
            query = query.where(SealedRow.document == document)
        found: dict[str, list[tuple[str, datetime]]] = {}
        with answering(), self.log.engine.connect() as connection:
            for row in connection.execute(query):
                found.setdefault(row.document, []).append((row.kind, datetime.fromisoformat(row.at)))
        return [Document(name, tuple(kind for kind, _ in parts), parts[0][1], parts[-1][1]) for name, parts in found.items()]

    def require(self, document: str, private: bytes) -> None:
        """Before an approval is used up: raises RejectedError `no_such_document`, ConfigError when the key is another's.

        Without a `document`: whether there is anything in the vault.
        """
        if not self.documents(document):
            raise RejectedError("the vault has no such document: see `hub vault list`", code="no_such_document")
        if bytes(PrivateKey(private).public_key) != bytes(self._public):
            raise ConfigError("keys/sealed.private is not the key of keys/sealed.public", code="bad_key_file")

    def require_vouched(self, document: str, verifier: Verifier) -> None:
        """Before an approval is used up: that what vouches for the document still says what it said, to the log's end.

        A part can be exchanged together with its entry. Raises ContractError `will_not_open`.
        """
        place = select(func.min(SealedRow.position)).where(SealedRow.document == document)
        told = select(func.min(EntryRow.position)).where(*self._entries(document))
        with answering(), self.log.engine.connect() as connection:
            places = [connection.scalar(place), connection.scalar(told)]
        first = min((one for one in places if type(one) is int), default=1)
        if not stands_from(self.log.engine, verifier, first):
            raise ContractError("the audit log does not say what it said: run `hub audit verify`", code="will_not_open")

    def open(self, document: str, private: bytes) -> list[Part]:
        """The parts of a document, in order. Only after four eyes: see `hub.registry.unsealing`.

        Raises ContractError `will_not_open` when a part was changed or is missing, or no entry vouches for it: `hub audit verify`
        says which.
        """
        box = SealedBox(PrivateKey(private))
        query = PARTS.add_columns(EntryRow.rule, EntryRow.item).where(SealedRow.document == document)
        with answering(), self.log.engine.connect() as connection:
            rows = connection.execute(query.outerjoin(EntryRow, EntryRow.position == SealedRow.position)).all()
            told = connection.scalars(select(EntryRow.position).where(*self._entries(document))).all()
        if not self._are_vouched_for(rows) or not {row.position for row in rows} >= set(told):
            raise ContractError("a sealed part is not what was sealed then: run `hub audit verify`", code="will_not_open")
        try:
            texts = [(row.kind, json.loads(box.decrypt(row.sealed))) for row in rows]
        except (CryptoError, ValueError) as error:
            raise ContractError("a sealed part does not open: run `hub audit verify`", code="will_not_open") from error
        if any((text["document"], text["kind"]) != (document, kind) for kind, text in texts):
            raise ContractError("a sealed part is another document's: run `hub audit verify`", code="will_not_open")
        return [Part(document, PartKind(kind), text["content"]) for kind, text in texts]

    def _entries(self, document: str) -> tuple[ColumnElement[bool], ...]:
        """Of the entries that vouch for a document's parts."""
        return EntryRow.action == Action.VAULT_SEALED, EntryRow.item == self.log.document(document)

    def close(self) -> None:
        """Release the database."""
        self.log.close()

    def _are_vouched_for(self, rows: Sequence[Row[Any]]) -> bool:
        gone = horizon(self.log.engine)
        outlived = [row for row in rows if gone is not None and type(row.position) is int and 0 < row.position <= gone[0]]
        held = all(agrees(row, (row.rule, row.item), self.log.document) for row in rows if row not in outlived)
        return held and (not outlived or gone is None or is_kept_whole(self.log.engine, gone[0]))

    def _row(self, part: Part, at: datetime) -> dict[str, Any]:
        text = {"document": part.document, "kind": part.kind.value, "at": at.astimezone(UTC).isoformat(), "content": part.content}
        sealed = SealedBox(self._public).encrypt(json.dumps(text, ensure_ascii=False).encode())
        return {"document": part.document, "kind": part.kind.value, "at": stored(at), "sealed": sealed}
