"""A foreign system that answers a byte at a time, each well within any library's time for one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["HEADERS", "Drip", "dripping"]

HEADERS: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"
"""What may stand before the drops: they are an HTTP answer's body then."""
_HOST: Final = "127.0.0.1"
_PAUSE_SECONDS: Final = 0.05
_MOST: Final = 80


class Drip:
    """It gives up after some seconds; `waited_out` are the calls that were still there, `met` all of them."""

    def __init__(self, listening: socket.socket, first: bytes, drop: bytes) -> None:
        self._listening = listening
        self._first = first
        self._drop = drop
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._listen)]
        self.port: int = listening.getsockname()[1]
        self.met = 0
        self.waited_out = 0
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Its address for HTTP."""
        return f"http://{_HOST}:{self.port}"

    def end(self) -> None:
        """Hang up on everybody."""
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while True:
            try:
                connection = self._listening.accept()[0]
            except OSError:
                return
            self.met += 1
            self._threads.append(threading.Thread(target=self._answer, args=(connection,)))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(self._first)
                for _ in range(_MOST):
                    connection.sendall(self._drop)
                    if self._over.wait(_PAUSE_SECONDS):
                        return
            except OSError:
                return
            self.waited_out += 1


@contextmanager
def dripping(first: bytes = b"", drop: bytes = b"H") -> Iterator[Drip]:
    """One on a free loopback port, which sends `first` at once and `drop` again and again, for as long as the block runs."""
    with socket.create_server((_HOST, 0)) as listening:
        drip = Drip(listening, first, drop)
        try:
            yield drip
        finally:
            drip.end()
