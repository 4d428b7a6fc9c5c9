"""A worker and an inbox agree on what is open, whatever happens between them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.unit.delivery.by_chance import Play, disagreements


@pytest.mark.parametrize("seed", range(8))
def test_what_the_worker_holds_to_be_open_somebody_has_and_what_lost_its_ground_says_so(sqlite_engine: Engine, seed: int) -> None:
    play = Play(sqlite_engine, seed)
    play.run(150)
    assert disagreements(play) == [], "\n".join(play.trail)
