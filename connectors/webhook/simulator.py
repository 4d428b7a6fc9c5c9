"""Behaves as a receiver that keeps to Standard Webhooks: it verifies, and takes each `webhook-id` once.

Options: `secret` (whsec_…; required), `now` (a callable; default: the machine's clock). The dataset folder is not read.
`POST /hook` takes; `GET /simulator/received` tells what was taken, as `hub.testing.SinkSuite` asks it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.errors import ConfigError

__all__ = ["build_simulator"]

_TOLERANCE = timedelta(minutes=5)


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The receiver as an ASGI application. Raises ConfigError without a secret to verify with."""
    del dataset
    secret, now = options.get("secret"), options.get("now", lambda: datetime.now(UTC))
    if not isinstance(secret, str) or not callable(now):
        raise ConfigError("webhook simulator: options are `secret` (whsec_…) and `now` (callable)", code="bad_option")
    receiver = _Receiver(Webhook(secret), now)
    return Starlette(routes=[Route("/hook", receiver.take, methods=["POST"]), Route("/simulator/received", receiver.told)])


class _Receiver:
    def __init__(self, webhook: Webhook, now: Callable[[], datetime]) -> None:
        self._webhook = webhook
        self._now = now
        self._taken: dict[str, dict[str, Any]] = {}

    async def take(self, request: Request) -> Response:
        body = await request.body()
        identity = request.headers.get("webhook-id", "")
        told = _told(body) if self._is_genuine(identity, request.headers, body) else None
        if told is None:
            return Response(status_code=401)
        self._taken.setdefault(identity, told)
        return Response(status_code=204)

    async def told(self, _request: Request) -> Response:
        return JSONResponse(list(self._taken.values()))

    def _is_genuine(self, identity: str, headers: Mapping[str, str], body: bytes) -> bool:
        """As `Webhook.verify`, which knows the machine's clock only. A request that was heard and is sent again later is late."""
        try:
            sent = datetime.fromtimestamp(int(headers.get("webhook-timestamp", "")), UTC)
            expected = self._webhook.sign(identity, sent, body.decode()).encode()
        except (ValueError, OverflowError, OSError):
            return False
        # As bytes: text beyond ASCII cannot be compared so.
        given = [one.encode() for one in headers.get("webhook-signature", "").split()]
        genuine = any(hmac.compare_digest(expected, one) for one in given)
        return bool(identity) and genuine and abs(self._now() - sent) <= _TOLERANCE


def _told(body: bytes) -> dict[str, Any] | None:
    """What is kept of a message; None for what is no word of a task, whoever signed it."""
    try:
        told = json.loads(body)
        task_id, state = told["data"]["task_id"], told["type"].removeprefix("task.")
        for text in (task_id, state):
            text.encode()  # half a character is none: it could not be told again
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return {"task_id": task_id, "state": state, "reference": None}
