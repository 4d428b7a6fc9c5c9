from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime

import pytest
from nacl.public import PrivateKey

from hub.clock import ManualClock
from hub.connector import RawMessage
from hub.errors import ConfigError
from hub.metrics import STATUTORY_DAMAGED, STATUTORY_MESSAGES, STATUTORY_OLDEST_WAITING
from hub.settings import load_settings
from hub.statutory.opening import open_store, open_writer
from hub.statutory.process import CHECK_SECONDS, Watch, run

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
CLOCK = ManualClock(NOW)


@pytest.fixture
def home(tmp_path):
    (tmp_path / "hub.toml").write_text("", encoding="utf-8")
    keys = tmp_path / "keys"
    keys.mkdir()
    key = PrivateKey.generate()
    (keys / "statutory.private").write_text(base64.b64encode(bytes(key)).decode(), encoding="utf-8")
    (keys / "statutory.public").write_text(base64.b64encode(bytes(key.public_key)).decode(), encoding="utf-8")
    return load_settings(tmp_path)


def figure(gauge) -> float:
    return gauge.collect()[0].samples[0].value


def test_the_figures_follow_the_store(home):
    writer = open_writer(home, CLOCK)
    watch = Watch(open_store(home, CLOCK))
    watch.look(0)
    assert figure(STATUTORY_MESSAGES) == 0
    writer.put(RawMessage("one", NOW, b"one"))
    watch.look(1)
    assert (figure(STATUTORY_MESSAGES), figure(STATUTORY_OLDEST_WAITING)) == (1, NOW.timestamp())


def test_a_file_that_stops_opening_is_counted_at_the_next_check(home):
    writer = open_writer(home, CLOCK)
    writer.put(RawMessage("one", NOW, b"one"))
    watch = Watch(open_store(home, CLOCK))
    watch.look(0)
    next(home.data.rglob("*.sealed")).write_bytes(b"damaged")
    watch.look(1)
    assert figure(STATUTORY_DAMAGED) == 0
    watch.look(CHECK_SECONDS)
    assert figure(STATUTORY_DAMAGED) == 1


def test_the_process_looks_once_and_ends_when_it_is_told_to(home):
    stop = threading.Event()
    stop.set()
    open_writer(home, CLOCK).put(RawMessage("one", NOW, b"one"))
    run(home, CLOCK, stop)
    assert figure(STATUTORY_MESSAGES) == 1


def test_the_process_runs_where_the_private_key_is_not(home):
    (home.keys / "statutory.private").unlink()
    stop = threading.Event()
    stop.set()
    run(home, CLOCK, stop)
    assert not open_store(home, CLOCK).readable


def test_a_missing_public_key_stops_the_start_and_says_so(home):
    (home.keys / "statutory.public").unlink()
    with pytest.raises(ConfigError, match=r"statutory\.public"):
        run(home, CLOCK, threading.Event())
