"""What the log says of the sealed vault's parts, and the parts held against it.

Beside each part stands an entry whose digest covers all of its row: whose document it is, its kind, its instant and what is
sealed. Parts outlive their entries: before retention lets go of those, one entry vouches for every part up to there together.
What no entry vouches for was put in: anybody can seal, for the key that seals is public.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, Row, select, type_coerce
from sqlalchemy.types import NullType

from hub.audit.actions import Action
from hub.audit.faults import Fault, Finding
from hub.audit.tables import EntryRow, SealedRow
from hub.database import answering

__all__ = ["PARTS", "Named", "Vouched", "agrees", "digest_of", "digest_up_to", "held_against", "is_kept_whole"]

_DIGEST_HEX: Final = 56  # with its prefix it fills the entry's field: 224 bits
_UP_TO = re.compile(r"n(\d{1,18})\Z")
_AT_ONCE = 2000
_SEALED = type_coerce(SealedRow.sealed, NullType()).label("sealed")  # as it stands: somebody may have made a text of it
_COLUMNS: Final[tuple[Any, ...]] = (SealedRow.position, SealedRow.document, SealedRow.kind, SealedRow.at, _SEALED)
PARTS: Final = select(*_COLUMNS).order_by(SealedRow.position)

Named = Callable[[str], str]
"""A document's name → what the log says instead of it."""


@dataclass(slots=True)
class Vouched:
    """What entries say: of the part beside them (position → digest and document), of all parts up to a position (→ digest)."""

    parts: dict[int, tuple[str, str]] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)

    def take(self, row: Row[Any]) -> None:
        """One entry of the log."""
        if row.action != Action.VAULT_SEALED:
            return
        up_to = _UP_TO.match(str(row.purpose))
        if up_to is None:
            self.parts[row.position] = (row.rule, row.item)
        else:
            self.kept[int(up_to[1])] = row.rule


def digest_of(document: str, kind: str, at: str, sealed: bytes) -> str:
    """What the audit entry says of a part: of its whole row."""
    line = json.dumps([document, kind, at, hashlib.sha256(sealed).hexdigest()])
    return f"sealed:{hashlib.sha256(line.encode()).hexdigest()[:_DIGEST_HEX]}"


def agrees(row: Row[Any], said: tuple[str, str] | None, named: Named | None) -> bool:
    """Whether a part is the one that its entry vouches for.

    An earlier version's digest covers only what is sealed: there the document must be the one that the entry names.
    """
    texts = (row.document, row.kind, row.at)
    if said is None or not isinstance(row.sealed, bytes) or not all(isinstance(text, str) for text in texts):
        return False
    rule, item = said
    same = named is not None and item == named(row.document)
    if rule == digest_of(*texts, row.sealed):
        return named is None or same
    return same and rule == f"sha256:{hashlib.sha256(row.sealed).hexdigest()[:_DIGEST_HEX]}"


def digest_up_to(engine: Engine, position: int) -> str:
    """Of all parts up to a position together; empty when there are none. Raises RetriableError."""
    parts = _Together()
    with answering(), engine.connect() as connection:
        for row in connection.execute(PARTS.where(SealedRow.position <= position).execution_options(yield_per=_AT_ONCE)):
            parts.add(row)
    return parts.digest()


def is_kept_whole(engine: Engine, position: int) -> bool:
    """Whether the parts up to a position, whose entries are gone, are those that retention left there. Raises RetriableError."""
    said = select(EntryRow.rule).where(EntryRow.action == Action.VAULT_SEALED, EntryRow.purpose == f"n{position}")
    with answering(), engine.connect() as connection:
        rules = connection.scalars(said).all()
    return digest_up_to(engine, position) in rules


class _Together:
    """Parts in a row, and one digest of them."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._any = False

    def add(self, row: Row[Any]) -> None:
        sealed = hashlib.sha256(row.sealed).hexdigest() if isinstance(row.sealed, bytes) else repr(row.sealed)
        line = json.dumps([row.position, row.document, row.kind, row.at, sealed], default=repr)
        self._hash.update(line.encode() + b"\n")
        self._any = True

    def digest(self) -> str:
        return f"sealed:{self._hash.hexdigest()[:_DIGEST_HEX]}" if self._any else ""


def held_against(engine: Engine, vouched: Vouched, first: int, named: Named | None) -> list[Finding]:
    """Every part against what vouches for it. `first` is the first entry's position: what lies before it is older than all."""
    found, seen, older = [], set(), False
    together, pending = _Together(), sorted(vouched.kept)
    with answering(), engine.connect() as connection:
        for row in connection.execute(PARTS.execution_options(yield_per=_AT_ONCE)):
            number = type(row.position) is int
            while pending and number and row.position > pending[0]:
                found += _of_kept(pending.pop(0), together, vouched)
            together.add(row)
            if number and row.position < first:
                older = True
                continue
            seen.add(row.position)
            if not number or not agrees(row, vouched.parts.get(row.position), named):
                place = row.position if number else first
                text = f"the part of the sealed vault beside entry {place} is not what was sealed then"
                found.append(Finding(Fault.EDIT, place, place, text))
    for size in pending:
        found += _of_kept(size, together, vouched)
    if older and first - 1 not in vouched.kept:
        text = f"parts of the sealed vault stand before entry {first}, and nothing vouches for them: they were put in"
        found.append(Finding(Fault.EDIT, 0, first - 1, text))
    return found + [
        Finding(Fault.DELETION, one, one, f"the part of the sealed vault beside entry {one} is missing")
        for one in sorted(set(vouched.parts) - seen)
    ]


def _of_kept(size: int, together: _Together, vouched: Vouched) -> list[Finding]:
    if together.digest() == vouched.kept[size]:
        return []
    text = f"the parts of the sealed vault up to entry {size} are not those that retention left there"
    return [Finding(Fault.EDIT, 1, size, text)]
