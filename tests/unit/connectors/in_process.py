"""An ASGI application as a transport of the synchronous client: no socket, no thread."""

import asyncio

import httpx


class InProcess(httpx.BaseTransport):
    """Answers with the application; `requests` keeps what was asked."""

    def __init__(self, app):
        self._inner = httpx.ASGITransport(app=app)
        self.requests = []

    def handle_request(self, request):
        self.requests.append(request)

        async def answer():
            response = await self._inner.handle_async_request(request)
            content = b"".join([piece async for piece in response.stream])
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        return asyncio.run(answer())
