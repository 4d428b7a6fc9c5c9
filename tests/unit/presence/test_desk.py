"""The plan's tables stand beside the inbox' own, each with its own migrations."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from hub.access.attempts import Attempts
from hub.clock import ManualClock
from hub.database import build_engine, is_newest
from hub.presence.desk import MIGRATIONS, open_presence
from hub.presence.tables import Base
from tests.prepared import prepare
from tests.unit.presence.make import KEY, NOW


def test_it_is_opened_over_an_inbox_that_knew_nothing_of_it(tmp_path: Path) -> None:
    engine = build_engine(prepare(f"sqlite:///{tmp_path / 'delivery.db'}", "delivery/migrations"))
    try:
        desk = open_presence(engine, ManualClock(NOW), KEY, Attempts(engine, KEY, ManualClock(NOW)))
        assert desk.agreements.all() == []
        assert is_newest(engine, MIGRATIONS)
        assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
