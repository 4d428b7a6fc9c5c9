"""Threads that live and die together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hub.errors import FatalError, HubError
from hub.logs import get_logger

__all__ = ["Threads"]

_LOOK_SECONDS = 0.2
_JOIN_SECONDS = 15.0
_log = get_logger(__name__)


class Threads:
    """Starts parts and watches them. `stop` is set when the whole has to end: by the process, or because a part died."""

    def __init__(self, process_stop: threading.Event) -> None:
        self._process_stop = process_stop
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._died: list[tuple[str, BaseException]] = []

    def start(self, name: str, body: Callable[[], None]) -> None:
        """Run `body` until it returns, which it may do only after `stop` was set."""

        def guarded() -> None:
            try:
                body()
                self._ended_in_time(name)
            except BaseException as error:  # noqa: BLE001 -- passed on to the main thread, which ends the process with it
                self._died.append((name, error))
                self.stop.set()

        thread = threading.Thread(target=guarded, name=f"registry-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _ended_in_time(self, name: str) -> None:
        if not self.stop.is_set():
            raise FatalError(f"{name} ended by itself", code="thread_ended")

    def wait(self) -> None:
        """Block until the process shall stop. Raises FatalError when a part died first."""
        while not self._process_stop.wait(_LOOK_SECONDS) and not self.stop.is_set():
            continue
        self.stop.set()
        if self._died:
            name, error = self._died[0]
            code = error.code if isinstance(error, HubError) else type(error).__name__.lower()
            _log.error("a part of the registry died", part=name, code=code)
            raise FatalError(f"the registry's {name} thread died ({type(error).__name__})", code="thread_died") from error

    def join(self) -> None:
        """Wait for all parts to end. Raises FatalError when one does not."""
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
            if thread.is_alive():
                raise FatalError(f"{thread.name} does not stop", code="thread_stuck")
