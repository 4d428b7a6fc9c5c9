"""A connector's memory after a restore beside which Kafka begins anew: nothing of what it had told stands there.

So what its source shows still is told again, under the same identity and a higher revision: the source is read again from its
beginning, or asked back to where consents begin as soon as the registry has told them. Its cursor stays, and with it what is new;
letters, pauses and the statutory lane, which is not on Kafka, are as they were.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select, update

from hub.connect import rows
from hub.connect.database import open_store
from hub.connect.earlier import EARLIER
from hub.connect.lanes import EVENTS, HISTORY
from hub.connect.tables import cursors, events
from hub.database import answering

__all__ = ["tell_anew"]

_UNTOLD = ""  # no content is: whatever the source says of an event is another than this
_FROM_THE_BEGINNING: dict[str, object] = {"from": {}}


def tell_anew(ledger: Path, now: datetime) -> None:
    """Let the connector whose ledger that is tell all again. Raises RetriableError when the database does not answer."""
    engine = open_store(ledger)
    try:
        with answering(), engine.begin() as connection:
            connection.execute(update(events).values(content=_UNTOLD))
            connection.execute(delete(cursors).where(cursors.c.lane == HISTORY))  # the half that it was through with is gone, too
            if connection.scalar(select(cursors.c.lane).where(cursors.c.lane == EVENTS)) is not None:
                rows.move_cursor(connection, EARLIER, _FROM_THE_BEGINNING, now)
    finally:
        engine.dispose()
