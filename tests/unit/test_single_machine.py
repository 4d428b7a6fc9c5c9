"""`hub up`: what is started when Kafka cannot be had, and that nothing stays."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from hub.audit.entries import Actor
from hub.bootstrap import build_clock, build_registry
from hub.broker.jars import find_jars
from hub.broker.java import find_java
from hub.errors import ConfigError
from hub.installation import initialise
from hub.process import read_announcements
from hub.registry.rule_sets import RuleSets
from hub.rules_file import load_rules
from hub.settings import Settings
from hub.single_machine import SingleMachine
from tests.support import make_settings, missing


def make_home(folder: Path, **sections) -> Settings:
    """An installation without connectors."""
    home = folder / "home"
    settings = make_settings(home, **sections)
    initialise(home)
    return settings


def when(done, then) -> threading.Thread:
    """Call `then` as soon as `done`, and at the latest after a minute."""

    def watch() -> None:
        deadline = time.monotonic() + 60
        while not done() and time.monotonic() < deadline:
            pause.wait(0.05)
        then()

    pause = threading.Event()
    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_statutory_process_runs_while_kafka_is_away_and_nothing_stays_after_the_stop(tmp_path, closed_port) -> None:
    """Not even when the terminal that is told of it was closed."""
    settings, said = make_home(tmp_path, kafka={"bootstrap_servers": f"127.0.0.1:{closed_port}"}), []

    def on_a_closed_terminal(text: str) -> None:
        said.append(text)
        raise BrokenPipeError

    machine, seen = SingleMachine(settings, on_a_closed_terminal), []

    def statutory_is_up() -> bool:
        seen[:] = read_announcements(settings)
        return [entry.name for entry in seen] == ["statutory"]

    watch = when(statutory_is_up, machine.ask_to_stop)
    assert machine.run(lambda: pytest.fail("nothing was ready")) == []
    watch.join()
    (entry,) = seen
    assert not psutil.pid_exists(entry.pid)
    assert said == [f"Waiting for Kafka at 127.0.0.1:{closed_port}", "Stopping …"]


def test_a_stop_that_was_asked_for_before_the_start_starts_nothing(tmp_path) -> None:
    settings = make_home(tmp_path)
    machine = SingleMachine(settings, lambda _text: None)
    machine.ask_to_stop()
    assert machine.run(lambda: pytest.fail("nothing was ready")) == []
    assert list((settings.data / "logs").iterdir()) == []


def test_a_second_one_of_the_same_installation_is_refused(tmp_path, closed_port) -> None:
    settings = make_home(tmp_path, kafka={"bootstrap_servers": f"127.0.0.1:{closed_port}"})
    first, second, codes = SingleMachine(settings, lambda _text: None), SingleMachine(settings, lambda _text: None), []

    def start_again() -> None:
        with pytest.raises(ConfigError) as refused:
            second.run(lambda: None)
        codes.append(refused.value.code)
        first.ask_to_stop()

    watch = when(lambda: read_announcements(settings), start_again)
    first.run(lambda: None)
    watch.join()
    assert codes == ["runs_already"]


@pytest.mark.kafka
def test_a_broker_that_its_settings_keep_from_starting_ends_the_start_with_its_own_words(tmp_path) -> None:
    try:
        find_java("")
        find_jars("")
    except ConfigError as error:
        missing(f"an embedded Kafka: {error}")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings, said = make_home(tmp_path, broker={"port": port, "controller_port": 0}), []
        with pytest.raises(ConfigError, match=rf"port {port} on 127\.0\.0\.1 is taken: set another broker\.port in hub\.toml$"):
            SingleMachine(settings, said.append).run(lambda: None)
    assert said == ["Starting Kafka", "Stopping …"]
    assert read_announcements(settings) == []


def test_rules_that_nobody_could_carry_out_end_the_start_before_anything_runs(tmp_path, closed_port) -> None:
    settings = make_home(tmp_path, kafka={"bootstrap_servers": f"127.0.0.1:{closed_port}"})
    rule = settings.home / "rules" / "absence-alone.yaml"
    rule.write_text(rule.read_text("utf-8").replace("team: outreach", "team: nobody"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"absence-alone\.yaml:\d+:\d+: team: proposes school_attendance to nobody"):
        SingleMachine(settings, lambda _text: None).run(lambda: pytest.fail("nothing was ready"))
    assert list((settings.data / "logs").iterdir()) == []


def test_once_rules_are_in_force_a_folder_that_cannot_be_activated_stops_nothing(tmp_path, closed_port) -> None:
    settings, said = make_home(tmp_path, kafka={"bootstrap_servers": f"127.0.0.1:{closed_port}"}), []
    opened = build_registry(settings, build_clock(settings))
    RuleSets(opened.registry, opened.sealed.log, Actor("registry"), 4).begin(lambda: load_rules(settings.home / "rules"))
    opened.close()
    (settings.home / "rules" / "absence-alone.yaml").write_text("a: [b", encoding="utf-8")
    machine = SingleMachine(settings, said.append)
    machine.ask_to_stop()
    machine.run(lambda: pytest.fail("nothing was ready"))
    assert said[0].startswith("Rules: 2025.1 stays in force; the folder cannot be activated: ")


@pytest.mark.kafka
def test_a_process_that_refuses_its_settings_ends_the_whole_with_its_own_words(fresh_kafka, tmp_path, closed_port) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port, said = taken.getsockname()[1], []
        settings = make_home(
            tmp_path,
            kafka={"bootstrap_servers": fresh_kafka, "partitions": 4},
            registry={"port": closed_port},
            web={"port": port},
        )
        with pytest.raises(ConfigError, match=rf"^web cannot run: .*port {port} ") as refused:
            SingleMachine(settings, said.append).run(lambda: pytest.fail("the pages were not there"))
    assert refused.value.code == "process_refused"
    assert not any("starts again" in line for line in said)
    assert read_announcements(settings) == []


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["registry", "worker", "deliver", "web"])
def test_a_taken_port_for_the_metrics_of_one_process_ends_the_whole_too(fresh_kafka, tmp_path, closed_port, name) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port, said = taken.getsockname()[1], []
        settings = make_home(
            tmp_path,
            kafka={"bootstrap_servers": fresh_kafka, "partitions": 4},
            registry={"port": closed_port},
            metrics={"ports": {name: port}},
        )
        told = rf"^{name} cannot run: /metrics cannot be served: port {port} .*`{name}` under \[metrics\.ports\]"
        with pytest.raises(ConfigError, match=told):
            SingleMachine(settings, said.append).run(lambda: pytest.fail("not everybody was there"))
    assert not any("starts again" in line for line in said)
    assert read_announcements(settings) == []


@pytest.mark.kafka
def test_a_taken_port_of_a_connector_is_told_once_and_the_rest_goes_on(fresh_kafka, tmp_path, closed_port) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port, said = taken.getsockname()[1], []
        settings = make_home(
            tmp_path,
            kafka={"bootstrap_servers": fresh_kafka, "partitions": 4},
            registry={"port": closed_port},
            web={"port": 0},
            metrics={"ports": {"connect-polisen": port}},
            connectors={"polisen": {"enabled": True, "agency": "police"}},
        )
        machine = SingleMachine(settings, said.append)

        def told() -> list[str]:
            return [line for line in said if line.startswith("connect-polisen ")]

        watch = when(told, machine.ask_to_stop)
        assert machine.run(lambda: pytest.fail("the connector was there")) == []
        watch.join()
    (line,) = told()
    assert f"asks for another setting: /metrics cannot be served: port {port}" in line
    assert line.endswith("It is tried again every minute")
