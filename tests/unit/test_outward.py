from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from ipaddress import ip_address, ip_network

import httpx
import pytest

from hub.errors import ConfigError
from hub.outward import guarded_client, is_public
from hub.testing import served
from hub.testing.dripping import dripping

LOOPBACK = (ip_network("127.0.0.0/8"),)
PRIVATE = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.7", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00:ec2::254", "fc00::7", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "2002:7f00:1::1", "2002:a00:1::1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "2a00:1450:400f:80d::200e", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]


async def _answering(scope, receive, send) -> None:
    if scope["type"] == "http":
        host = dict(scope["headers"])[b"host"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": host})


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_not_public_is_known_in_every_form(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_known_in_every_form(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent(text: str) -> None:
    with guarded_client(timeout=0.2, resolve=lambda _host, _port: [text]) as client, pytest.raises(ConfigError) as raised:
        client.get("http://receiver.example.se/hook")
    assert raised.value.code == "private_address"
    assert text not in str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0",
        "0177.0.0.1",
        "0.0.0.0",
        "localhost.",
        "127.0.0.1.",
        "receiver.example.se@127.0.0.1",
        "[::]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_this_machine_is_refused_by_whatever_name_it_is_called(host: str) -> None:
    with guarded_client(timeout=0.2) as client, pytest.raises((ConfigError, httpx.ConnectError, httpx.InvalidURL)) as raised:
        client.get(f"http://{host}:9/")
    assert isinstance(raised.value, ConfigError | httpx.InvalidURL) or "not found" in str(raised.value), (
        "no connection may have been tried"
    )


@pytest.mark.parametrize(
    "place",
    ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/", "//127.0.0.1/", "/elsewhere"],
)
def test_a_redirect_is_an_answer_and_leads_nowhere(place: str) -> None:
    asked: list[str] = []

    async def redirecting(scope, receive, send) -> None:
        if scope["type"] == "http":
            asked.append(scope["path"])
            await send({"type": "http.response.start", "status": 307, "headers": [(b"location", place.encode())]})
            await send({"type": "http.response.body", "body": b""})

    looked_for: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        looked_for.append(host)
        return ["127.0.0.1"]

    with served(redirecting) as url:
        port = httpx.URL(url).port
        with guarded_client(timeout=2, allow_private=LOOPBACK, resolve=resolve) as client:
            assert client.get(f"http://receiver.example.se:{port}/hook").status_code == 307
    assert (asked, looked_for) == (["/hook"], ["receiver.example.se"])


def test_a_network_that_is_listed_may_be_reached_and_the_receiver_is_asked_by_its_name() -> None:
    with served(_answering) as url:
        port = httpx.URL(url).port
        with guarded_client(timeout=2, allow_private=LOOPBACK, resolve=lambda _host, _port: ["127.0.0.1"]) as client:
            assert client.get(f"http://receiver.example.se:{port}/").text == f"receiver.example.se:{port}"


def test_a_listed_network_is_meant_in_its_form_within_ipv6_too() -> None:
    with (
        guarded_client(timeout=0.2, allow_private=LOOPBACK, resolve=lambda _host, _port: ["::ffff:127.0.0.1"]) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.get("http://receiver.example.se:9/")


def test_a_name_is_looked_up_once_and_the_connection_goes_to_the_address_that_was_judged() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]  # what whoever has the name would answer the second time
    with served(_answering) as url:
        port = httpx.URL(url).port
        with guarded_client(timeout=2, allow_private=LOOPBACK, resolve=lambda _host, _port: answers.pop(0)) as client:
            assert client.get(f"http://receiver.example.se:{port}/").status_code == 200
            assert answers == [["10.0.0.1"]]
            with pytest.raises(ConfigError):
                client.get(f"http://receiver.example.se:{port}/")


def test_of_several_addresses_only_those_that_may_be_reached_are_tried_in_their_order() -> None:
    with served(_answering) as url:
        port = httpx.URL(url).port
        found = ["10.0.0.1", "127.0.0.99", "127.0.0.1"]
        with guarded_client(timeout=2, allow_private=LOOPBACK, resolve=lambda _host, _port: found) as client:
            assert client.get(f"http://receiver.example.se:{port}/").status_code == 200


def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    with guarded_client(timeout=0.2, resolve=unknown) as client, pytest.raises(httpx.ConnectError):
        client.get("http://receiver.example.se/")
    with guarded_client(timeout=0.2, resolve=lambda _host, _port: []) as client, pytest.raises(httpx.ConnectError):
        client.get("http://receiver.example.se/")


def test_a_proxy_of_the_environment_is_not_used(monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with served(_answering) as url:
        port = httpx.URL(url).port
        with guarded_client(timeout=2, allow_private=LOOPBACK, resolve=lambda _host, _port: ["127.0.0.1"]) as client:
            assert client.get(f"http://receiver.example.se:{port}/").status_code == 200


@contextmanager
def _dripping(pieces: int) -> Iterator[str]:
    """A receiver that sends its answer's headers a byte at a time, each well within the time of a read."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def drip() -> None:
            with suppress(OSError), closing(listening.accept()[0]) as connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
                for _ in range(pieces):
                    connection.sendall(b"x")
                    time.sleep(0.02)
                connection.sendall(b"\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://receiver.example.se:{listening.getsockname()[1]}/hook"
        thread.join()


@pytest.mark.parametrize(
    ("pieces", "reaction"),
    [(2, nullcontext()), (500, pytest.raises(httpx.ReadTimeout))],
    ids=["in time", "without an end"],
)
def test_the_time_of_a_call_counts_from_its_start_whatever_is_dripped(pieces: int, reaction) -> None:
    with (
        _dripping(pieces) as url,
        guarded_client(timeout=0.5, allow_private=LOOPBACK, resolve=lambda _host, _port: ["127.0.0.1"]) as client,
        reaction,
    ):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    "headers", [b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"],
    ids=["with a length", "without one"],
)  # fmt: skip
def test_a_body_that_drips_ends_with_the_time_of_its_call_and_is_never_taken_for_whole(headers: bytes) -> None:
    with (
        dripping(headers) as drip,
        guarded_client(timeout=0.3, allow_private=LOOPBACK) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.get(drip.url)
    assert (drip.met, drip.waited_out) == (1, 0)


def test_where_the_time_of_a_call_is_over_no_further_address_is_tried() -> None:
    tried: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        tried.append(host)
        time.sleep(0.2)
        return ["127.0.0.1"]

    with (
        served(_answering) as url,
        guarded_client(timeout=0.1, allow_private=LOOPBACK, resolve=resolve) as client,
        pytest.raises(httpx.ConnectTimeout),
    ):
        client.get(f"http://receiver.example.se:{httpx.URL(url).port}/")
    assert tried == ["receiver.example.se"]


def test_without_a_time_a_call_waits_for_its_answer() -> None:
    with (
        _dripping(10) as url,
        guarded_client(timeout=0.05, allow_private=LOOPBACK, resolve=lambda _host, _port: ["127.0.0.1"]) as client,
    ):
        assert client.get(url, timeout=None).status_code == 200
