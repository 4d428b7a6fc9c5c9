"""A simulator on a socket: served, watched, exchanged and disturbed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import uvicorn

__all__ = ["Asked", "Fault", "Watched", "garbled", "once", "refusing", "served", "silent", "unless_asked"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Fault: TypeAlias = App
"""Answers in the simulator's place."""
_ASKING = frozenset({"GET", "HEAD", "OPTIONS"})


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI application on a free loopback port, for as long as the block runs; yields its base URL."""
    # asyncio turns off Nagle's delay (40 ms for each answer) only on sockets that say they are TCP.
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # connections queue until the server takes them
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="auto"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@dataclass(slots=True)
class Asked:
    """One request as it crossed the wire, and what was answered."""

    line: str
    """Method, path and query."""
    headers: list[tuple[str, str]]
    body: bytearray = field(default_factory=bytearray)
    status: int = 0
    answer: bytearray = field(default_factory=bytearray)


class Watched:
    """A simulator that can be exchanged (`app`) or put in trouble (`fault`); `asked` keeps what crossed the wire.

    Of the next requests that change something, `keep_answers` are answered, and after them `lose_answers` carried out, and their
    answers lost on the way (502).
    """

    def __init__(self, app: Any) -> None:
        self.app: App = app
        self.fault: Fault | None = None
        self.lose_answers = 0
        self.keep_answers = 0
        self.asked: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        line = f"{scope['method']} {scope['path']}{'?' if query else ''}{query}"
        asked = Asked(line, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        self.asked.append(asked)

        async def heard() -> MutableMapping[str, Any]:
            message = await receive()
            asked.body += message.get("body", b"")
            return message

        async def told(message: MutableMapping[str, Any]) -> None:
            asked.status = message.get("status", asked.status)
            asked.answer += message.get("body", b"")
            if not losing:
                await send(message)

        changing = self.fault is None and self.lose_answers > 0 and scope["method"] not in _ASKING
        losing = changing and self.keep_answers == 0
        self.keep_answers -= changing and not losing
        self.lose_answers -= losing
        await (self.fault or self.app)(scope, heard, told)
        if losing:
            await refusing(502)(scope, heard, send)


def refusing(status: int, **headers: str) -> Fault:
    """Answers every request with a status and no more."""
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *told]})
        await send({"type": "http.response.body", "body": b""})

    return answer


def garbled(content: bytes) -> Fault:
    """Answers every request with 200 and a body that ends in the middle."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return answer


def once(place: int, fault: Fault, app: App) -> Fault:
    """Answers the request at that place, counted from 0, with the fault, and all others as `app` does."""
    asked = 0

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        here, asked = asked, asked + 1
        await (fault if here == place else app)(scope, receive, send)

    return answer


def unless_asked(fault: Fault, app: App) -> Fault:
    """Answers with the fault what would change something, and questions as `app` does."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (app if scope["method"] in _ASKING else fault)(scope, receive, send)

    return answer


async def silent(_scope: Scope, receive: Receive, _send: Send) -> None:
    """Takes the request and never answers, until the other side has gone."""
    left = False
    while not left:
        left = (await receive())["type"] == "http.disconnect"
