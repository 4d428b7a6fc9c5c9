"""The foreign systems in one process."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hub.clock import ManualClock
from hub.connector import load_connector
from hub.demo.simulators import build_simulators, serve_simulators
from hub.errors import ConfigError

CLOCK = ManualClock(datetime(2025, 5, 19, 5, 30, tzinfo=UTC))
APP = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])


def test_a_folder_without_a_connectors_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "unheard-of").mkdir()
    with pytest.raises(ConfigError, match="simulator"):
        build_simulators(tmp_path, CLOCK, {})


def test_each_folder_gets_its_connectors_simulator(tmp_path: Path) -> None:
    sample = load_connector("polisen").sample
    assert sample is not None
    (tmp_path / "polisen").symlink_to(sample)
    assert [route.path for route in build_simulators(tmp_path, CLOCK, {}).routes] == ["/polisen"]


def test_a_port_that_is_taken_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="port"):
        serve_simulators(APP, taken.getsockname()[1], threading.Event())


def test_it_serves_until_it_is_stopped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=serve_simulators, args=(APP, port, stop))
    thread.start()
    try:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport) as client:
            assert client.get(f"http://127.0.0.1:{port}/").text == "here"
    finally:
        stop.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
