from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from hub.broker.configuration import META_FILE, BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.errors import ConfigError, FatalError
from hub.kafka import Outgoing, Publisher, Reader, apply_topics
from hub.kafka_admin import broker_answers
from tests.support import make_settings

pytestmark = [pytest.mark.usefixtures("kafka")]  # skips where there is no Kafka to be had, and fetches the jars once
TOPIC = "hub.risk-events.v1"


@pytest.fixture
def make_broker(tmp_path):
    started = []

    def make(**changes) -> EmbeddedBroker:
        started.append(EmbeddedBroker(BrokerConfig(**{"folder": tmp_path / "broker", "heap_megabytes": 192, **changes})))
        return started[-1]

    yield make
    for broker in started:
        broker.stop()


def wait_for(condition, seconds: float = 20.0) -> None:
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        pause.wait(0.05)


def publish(broker: EmbeddedBroker, value: bytes) -> None:
    publisher = Publisher(broker.bootstrap_servers, "test")
    publisher.publish([Outgoing(TOPIC, b"k", value)])
    publisher.close()


def read(reader: Reader, count: int) -> list[bytes | None]:
    values, deadline = [], time.monotonic() + 40
    while len(values) < count and time.monotonic() < deadline:
        values += [record.value for record in reader.poll(0.5, 10)]
    return values


@pytest.mark.chaos
def test_a_restart_on_other_ports_keeps_the_data_and_formats_only_once(make_broker, tmp_path):
    broker = make_broker()
    broker.start(timeout_seconds=60)
    apply_topics(make_settings(tmp_path / "home", kafka={"bootstrap_servers": broker.bootstrap_servers, "partitions": 2}))
    publish(broker, b"before")
    meta = (broker.config.folder / META_FILE).read_text()
    formatted = (broker.config.folder / "format.log").stat().st_mtime_ns
    broker.stop()
    assert broker.pid is None

    broker.start(timeout_seconds=60)
    publish(broker, b"after")
    reader = Reader(broker.bootstrap_servers, [TOPIC], None, "test")
    assert read(reader, 2) == [b"before", b"after"]
    reader.close()
    assert (broker.config.folder / META_FILE).read_text() == meta
    assert (broker.config.folder / "format.log").stat().st_mtime_ns == formatted


CLIENT = """
import sys
from hub.kafka import Outgoing, Publisher, Reader
publisher = Publisher(sys.argv[1], "test")
reader = Reader(sys.argv[1], [sys.argv[2]], "g", "test")
for line in sys.stdin:
    publisher.publish([Outgoing(sys.argv[2], b"k", line.strip().encode())])
    got = []
    while not got:
        got = reader.poll(1.0, 10)
    reader.commit()
    print(*[record.value.decode() for record in got], flush=True)
reader.close()
publisher.close()
"""


@pytest.mark.chaos
def test_a_publisher_and_a_reader_outlive_a_restart_of_the_broker(make_broker, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    broker = make_broker(port=port)
    broker.start(timeout_seconds=60)
    servers = broker.bootstrap_servers
    apply_topics(make_settings(tmp_path / "home", kafka={"bootstrap_servers": servers, "partitions": 2}))
    # A process of its own: kafka-python leaves each refused socket to the garbage collector, which would warn here.
    command = [sys.executable, "-c", CLIENT, servers, TOPIC]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        for word in ("before", "after"):
            if word == "after":
                broker.stop()
                broker.start(timeout_seconds=60)
            client.stdin.write(f"{word}\n")
            client.stdin.flush()
            assert client.stdout.readline().split() == [word]
    assert client.returncode == 0


def test_it_stops_within_seconds_and_leaves_nothing(make_broker):
    broker = make_broker()
    broker.start(timeout_seconds=60)
    pid, begun = broker.pid, time.monotonic()
    broker.stop()
    assert time.monotonic() - begun < 8
    assert not psutil.pid_exists(pid)
    assert not (broker.config.folder / "broker.pid").exists()
    broker.stop()  # and again, to no effect


def test_it_needs_less_than_330_megabytes(make_broker, tmp_path):
    broker = make_broker(heap_megabytes=256)  # one of its own: that of the session has met bombs
    broker.start(timeout_seconds=60)
    apply_topics(make_settings(tmp_path / "home", kafka={"bootstrap_servers": broker.bootstrap_servers}))
    publisher = Publisher(broker.bootstrap_servers, "test")
    publisher.publish([Outgoing(TOPIC, b"k", bytes(1000))] * 5000)
    publisher.close()
    assert psutil.Process(broker.pid).memory_full_info().pss < 330 * 1024 * 1024


def test_two_brokers_never_share_a_folder(make_broker):
    make_broker().start(timeout_seconds=60)
    with pytest.raises(ConfigError, match="another broker runs"):
        make_broker().start(timeout_seconds=60)


def test_a_taken_port_names_the_setting(make_broker):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port} .*broker\.port"):
            make_broker(port=port).start(timeout_seconds=60)


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(make_broker):
    broker = make_broker()
    broker.start(timeout_seconds=60)
    broker.stop()
    meta = broker.config.folder / META_FILE
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=7"))
    with pytest.raises(FatalError, match=r"(?s)ended with code \d+ while starting:\n.*node id 7") as died:
        broker.start(timeout_seconds=60)
    assert died.value.code == "broker_died"
    assert broker.pid is None


def test_topics_without_meta_properties_are_never_formatted_over(make_broker):
    broker = make_broker()
    (broker.config.folder / "kafka" / f"{TOPIC}-0").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"no meta\.properties"):
        broker.start(timeout_seconds=60)
    assert not (broker.config.folder / META_FILE).exists()


def test_a_death_while_running_is_reported_with_the_log(make_broker):
    broker = make_broker()
    broker.start(timeout_seconds=60)
    broker.check()
    os.kill(broker.pid, signal.SIGKILL)
    wait_for(lambda: broker.pid is None)
    with pytest.raises(FatalError) as died:
        broker.check()
    assert died.value.code == "broker_died"


def test_a_start_that_is_called_off_leaves_nothing(make_broker):
    stop = threading.Event()
    stop.set()
    broker = make_broker()
    broker.start(timeout_seconds=60, stop=stop)
    pid = broker.pid
    broker.stop()
    assert not psutil.pid_exists(pid)


def test_killing_the_parent_leaves_no_broker_and_the_next_one_starts_on_the_same_data(make_broker, tmp_path):
    script = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from hub.broker.configuration import BrokerConfig\n"
        "from hub.broker.launcher import EmbeddedBroker\n"
        "broker = EmbeddedBroker(BrokerConfig(folder=Path(sys.argv[1]), heap_megabytes=192))\n"
        "broker.start(timeout_seconds=60)\n"
        "print(broker.pid, broker.bootstrap_servers, flush=True)\n"
        "threading.Event().wait()\n"
    )
    folder = tmp_path / "broker"
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True) as parent:
        pid, servers = parent.stdout.readline().split()
        assert broker_answers(servers)
        parent.kill()
    wait_for(lambda: not psutil.pid_exists(int(pid)), seconds=5)
    again = make_broker(folder=folder)
    again.start(timeout_seconds=60)
    assert broker_answers(again.bootstrap_servers)


def test_a_broker_left_over_by_a_dead_process_is_ended_before_the_next_start(make_broker):
    # Where the kernel does not end it with its parent, only the folder's lock is gone and its pid still stands there.
    orphan = make_broker()
    orphan.start(timeout_seconds=60)
    orphan._lock.release()
    make_broker().start(timeout_seconds=60)
    assert orphan.pid is None
    orphan._process = None  # its pid file is the other's now
