"""An ASGI application as a transport of the synchronous client: no socket, and one event loop for the whole session."""

import atexit
from functools import cache

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal


@cache
def _portal() -> BlockingPortal:
    """Requests share a loop and its threads: to start them costs more than most answers."""
    started = start_blocking_portal()
    portal = started.__enter__()
    atexit.register(started.__exit__, None, None, None)
    return portal


class InProcess(httpx.BaseTransport):
    """Answers with the application; `requests` keeps what was asked."""

    def __init__(self, app):
        self._inner = httpx.ASGITransport(app=app)
        self.requests = []

    def handle_request(self, request):
        self.requests.append(request)
        return _portal().call(self._answer, request)

    async def _answer(self, request):
        response = await self._inner.handle_async_request(request)
        content = b"".join([piece async for piece in response.stream])
        return httpx.Response(response.status_code, headers=response.headers, content=content)
