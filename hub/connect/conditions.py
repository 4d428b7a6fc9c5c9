"""How a lane is, as its loop writes it down after every poll: for whoever looks at it from another process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from hub.connect.tables import conditions
from hub.database import answering

__all__ = ["Condition", "Conditions", "load_condition"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Times are UTC instants.

    `result` and `code` are those of the last poll (`hub.connect.loop.Polled`), `next_poll` is when the next one is due: None
    when the last was a single one.
    """

    watched_since: datetime
    polled_at: datetime
    result: str
    code: str
    succeeded_at: datetime | None
    next_poll: datetime | None


def load_condition(connection: Connection, lane: str) -> Condition | None:
    """None before the first poll."""
    row = connection.execute(select(conditions).where(conditions.c.lane == lane)).first()
    if row is None:
        return None
    return Condition(row.watched_since, row.polled_at, row.result, row.code, row.succeeded_at, row.next_poll)


class Conditions:
    """One lane's."""

    def __init__(self, engine: Engine, lane: str) -> None:
        self._engine = engine
        self._lane = lane

    def note(self, now: datetime, result: str, code: str, next_poll: datetime | None) -> None:
        """A poll ended. Raises RetriableError when the store does not answer."""
        values = {"polled_at": now, "result": result, "code": code, "next_poll": next_poll}
        if result == "ok":
            values["succeeded_at"] = now
        with answering(), self._engine.begin() as connection:
            same = conditions.c.lane == self._lane
            if not connection.execute(update(conditions).where(same).values(values)).rowcount:
                connection.execute(insert(conditions).values(lane=self._lane, watched_since=now, **values))
