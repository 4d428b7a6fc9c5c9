"""A proxy that spoils a share of the calls, in the ways that networks and servers have."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

FAULTS = ("429", "429 until a date", "500", "timeout", "half-closed socket", "slow body", "truncated JSON", "500-MB body")
_MEGABYTE = b" " * (1 << 20)
_HUGE_MEGABYTES = 500


class Faulty:
    """One upstream behind faults. `share` of the calls is spoilt; `met` counts by fault, `calls` all."""

    def __init__(self, upstream: str, seed: int, share: float = 0.2, timeout_seconds: float = 1.0) -> None:
        self.met: Counter[str] = Counter()
        self.calls = 0
        self._upstream = upstream
        self._chance = random.Random(seed)
        self._share = share
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._client = httpx.Client(timeout=30.0)

    @contextlib.contextmanager
    def listening(self) -> Iterator[str]:
        """The proxy's base URL, for as long as the block runs."""
        faulty = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # the base class' way to name methods
                faulty.answer(self)

            def do_POST(self) -> None:
                faulty.answer(self)

            def log_message(self, *_told: Any) -> None:
                """Nothing is printed."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            self._client.close()

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        """Answer one call, well or badly; a client that has gone away is no error here."""
        call.close_connection = True
        with self._lock:
            self.calls += 1
            fault = self._chance.choice(FAULTS) if self._chance.random() < self._share else ""
            if fault:
                self.met[fault] += 1
        with contextlib.suppress(OSError):
            self._spoil(call, fault)

    def _spoil(self, call: BaseHTTPRequestHandler, fault: str) -> None:
        match fault:
            case "429":
                self._write(call, 429, b'{"code":"busy","message":""}', {"Retry-After": "1"})
            case "429 until a date":
                self._write(call, 429, b"{}", {"Retry-After": formatdate(time.time() + 1, usegmt=True)})
            case "500":
                self._write(call, 500, b"<html>")
            case "timeout":
                time.sleep(self._timeout * 1.5)
            case "half-closed socket":
                call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")
                call.connection.shutdown(socket.SHUT_WR)
            case "500-MB body":
                self._head(call, 200, _HUGE_MEGABYTES << 20)
                for _ in range(_HUGE_MEGABYTES):
                    call.wfile.write(_MEGABYTE)
            case _:
                self._forward(call, fault)

    def _forward(self, call: BaseHTTPRequestHandler, fault: str) -> None:
        length = int(call.headers.get("content-length", 0))
        headers = {name: value for name, value in call.headers.items() if name.lower() not in {"host", "connection"}}
        content = call.rfile.read(length) if length else None
        answer = self._client.request(call.command, self._upstream + call.path, headers=headers, content=content)
        body = answer.content
        kept = {name: answer.headers[name] for name in ("etag", "retry-after", "location") if name in answer.headers}
        if fault == "truncated JSON":
            body = body[: len(body) // 2]
        if fault != "slow body":
            self._write(call, answer.status_code, body, kept)
            return
        self._head(call, answer.status_code, len(body), kept)
        piece = max(1, len(body) // 8)
        for first in range(0, len(body), piece):
            call.wfile.write(body[first : first + piece])
            call.wfile.flush()
            time.sleep(0.05)

    def _write(self, call: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(call, status, len(body), headers)
        if status != 304:
            call.wfile.write(body)

    @staticmethod
    def _head(call: BaseHTTPRequestHandler, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        call.send_response(status)
        call.send_header("Content-Type", "application/json")
        call.send_header("Connection", "close")
        if status != 304:
            call.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            call.send_header(name, value)
        call.end_headers()
