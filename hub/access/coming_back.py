"""After a restore: what was good once, or had an end, must not be good again because a backup is older than its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, update

from hub.access.matters import RequestState
from hub.access.sessions import end_sessions
from hub.access.tables import RequestRow
from hub.database import answering

__all__ = ["come_back"]


def come_back(engine: Engine, now: datetime) -> None:
    """End every session, and let every request for a second person lapse that waits or is approved.

    An approval may have been used since the backup was made, and a request refused; nobody can tell, so it is asked for again.
    Raises RetriableError.
    """
    is_open = RequestRow.state.in_((RequestState.WAITING.value, RequestState.APPROVED.value))
    with answering(), engine.begin() as connection:
        connection.execute(update(RequestRow).where(is_open, RequestRow.until > now).values(until=now))
        end_sessions(connection, None)
