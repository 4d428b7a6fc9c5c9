"""Subscriptions: the school system calls when something changed, and the next pull comes at once.

The standard's call has neither authentication nor content to rely on (the kinds that changed, no ids). So the address that is
subscribed ends in a secret, whoever calls it is believed one thing, that a pull is worth while, and what the pull finds is what
counts. A subscription expires; it is renewed in good time, and made anew when the server has forgotten it.
"""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.shallow import parse_shallow
from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config, Webhook
from connectors.ss12000.instants import parse_instant
from hub.connector import SourceContext
from hub.errors import ConfigError

__all__ = ["Ss12000Waker", "build_receiver"]

KINDS = ("Attendance", "CalendarEvent", "Absence", "Person")
_NAME = "Kommunens integrationsnav"
_SHORTEST_SECRET = 32
_LONGEST_BODY = 64 * 1024
_CHECK_SECONDS = 15 * 60.0
_RENEW_BEFORE = timedelta(days=1)


class Ss12000Waker:
    """Listens on the loopback interface and keeps the subscription. Errors: the client's, and ConfigError

    `bad_secret`  the secret `webhook-secret` is shorter than 32 letters and digits
    `port_taken`  somebody else listens on `listen_port`
    """

    def __init__(
        self,
        config: Ss12000Config,
        webhook: Webhook,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._webhook = webhook
        self._context = context
        self._client = Ss12000Client(config, context, transport=transport, sleep=sleep or context.pause)

    def listen(self, wake: Callable[[], None], stop: threading.Event) -> None:
        """Receive calls until `stop`, and look after the subscription every quarter of an hour."""
        secret = self._secret()
        try:
            listener = socket.create_server(("127.0.0.1", self._webhook.listen_port))
        except OSError:
            text = f"webhook.listen_port {self._webhook.listen_port} is taken: choose another, and tell the reverse proxy"
            raise ConfigError(text, code="port_taken") from None
        settings = uvicorn.Config(
            build_receiver(secret, wake), log_config=None, access_log=False, ws="none", lifespan="off", server_header=False
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="webhook", daemon=True)
        thread.start()
        try:
            while not stop.is_set():
                self.keep_subscribed(secret)
                stop.wait(_CHECK_SECONDS)
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            listener.close()

    def keep_subscribed(self, secret: str) -> datetime | None:
        """Have exactly one subscription that holds for another day; the answer is when it ends, None where that is not told."""
        target = f"{self._webhook.public_url}/{secret}"
        rows = [row for row in chain.from_iterable(self._client.subscriptions()) if _is_to(row, target)]
        for row in rows[1:]:  # made by a repeated call
            self._client.unsubscribe(row["id"])
        if not rows:
            return _end_of(self._client.subscribe(_NAME, target, KINDS))
        end = _end_of(rows[0])
        if end is not None and end - self._context.now() <= _RENEW_BEFORE:
            return _end_of(self._client.renew(rows[0]["id"]))
        return end

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _secret(self) -> str:
        secret = self._context.secret("webhook-secret").strip()
        if len(secret) < _SHORTEST_SECRET or not secret.isascii() or not secret.isalnum():
            text = f"the secret `webhook-secret` must be {_SHORTEST_SECRET} letters and digits or more: a call has no other proof"
            raise ConfigError(text, code="bad_secret")
        return secret


def build_receiver(secret: str, wake: Callable[[], None]) -> Starlette:
    """The ASGI application: a POST to `/<secret>` may wake; anything else is not found, whatever it is."""

    async def called(request: Request) -> Response:
        if not hmac.compare_digest(request.path_params["secret"].encode("utf-8", "surrogatepass"), secret.encode()):
            return Response(status_code=404)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_BODY:
                return Response(status_code=413)
        if _concerns_us(body):
            wake()
        return Response(status_code=200)

    return Starlette(routes=[Route("/{secret}", called, methods=["POST"])])


def _concerns_us(body: bytes) -> bool:
    """Whether a pull may find something; what cannot be read may mean anything. Both spellings are met."""
    try:
        told = parse_shallow(body)
    except ValueError:
        return True
    if not isinstance(told, dict):
        return True
    kinds = told.get("modifiedEntites", told.get("modifiedEntities"))
    return told.get("deletedEntities") is True or not isinstance(kinds, list) or any(kind in KINDS for kind in kinds)


def _is_to(row: Any, target: str) -> bool:
    return isinstance(row, dict) and row.get("target") == target and isinstance(row.get("id"), str)


def _end_of(row: dict[str, Any]) -> datetime | None:
    return parse_instant(row.get("expires"))
