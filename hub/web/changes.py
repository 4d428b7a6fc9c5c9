"""Tells open pages that a team's list has changed, as it happens (server-sent events, WHATWG HTML 9.2): that, and not what.

The page then asks for itself again, with all its walls. One look at the database per team and second, however many look; a few
streams per account, since browsers keep six connections to a host. A stream ends when its session has ended or the role is gone,
when the process stops, and after ten minutes, to begin anew where it was: a connection that died unseen is not kept.
The form is four lines of text, and Starlette streams it: libraries for it end streams by hooking into the server's own exit.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from hub.access.roles import Action, Principal, may
from hub.errors import RetriableError
from hub.metrics import WEB_STREAMS
from hub.web.rendering import Renderer, Web

__all__ = ["MOST_STREAMS", "Changes"]

MOST_STREAMS: Final = 4
_LOOK_SECONDS: Final = 1.0
_CHECK_EVERY: Final = 5  # looks, between which it is not asked whether the visitor may still see the list
_KEEP_ALIVE_EVERY: Final = 15  # looks; proxies close what is silent for a minute
_LONGEST: Final = 600  # looks
_RETRY: Final = "retry: 3000\n\n"
_HEADERS: Final = {"X-Accel-Buffering": "no"}  # a proxy that gathers would hold every word back


class Versions(Protocol):
    """What is asked of the worklist."""

    def version_of(self, team: str) -> str:
        """Another text whenever anything of the team's list is another."""
        ...


class Changes:
    """One per application. `pause` sleeps so many seconds without a thread; `ticks`: a clock of seconds that never goes back."""

    def __init__(
        self,
        web: Web,
        renderer: Renderer,
        *,
        pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._web = web
        self._visitors = renderer.visitors
        self.versions: Versions = web.worklist
        self._pause = pause
        self._ticks = ticks
        self._open: Counter[str] = Counter()
        self._looked: dict[str, tuple[float, str]] = {}
        self._looking: dict[str, asyncio.Lock] = {}

    def view(self, request: Request, principal: Principal) -> Response:
        """The stream of one team's list, or 429 for an account that has enough of them: its page then asks every few seconds."""
        if self.has_enough(principal.account):
            return PlainTextResponse("too many open pages", status_code=429)
        team = request.path_params["team"]
        known = request.headers.get("last-event-id") or request.query_params.get("since", "")
        lines = self.counted(principal.account, self.lines(team, known, lambda: self._permitted(request, team)))
        return StreamingResponse(lines, media_type="text/event-stream", headers=_HEADERS)

    def has_enough(self, account: str) -> bool:
        """Whether the account has as many open streams as it may."""
        return self._open[account] >= MOST_STREAMS

    async def lines(self, team: str, known: str, permitted: Callable[[], bool]) -> AsyncGenerator[str, None]:
        """What is sent: `changed` with the list's version whenever that is not what the page knows, `ended` at the end."""
        yield _RETRY
        for look in range(1, _LONGEST):
            version = await self._version(team)
            if version and version != known:
                if not await run_in_threadpool(permitted):
                    break
                known = version
                yield f"id: {version}\nevent: changed\ndata:\n\n"
            elif look % _KEEP_ALIVE_EVERY == 0:
                yield ":\n\n"
            if self._web.stopping.is_set():
                return
            await self._pause(_LOOK_SECONDS)
            if look % _CHECK_EVERY == 0 and not await run_in_threadpool(permitted):
                break
        else:
            return
        yield "event: ended\ndata:\n\n"

    async def counted(self, account: str, lines: AsyncIterator[str]) -> AsyncGenerator[str, None]:
        """The same lines; from the first to the last it is one of the account's."""
        # Counted as it begins to flow: what a visitor leaves before that is never begun, nor ended.
        self._open[account] += 1
        WEB_STREAMS.inc()
        try:
            async for line in lines:
                yield line
        finally:
            WEB_STREAMS.dec()
            self._open -= Counter({account: 1})

    async def _version(self, team: str) -> str:
        """The list's version, looked up by whoever comes first in a second; empty while the database does not answer."""
        async with self._looking.setdefault(team, asyncio.Lock()):
            at, version = self._looked.get(team, (0.0, ""))
            if version and self._ticks() - at < _LOOK_SECONDS:
                return version
            try:
                version = await run_in_threadpool(self.versions.version_of, team)
            except RetriableError:
                return ""
            self._looked[team] = (self._ticks(), version)
            return version

    def _permitted(self, request: Request, team: str) -> bool:
        try:
            principal = self._web.login.sessions.principal(self._visitors.token(request), noted=False)
        except RetriableError:
            return False
        return principal is not None and may(principal, Action.TASK_OPEN, team)
