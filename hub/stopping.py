"""A stop that comes to its end: whoever has not left some seconds after being asked leaves at once, committing nothing.

Clients of Kafka and databases may wait for ever for somebody who does not answer, and a thread of theirs keeps the whole
interpreter. A process that stays half-alive keeps its place in a group, its lease and its locks from the one started after it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.logs import get_logger

__all__ = ["FATAL_EXIT_CODE", "STOP_SECONDS", "Stop", "ask_on_signals", "ctrl_c_waits", "stops_in_time"]

STOP_SECONDS = 10.0
"""How long a process may take to stop; the supervisor, which would kill it, waits ten seconds longer:
a machine that is short of time needs some for that end too."""

FATAL_EXIT_CODE = 70
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TELLING_SECONDS = 1.0
_INNERMOST = 6
_log = get_logger(__name__)


class Stop:
    """A wish to stop, for a main thread that also calls what cannot look at `event`, and may wait for minutes in there."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._breakable = False

    def ask(self, *_: object) -> None:
        """Fit to be a signal's handler: raises KeyboardInterrupt when the main thread is within a `breakable` block."""
        self.event.set()
        if self._breakable and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt

    @contextmanager
    def breakable(self) -> Iterator[None]:
        """What is done in the block may be broken off at any point."""
        self._breakable = True
        try:
            if self.event.is_set():
                raise KeyboardInterrupt
            yield
        finally:
            self._breakable = False


def ask_on_signals(ask: Callable[..., object]) -> None:
    """Have `ask` called on Ctrl-C, a polite kill, or a closed terminal (unless `nohup` says that it may be). Main thread only."""
    for number in (*_SIGNALS, signal.SIGHUP):
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, ask)


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """What the block does is whole before a Ctrl-C breaks anything off, and a process that it starts never hears one.

    Of a terminal every process of a command hears it, also one that has only begun to load. Main thread only.
    """
    heard = threading.Event()
    previous = signal.signal(signal.SIGINT, lambda *_: heard.set())
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is started inherits it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, previous)
        if heard.is_set():
            signal.raise_signal(signal.SIGINT)


@contextmanager
def stops_in_time(stop: threading.Event, seconds: float = STOP_SECONDS) -> Iterator[None]:
    """Set `stop` on SIGTERM or SIGINT, and end the process with code 70 when it is still there `seconds` later. Main thread only.

    A Ctrl-C after that first signal ends it at once; a second SIGTERM does not, because some send it twice. Whatever a process
    of the hub had not committed comes again, so that no such end loses or doubles anything.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    # Written to at once, while a handler in Python waits until the main thread is back from whatever library it is in.
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(ours, stop, seconds), name="stop-watch", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in previous.items():
            signal.signal(number, handler)
        theirs.close()


def _watch(told: socket.socket, stop: threading.Event, seconds: float) -> None:
    with told:
        while not set(_SIGNALS) & set(said := told.recv(16)):
            if not said:
                return  # the block is over, and nobody asked
        stop.set()
        if not _ctrl_c_after_another(said):
            _wait_for_ctrl_c(told, time.monotonic() + seconds)
    # In a thread, because the one that holds the log up may be the one that holds everything up.
    telling = threading.Thread(target=_tell, daemon=True)
    telling.start()
    telling.join(_TELLING_SECONDS)
    os._exit(FATAL_EXIT_CODE)


def _ctrl_c_after_another(said: bytes) -> bool:
    """On a busy machine both signals may be there before this thread has read the first."""
    asked = [number for number in said if number in _SIGNALS]
    return signal.SIGINT in asked[1:]


def _wait_for_ctrl_c(told: socket.socket, deadline: float) -> None:
    """Until it comes, at the latest until `deadline`; also after the block, whose threads may keep the process."""
    while (remaining := deadline - time.monotonic()) > 0:
        told.settimeout(remaining)
        try:
            said = told.recv(16)
        except TimeoutError:
            return
        if signal.SIGINT in said:
            return
        if not said:
            time.sleep(max(0.0, deadline - time.monotonic()))


def _tell() -> None:
    main = threading.main_thread().ident
    frame = sys._current_frames().get(main or 0)  # noqa: SLF001 -- the documented way to another thread's place
    where = traceback.extract_stack(frame)[-_INNERMOST:] if frame is not None else []
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in where]
    alive = sorted(one.name for one in threading.enumerate() if not one.daemon)
    _log.critical("did not stop in time, ends without committing", main_thread_at=places, threads=alive)
