"""The pages' process: serves until told to stop, and says plainly why it cannot."""

from __future__ import annotations

import socket
import threading

import httpx
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from hub.errors import ConfigError
from hub.web.process import listening, serve
from tests.unit.web.town import PagesTown


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@retry(retry=retry_if_exception_type(httpx.ConnectError), stop=stop_after_delay(20), wait=wait_fixed(0.05), reraise=True)
def ask(port: int) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/")


def test_it_serves_until_it_is_told_to_stop_and_then_frees_its_port(empty_town: PagesTown) -> None:
    port, stop = free_port(), threading.Event()
    thread = threading.Thread(target=serve, args=(empty_town.app, listening("127.0.0.1", port), stop))
    thread.start()
    try:
        answer = ask(port)
        assert answer.status_code == 401
        assert "server" not in answer.headers
    finally:
        stop.set()
        thread.join(timeout=20)
    assert not thread.is_alive()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_taken_port_is_named_with_what_to_do_about_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port} on 127.0.0.1 is taken.*\[web\] port in hub.toml") as error:
            listening("127.0.0.1", port)
    assert error.value.code == "port_taken"


def test_an_address_that_is_not_this_machines_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1 .*Check \[web\] host") as error:
        listening("192.0.2.1", 0)
    assert error.value.code == "bad_address"
