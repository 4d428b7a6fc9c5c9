"""Observations and weekly rows that partners push: a source that is told instead of asking."""

from __future__ import annotations

import base64
import binascii
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from connectors.observations.config import Intake
from connectors.observations.receiving import Receiver, build_receiver
from connectors.observations.waiting import Waiting
from hub.connector import Batch, Cursor, SourceContext
from hub.errors import ConfigError

__all__ = ["PushedSource"]

_MOST_CONNECTIONS = 200
_SHORTEST_KEY = 24  # bytes, as Standard Webhooks recommends


class PushedSource:
    """Listens on the loopback interface; what it hears waits in memory until the lane has made it safe.

    Guarantee: at least once, with one effect. A partner is answered 202 only after Kafka has the event, or consent kept it out;
    what a crash takes from memory was never answered, and the partner repeats it. What was answered as `withdrawn` is not sent.
    Errors of `listen`: ConfigError

    `bad_secret`  a partner's secret is missing, or no `whsec_` and Base64
    `port_taken`  somebody else listens on `listen_port`
    """

    def __init__(self, settings: Intake, context: SourceContext) -> None:
        self._settings = settings
        self._context = context
        self.waiting = Waiting()

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """What waits."""
        yield from self.waiting.batches(cursor, self._context.now())

    def settled(self, cursor: Cursor) -> None:
        """As `Pushed.settled`."""
        self.waiting.settled(cursor)

    def listen(self, wake: Callable[[], None], stop: threading.Event) -> None:
        """Receive pushes until `stop`."""
        for partner in self._settings.partners:
            self._check_secret(partner)
        try:
            listener = socket.create_server(("127.0.0.1", self._settings.listen_port))
        except OSError:
            text = f"intake.listen_port {self._settings.listen_port} is taken: choose another, and tell the reverse proxy"
            raise ConfigError(text, code="port_taken") from None
        settings = uvicorn.Config(
            build_receiver(Receiver(self._settings, self._context, self.waiting, wake)),
            log_config=None, access_log=False, ws="none", lifespan="off", server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
        )  # fmt: skip
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="intake", daemon=True)
        thread.start()
        try:
            stop.wait()
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            listener.close()

    def close(self) -> None:
        """Forget what waits."""
        self.waiting.clear()

    def _check_secret(self, partner: str) -> None:
        kind, _, key = self._context.secret(f"partner-{partner}").strip().rpartition("_")
        try:
            sound = kind == "whsec" and len(base64.b64decode(key, validate=True)) >= _SHORTEST_KEY
        except (binascii.Error, ValueError):
            sound = False
        if not sound:
            raise ConfigError(f"the secret `partner-{partner}` must be whsec_ and Base64 of 24 bytes or more", code="bad_secret")
