from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from nacl.public import PrivateKey

from hub.clock import ManualClock
from hub.connector import RawMessage
from hub.errors import ConfigError, RetriableError
from hub.metrics import (
    STATUTORY_DAMAGED,
    STATUTORY_MESSAGES,
    STATUTORY_OLDEST_WAITING,
    STATUTORY_PRESSING,
    STATUTORY_REGISTERED,
    STATUTORY_WAITING,
)
from hub.settings import load_settings
from hub.statutory.opening import open_hand_overs, open_lane, open_store, open_writer
from hub.statutory.process import CHECK_SECONDS, Check, run, show_lane
from hub.statutory.simulator import CaseSystem
from tests.unit.statutory.handing import LaneTown

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
    writer, lane = open_writer(home, CLOCK), open_lane(home, CLOCK)
    lane.look()
    show_lane(lane, CLOCK)
    assert figure(STATUTORY_MESSAGES) == 0
    writer.put(RawMessage("one", NOW, b"one"))
    lane.look()
    show_lane(lane, CLOCK)
    assert (figure(STATUTORY_MESSAGES), figure(STATUTORY_OLDEST_WAITING)) == (1, NOW.timestamp())


def test_a_file_that_stops_opening_is_counted_at_the_next_check(home):
    writer, seconds = open_writer(home, CLOCK), [0.0]
    writer.put(RawMessage("one", NOW, b"one"))
    check = Check(open_store(home, CLOCK), monotonic=lambda: seconds[0])
    check.look()
    next(home.data.rglob("*.sealed")).write_bytes(b"damaged")
    seconds[0] = 1
    check.look()
    assert figure(STATUTORY_DAMAGED) == 0
    seconds[0] = CHECK_SECONDS
    check.look()
    assert figure(STATUTORY_DAMAGED) == 1


def test_a_check_of_many_goes_on_at_the_next_look_and_tells_when_it_is_through(home):
    writer = open_writer(home, CLOCK)
    for number in range(5):
        writer.put(RawMessage(f"m{number}", NOW, b"one"))
    for path in home.data.rglob("*.sealed"):
        path.write_bytes(b"damaged")
    STATUTORY_DAMAGED.set(0)
    slow = count(0, 0.2)  # each file takes so long
    check = Check(open_store(home, CLOCK), monotonic=lambda: next(slow))
    seen = []
    for _ in range(4):
        check.look()
        seen.append(figure(STATUTORY_DAMAGED))
    assert seen == [0, 0, 5, 5]


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


def labelled(gauge) -> dict[tuple[str, ...], float]:
    return {tuple(one.labels.values()): one.value for one in gauge.collect()[0].samples}


def test_the_gauges_say_how_far_reports_have_come_and_which_clocks_press(tmp_path):
    town = LaneTown(tmp_path)
    lane = town.lane()
    town.reception.fail = [RetriableError("down", code="receiver_unreachable")] * 50
    for name, days in (("today", 0), ("yesterday", 1), ("old", 12), ("older", 20)):
        town.put(name, arrived=town.clock.now() - timedelta(days=days))
    lane.look()
    show_lane(lane, town.clock)
    assert labelled(STATUTORY_WAITING) == {("by_hand",): 0, ("untaken",): 4, ("taken",): 0, ("escalated",): 0}
    assert labelled(STATUTORY_PRESSING) == {
        ("protect", "near"): 1, ("protect", "past"): 2, ("decide", "near"): 1, ("decide", "past"): 1,
    }  # fmt: skip
    town.reception.fail = []
    town.pass_by(lane, minutes=10)
    town.reception.register_all()
    lane.look()
    show_lane(lane, town.clock)
    assert (figure(STATUTORY_REGISTERED), sum(labelled(STATUTORY_PRESSING).values())) == (4, 0)


def test_a_report_goes_to_a_folder_of_the_settings_and_comes_back_registered(home, tmp_path):
    inbox = tmp_path / "reception"
    inbox.mkdir()
    text = '[statutory]\nreceiver = "r"\nafter_hours = "r"\n[statutory.receivers.r]\ntitle = "R"\nfolder = "reception"\n'
    (home.home / "hub.toml").write_text(text, encoding="utf-8")
    settings = load_settings(home.home)
    open_writer(settings, CLOCK).put(RawMessage("one", NOW, b"\xff"))
    stop = threading.Event()
    stop.set()
    run(settings, CLOCK, stop)
    assert CaseSystem(inbox, tmp_path / "own").fetch() == 1
    run(settings, CLOCK, stop)
    assert open_hand_overs(settings).has("one")


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ('connector = "polisen"', "delivers nothing"),
        ('connector = "nobody"', "no connector named"),
        ('connector = "webhook"\nsink = { url = "planted secret" }', "statutory.receivers.r.sink"),
    ],
)
def test_a_receiver_whose_settings_are_wrong_stops_the_start_and_is_named(home, receiver, said):
    (home.home / "hub.toml").write_text(f'[statutory.receivers.r]\ntitle = "R"\n{receiver}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as refused:
        run(load_settings(home.home), CLOCK, threading.Event())
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[statutory]\nreceiver = "nobody"', "receiver must be one of"),
        ('[statutory.receivers.r]\ntitle = "R"', "name a folder, or a connector"),
        ('[statutory.receivers.r]\ntitle = "R"\nfolder = "in"\nsink = { url = "x" }', "sink settings"),
        ('[statutory]\nescalate_to = "r"\n[statutory.receivers.r]\ntitle = "R"\nfolder = "in"', "a folder tells nobody"),
    ],
)
def test_settings_that_name_nobody_are_refused_by_their_place(home, text, said):
    (home.home / "hub.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_settings(home.home)


def test_a_look_that_fails_as_nobody_foresaw_ends_neither_the_process_nor_the_others(home, monkeypatch, capsys):
    def broken(self):
        raise ValueError("planted secret")

    monkeypatch.setattr(Check, "look", broken)
    STATUTORY_MESSAGES.set(0)
    open_writer(home, CLOCK).put(RawMessage("one", NOW, b"one"))
    stop = threading.Event()
    stop.set()
    run(home, CLOCK, stop)
    assert figure(STATUTORY_MESSAGES) == 1
    told = capsys.readouterr().out
    assert "ValueError" in told
    assert "planted secret" not in told
