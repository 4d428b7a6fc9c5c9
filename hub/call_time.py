"""The time of one call to a foreign system, counted from its start: when it is over, the connection is cut.

What libraries call a timeout (httpx, `smtplib`) counts anew at every byte, and whoever sends one a second would hold up whatever
waits behind the call for hours.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

__all__ = ["CallTime"]

_CONNECTED: Final = (".connect_tcp.complete", ".start_tls.complete")


class CallTime:
    """Of one call, in seconds from now; None: as long as it takes. It runs while the block does, or until `stop`.

    The call's connection must be its own, since a cut ends whatever else uses it: `holds` is told of it, or httpx's extension
    `trace` is `saw`. What waits on it then fails as where the other side hangs up; `is_over` tells why.
    """

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._timer = None if seconds is None else threading.Timer(seconds, self._cut)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    @property
    def left(self) -> float | None:
        """Seconds, 0 when it is over; None: without an end."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.left == 0.0

    def holds(self, connected: socket.socket) -> None:
        """The call's connection from now on: the same one, once it is encrypted, is another. Cut at once where time is over."""
        with self._lock:
            self._socket = connected
        if self.is_over:
            self._cut()

    def saw(self, event: str, info: Mapping[str, Any]) -> None:
        """What an HTTP connection tells of its steps, also that through a proxy."""
        if event.endswith(_CONNECTED):
            self.holds(info["return_value"].get_extra_info("socket"))

    def stop(self) -> None:
        """The call has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _cut(self) -> None:
        with self._lock, suppress(OSError):
            if self._socket is not None:
                # The plain socket's: that of TLS would take its state from under the read that is to end.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
