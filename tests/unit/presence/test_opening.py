"""An installation's plan of presence opens over its inbox, with its own key for links."""

from __future__ import annotations

from pathlib import Path

from hub.clock import ManualClock
from hub.database import is_newest
from hub.presence.desk import MIGRATIONS
from hub.presence.opening import open_desk
from hub.settings import load_settings
from tests.prepared import initialised
from tests.unit.presence.make import NOW


def test_an_installation_that_never_ran_gets_its_tables_and_an_empty_plan(tmp_path: Path) -> None:
    desk = open_desk(load_settings(initialised(tmp_path)), ManualClock(NOW))
    try:
        assert is_newest(desk.engine, MIGRATIONS)
        assert desk.agreements.all() == []
        assert desk.attempts.take("link-x", "127.0.0.1") is None
    finally:
        desk.engine.dispose()
