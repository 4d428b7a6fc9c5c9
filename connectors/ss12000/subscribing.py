"""The simulator's `/subscriptions`: kept in memory."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from connectors.ss12000.questions import Refusal

__all__ = ["Subscriptions"]

_HOLDS = timedelta(days=7)


class Subscriptions:
    """By id, as the document describes them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rows: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, key: str, body: bytes) -> tuple[int, bytes]:
        """(status, body) of one call. Raises Refusal."""
        match method, key:
            case "GET", "":
                return 200, json.dumps({"data": list(self._rows.values()), "pageToken": None}).encode()
            case "POST", "":
                return 201, json.dumps(self._make(body)).encode()
        if key not in self._rows:
            raise Refusal(404, "not_found", "no such subscription")
        if method == "DELETE":
            del self._rows[key]
            return 204, b""
        if method == "PATCH":
            self._rows[key]["expires"] = self._end()
        return 200, json.dumps(self._rows[key]).encode()

    def _make(self, body: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(body)
            row = {name: asked[name] for name in ("name", "target", "resourceTypes")}
        except (ValueError, TypeError, KeyError):
            raise Refusal(400, "bad_subscription", "name, target and resourceTypes are required") from None
        key = str(uuid.uuid4())
        self._rows[key] = row | {"id": key, "expires": self._end()}
        return self._rows[key]

    def _end(self) -> str:
        return (min(self._now(), datetime.max.replace(tzinfo=self._now().tzinfo) - _HOLDS) + _HOLDS).isoformat(timespec="seconds")
