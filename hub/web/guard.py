"""What holds for every answer: headers, host, origin, no reading ahead, and a page of ours when something breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

from hub.logs import get_logger
from hub.metrics import WEB_REQUESTS
from hub.web.language import mark
from hub.web.rendering import Renderer
from hub.web.turned_away import TurnedAway

__all__ = ["Guard", "is_asset"]

_LOG = get_logger(__name__)
_EVERYWHERE: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",  # with no-referrer a browser calls the origin of our own forms null
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ASSETS: Final = {"Cache-Control": "no-cache"}  # asked for anew, answered with 304 while unchanged
_PAGES: Final = {"Cache-Control": "no-store"}


class Guard:
    """The dispatch function of the outermost middleware."""

    def __init__(self, renderer: Renderer, turned_away: TurnedAway) -> None:
        self._renderer = renderer
        self._turned_away = turned_away

    async def __call__(self, request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await self._answer(request, call)
        asset = is_asset(request)
        response.headers.update({**_EVERYWHERE, **(_ASSETS if asset and response.status_code < 400 else _PAGES)})
        self._renderer.visitors.remember_form(request, response)
        if not asset:
            route = getattr(request.scope.get("route"), "path", "none")
            WEB_REQUESTS.labels(route=route, status=str(response.status_code)).inc()
        return response

    async def _answer(self, request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        # Opening a task is recorded, and a code works once: a browser that reads ahead must not do either.
        if request.headers.get("sec-purpose", "").startswith("prefetch"):
            return Response(status_code=403)
        if _forged(request):
            await run_in_threadpool(self._turned_away.count, "foreign_origin")
            return Response(status_code=403)
        try:
            return await call(request)
        except Exception as error:  # noqa: BLE001 - the outermost edge: what happened is logged by its kind, without its text
            _LOG.error("page_failed", error=type(error).__name__, route=getattr(request.scope.get("route"), "path", "none"))
            if not hasattr(request.state, "principal"):  # what broke may be the very thing that would tell
                request.state.principal = None
            text = mark(
                "The page could not be shown. No task is lost. Try again in a minute; if it happens again, tell whoever runs it."
            )
            return self._renderer.message(request, mark("Something went wrong"), text, 500)


def is_asset(request: Request) -> bool:
    """Whether a part of a page is asked for, which is the same for everybody: no page."""
    return request.url.path.startswith("/static/")


def _forged(request: Request) -> bool:
    """Whether a page of another site, or one without an origin (a sandboxed frame, a file), sends this in the visitor's name.

    What a browser says of itself. Cookies are SameSite=Lax besides, and every form holds a token (`hub.web.form_tokens`).
    """
    if request.method in _SAFE:
        return False
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    try:
        foreign = origin is not None and (origin == "null" or URL(origin).netloc != request.headers.get("host"))
    except ValueError:  # no address at all
        return True
    return foreign or site not in {"same-origin", "none"}
