from __future__ import annotations

from datetime import timedelta

from hub.dead_letters.reading import Place
from hub.dead_letters.store import Settled, SettledLetters
from tests.support import make_settings
from tests.unit.dead_letters.make import NOW

ONE, TWO = Place("hub.rules.v1", 0, 1), Place("hub.rules.v1", 0, 2)


def test_what_is_settled_is_remembered_changed_and_undone(tmp_path) -> None:
    store = SettledLetters(make_settings(tmp_path))
    assert store.all() == {}
    store.settle(ONE, Settled.DISCARDED, NOW)
    store.settle(TWO, Settled.DISCARDED, NOW)
    store.settle(ONE, Settled.REDRIVEN, NOW)
    assert SettledLetters(make_settings(tmp_path)).all() == {ONE: Settled.REDRIVEN, TWO: Settled.DISCARDED}
    store.settle(TWO, None, NOW)
    assert store.all() == {ONE: Settled.REDRIVEN}


def test_what_the_topics_have_forgotten_goes_too(tmp_path) -> None:
    store = SettledLetters(make_settings(tmp_path))
    store.settle(ONE, Settled.REDRIVEN, NOW)
    store.settle(TWO, Settled.REDRIVEN, NOW + timedelta(days=31))
    assert set(store.all()) == {TWO}
