"""What a transaction ends, watched from the outside: whatever the code that ends it, it comes on the shred list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hub.errors import HubError, RetriableError
from hub.logs import get_logger
from hub.registry.block_lines import block_lines_of
from hub.registry.custody_lines import custody_lines_of
from hub.registry.keyring import PROTECTED, SHREDDED, UNPROTECTED, Ending, KeyStore
from hub.registry.narrow_lines import lines_of
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, Protection, Youth

__all__ = ["TOLD", "shred", "watch_endings"]

TOLD = frozenset({State.WITHDRAWN, State.SUSPENDED, State.BLOCKED, State.DISPUTED})
"""States of a consent that a restored database must not be behind with; what expires ends by its own date."""
_log = get_logger(__name__)
_again = Retrying(
    retry=retry_if_exception_type(RetriableError),
    stop=stop_after_attempt(4),
    wait=wait_random_exponential(multiplier=0.05, max=0.5),
    reraise=True,
)


def watch_endings(session: Session, now: datetime) -> list[Ending]:
    """A list that fills, at each flush, with the mappings destroyed, the consents ended, stopped, made less or in force again,
    the changes of custody, and the blocks and the markings as protected that were set or lifted.
    """
    found: list[Ending] = []

    def note(flushed: Session, _context: object, _instances: object) -> None:
        for row in (*flushed.dirty, *flushed.new):
            if isinstance(row, Youth) and row.identity is None and _changed(row, "identity", fresh=row in flushed.new):
                found.append(Ending(now, row.youth_id, SHREDDED))
            elif isinstance(row, Consent):
                facts = get_history(row, "facts").added or ()
                found.extend(block_lines_of(row, facts))
                found.extend(custody_lines_of(row.consent_id, facts))
                found.extend(lines_of(row, facts))
                if row in flushed.dirty and _changed(row, "state"):
                    found.extend(_of_consent(row, now))
            elif isinstance(row, Protection) and row in flushed.new:
                found.append(Ending(row.marked_at, row.lookup.hex(), PROTECTED))
        found.extend(Ending(now, row.lookup.hex(), UNPROTECTED) for row in flushed.deleted if isinstance(row, Protection))

    event.listen(session, "before_flush", note)
    return found


def _changed(row: Youth | Consent, name: str, *, fresh: bool = False) -> bool:
    return fresh or bool(get_history(row, name).has_changes())


def _of_consent(row: Consent, now: datetime) -> Iterable[Ending]:
    before = get_history(row, "state").deleted or ()
    if row.state in TOLD:
        yield Ending(now, row.consent_id, State(row.state).value)
    elif row.state in OPEN and TOLD & set(before):
        yield Ending(now, row.consent_id, State.IN_FORCE.value)  # nothing holds it back any more


def shred(keys: KeyStore, endings: list[Ending]) -> None:
    """After the commit: destroy the keys, write the list. What fails is told, and made good by the next `reconcile`."""
    if not endings:
        return
    try:
        _again(keys.end, endings)
    except HubError as error:
        _log.error("the shred list waits", code=error.code, endings=len(endings))
