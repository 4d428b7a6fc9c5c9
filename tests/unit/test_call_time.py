from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from hub.call_time import CallTime

PATIENCE = 20.0  # of a test that would hang otherwise


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(PATIENCE)
        yield ours, theirs


def test_what_waits_on_the_connection_ends_with_the_time(pair) -> None:
    ours, _theirs = pair
    with CallTime(0.05) as call:
        call.holds(ours)
        assert not call.is_over
        assert ours.recv(1) == b""
        assert call.is_over


def test_a_connection_that_comes_too_late_is_cut_at_once(pair) -> None:
    ours, _theirs = pair
    with CallTime(0.0) as call:
        call.holds(ours)
        call.stop()
        assert ours.recv(1) == b""


def test_a_call_that_ended_is_not_cut(pair) -> None:
    ours, theirs = pair
    with CallTime(0.05) as call:
        call.holds(ours)
    ours.settimeout(0.2)
    with pytest.raises(TimeoutError):
        ours.recv(1)
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_without_a_time_it_is_never_over() -> None:
    with CallTime(None) as call:
        assert (call.left, call.is_over) == (None, False)
        call.stop()


@pytest.mark.parametrize(
    "event", ["connection.connect_tcp.complete", "connection.start_tls.complete", "proxy.start_tls.complete"]
)
def test_a_connection_is_known_by_what_http_tells_of_it(pair, event: str) -> None:
    ours, _theirs = pair

    class Stream:
        def get_extra_info(self, name: str) -> socket.socket | None:
            return ours if name == "socket" else None

    with CallTime(0.0) as call:
        call.saw("http11.send_request_headers.complete", {"return_value": None})
        call.saw(event, {"return_value": Stream()})
        assert ours.recv(1) == b""
