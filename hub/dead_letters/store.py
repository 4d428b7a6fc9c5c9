"""Which dead letters of topics are seen to: the topics themselves only ever grow, and forget after two weeks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, delete, insert, select, update

from hub.database import UtcInstant, answering, build_engine, migrate
from hub.dead_letters.reading import Place
from hub.settings import Settings

__all__ = ["Settled", "SettledLetters", "connected", "database_file"]

_MIGRATIONS = Path(__file__).with_name("migrations")
_KEPT = timedelta(days=30)  # longer than the topics keep a dead letter
_settled = Table(
    "settled",
    MetaData(),
    Column("topic", String(64), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("settled_at", UtcInstant, nullable=False),
)


def database_file(settings: Settings) -> Path:
    """Where the small database of an installation lies."""
    return settings.data / "dead_letters" / "dead_letters.db"


@contextmanager
def connected(file: Path) -> Iterator[Connection]:
    """A transaction on it, made or brought up to date if need be. Raises RetriableError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = build_engine(f"sqlite:///{file}")
    try:
        migrate(engine, _MIGRATIONS)
        with answering(), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


class Settled(StrEnum):
    """What became of a letter; without a line it waits. `redriven`: its record was written again."""

    REDRIVEN = "redriven"
    DISCARDED = "discarded"


class SettledLetters:
    """A small database of the installation. Every method may raise RetriableError."""

    def __init__(self, settings: Settings) -> None:
        self._file = database_file(settings)

    def all(self) -> dict[Place, Settled]:
        """What is settled, by the record's place."""
        if not self._file.is_file():
            return {}
        with connected(self._file) as connection:
            rows = connection.execute(select(_settled)).all()
        return {Place(row.topic, row.partition, row.offset): Settled(row.state) for row in rows}

    def settle(self, place: Place, state: Settled | None, now: datetime) -> None:
        """Remember what became of one; None: it waits again."""
        here = (_settled.c.topic == place.topic) & (_settled.c.partition == place.partition) & (_settled.c.offset == place.offset)
        with connected(self._file) as connection:
            connection.execute(delete(_settled).where(_settled.c.settled_at < now - _KEPT))
            if state is None:
                connection.execute(delete(_settled).where(here))
            elif not connection.execute(update(_settled).where(here).values(state=state.value, settled_at=now)).rowcount:
                key = {"topic": place.topic, "partition": place.partition, "offset": place.offset}
                connection.execute(insert(_settled).values(**key, state=state.value, settled_at=now))
