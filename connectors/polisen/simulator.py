"""Behaves as the police feed by replaying recorded polls, byte for byte.

Dataset: `polls/<UTC time, 2025-05-09T043356Z>.json`, each the body of one poll; an empty file is an empty body.
Options: `mode` is "sequential" (default: each GET serves the next poll, at the end the last one for ever) or "clock" (the
latest poll recorded at or before `now()`), with `now` a callable that tells the time.

`GET /simulator/state` tells a scenario how far the replay has come: `{"polls", "served", "done"}`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.errors import ConfigError

__all__ = ["build_simulator"]

_STAMP = "%Y-%m-%dT%H%M%SZ"


class _Replay:
    def __init__(self, polls: list[tuple[datetime, Path]], now: Callable[[], datetime] | None) -> None:
        self._polls = polls
        self._now = now
        self._served = 0
        self._lock = threading.Lock()

    def next_body(self) -> bytes:
        """Body of the poll that is due; an empty array before the first."""
        with self._lock:
            if self._now is None:
                due = min(self._served, len(self._polls) - 1)
                self._served += 1
            else:
                now = self._now()
                self._served = sum(at <= now for at, _ in self._polls)
                due = self._served - 1
        return self._polls[due][1].read_bytes() if due >= 0 else b"[]"

    def state(self) -> dict[str, Any]:
        served = min(self._served, len(self._polls))
        return {"polls": len(self._polls), "served": served, "done": served == len(self._polls)}


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The feed as an ASGI application. Raises ConfigError when the dataset or an option is wrong."""
    mode = options.get("mode", "sequential")
    now = options.get("now")
    if mode not in {"sequential", "clock"} or (mode == "clock" and not callable(now)):
        raise ConfigError("polisen simulator: mode is 'sequential', or 'clock' with a callable `now`", code="bad_option")
    replay = _Replay(_load_polls(dataset), now if mode == "clock" else None)

    async def events(request: Request) -> Response:
        body = replay.next_body()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if body and request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        headers = {"ETag": etag} if body else {}
        return Response(body, media_type="application/json; charset=utf-8", headers=headers)

    async def state(_request: Request) -> Response:
        return JSONResponse(replay.state())

    return Starlette(routes=[Route("/api/events", events), Route("/simulator/state", state)])


def _load_polls(dataset: Path) -> list[tuple[datetime, Path]]:
    try:
        polls = sorted((_recorded_at(path), path) for path in (dataset / "polls").glob("*.json"))
    except ValueError as error:
        raise ConfigError(
            "polisen simulator: name the poll files by UTC time, 2025-05-09T043356Z.json", code="bad_dataset"
        ) from error
    if not polls:
        raise ConfigError("polisen simulator: the dataset folder holds no polls/*.json", code="bad_dataset")
    return polls


def _recorded_at(path: Path) -> datetime:
    return datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC)
