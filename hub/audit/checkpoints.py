"""Signs checkpoints as the log grows: after so many entries or minutes, whichever is first.

A checkpoint goes on from the last one, and only over entries that follow from it: what was tampered with is never blessed.
"""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError

from hub.audit.entries import canonical_content
from hub.audit.log import FIRST_CHAIN, AuditLog, chain_hash
from hub.audit.merkle import Tree, leaf_hash, read_tree
from hub.audit.notes import Checkpoint, Signer, read_note
from hub.audit.reading import every_row, horizon, size, stored
from hub.audit.tables import CheckpointRow, EntryRow
from hub.clock import Clock
from hub.database import answering
from hub.errors import HubError, RejectedError, RetriableError
from hub.logs import get_logger
from hub.metrics import AUDIT_DAMAGED, AUDIT_UNSIGNED, AUDIT_WAITING

__all__ = ["Checkpoints", "keep_signing"]

_LOOK_SECONDS = 5.0
_HASH = re.compile(r"[0-9a-f]{64}")
_log = get_logger(__name__)


class Checkpoints:
    """The checkpoints of one log. Several processes may write them: of two at one size, one is kept."""

    def __init__(self, engine: Engine, signer: Signer, clock: Clock, *, entries: int, minutes: float) -> None:
        self._engine = engine
        self._signer = signer
        self._clock = clock
        self._entries = entries
        self._wait = timedelta(minutes=minutes)

    def latest(self) -> str | None:
        """The newest note; None when none was signed yet."""
        row = self._last()
        return None if row is None else row.note

    def sign_if_due(self) -> str | None:
        """A new note when enough entries or minutes have passed since the last, else None."""
        row = self._last()
        waiting = size(self._engine) - (row.size if row is not None else 0)
        AUDIT_UNSIGNED.set(max(0, waiting))
        if waiting < 0:
            raise _damaged("entries that a checkpoint was signed over are missing")
        if waiting == 0:
            return None
        old = row is None or self._clock.now() - read_note(row.note).at >= self._wait
        return self.sign() if old or waiting >= self._entries else None

    def sign(self) -> str | None:
        """A note over every entry there is now; the last one when nothing was added; None for an empty log.

        Raises RejectedError `audit_damaged` when the log does not follow from its last checkpoint: `hub audit verify` says
        where; RetriableError when the database does not answer.
        """
        row = self._last()
        tree, chain = self._start(row)
        begun = tree.size
        for entry in every_row(self._engine, after=begun):
            values = list(entry)
            leaf = leaf_hash(canonical_content(*values[1:-2]))
            chain = chain_hash(chain, leaf.hex())
            if entry.position != tree.size + 1 or entry.chain != chain:
                raise _damaged(f"entry {entry.position} does not follow from the one before it")
            tree.append(leaf)
        if tree.size == begun:
            return None if row is None else row.note
        return self._write(tree)

    def _write(self, tree: Tree) -> str:
        now = self._clock.now()
        note = self._signer.sign(tree.size, tree.root(), now)
        peaks = " ".join(peak.hex() for peak in tree.peaks)
        values = {"size": tree.size, "at": stored(now), "peaks": peaks, "note": note}
        with answering(), self._engine.connect() as connection:
            try:
                connection.execute(insert(CheckpointRow).values(values))
                connection.commit()
            except IntegrityError:
                connection.rollback()
                note = str(connection.scalar(select(CheckpointRow.note).where(CheckpointRow.size == tree.size)))
        return note

    def _start(self, row: Row[Any] | None) -> tuple[Tree, str]:
        if row is None:
            return Tree(), FIRST_CHAIN
        said = self._signer.verifier.check(row.note)
        try:
            tree = read_tree(row.size, row.peaks)
        except ValueError as error:
            raise _damaged("what is kept of the last checkpoint's tree is none") from error
        if (said.size, said.root) != (tree.size, tree.root()):
            raise _damaged("the last checkpoint disagrees with what is kept of its tree")
        return tree, self._chain_at(said)

    def _chain_at(self, said: Checkpoint) -> str:
        gone = horizon(self._engine)
        if gone is not None and gone[0] == said.size:
            return gone[1]
        with answering(), self._engine.connect() as connection:
            chain = connection.scalar(select(EntryRow.chain).where(EntryRow.position == said.size))
        if chain is None:
            raise _damaged(f"entry {said.size}, which a checkpoint was signed over, is missing")
        if not isinstance(chain, str) or not _HASH.fullmatch(chain):
            raise _damaged(f"the link of entry {said.size} is no hash")
        return chain

    def _last(self) -> Row[Any] | None:
        query = select(CheckpointRow.__table__).order_by(CheckpointRow.size.desc()).limit(1)
        with answering(), self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is not None and type(row.size) is not int:
            raise _damaged("the size of the last checkpoint is no number")
        return row


def _damaged(what: str) -> RejectedError:
    return RejectedError(f"no checkpoint is signed: {what}. Run `hub audit verify`", code="audit_damaged")


def keep_signing(
    checkpoints: Checkpoints, stop: threading.Event, log: AuditLog | None = None, *, every_seconds: float = _LOOK_SECONDS
) -> None:
    """Carry over what waits for `log`, and sign what is due, until `stop` is set.

    What cannot be done is logged by its code and tried again: appends go on.
    """
    told = ""
    while not stop.wait(every_seconds):
        try:
            if log is not None:
                _carry(log)
            checkpoints.sign_if_due()
            AUDIT_DAMAGED.set(0)
            told = ""
        except HubError as error:
            AUDIT_DAMAGED.set(0 if isinstance(error, RetriableError) else 1)
            if error.code != told:
                _log.warning("audit_checkpoint_not_signed", code=error.code)
            told = error.code


def _carry(log: AuditLog) -> None:
    if log.spool is not None and log.spool.waits():
        AUDIT_WAITING.set(len(log.spool.look().entries))
        log.carry()
    AUDIT_WAITING.set(0)
