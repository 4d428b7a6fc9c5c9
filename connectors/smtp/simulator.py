"""Behaves as a mail server and the mailbox behind it, which shows a `Message-ID` once, as Cyrus, Dovecot and Exchange can.

Two parts: `build_simulator` is the mailbox (`POST /simulator/mail` puts the bytes of a message into it; `GET /simulator/received`
tells what it shows, as `hub.testing.SinkSuite` asks it, `GET /simulator/mails` their text), and `served_mail` the server before
it, which speaks SMTP. Options: `keeps_doubles` (default false): a mailbox that shows what comes twice twice. The dataset folder
is not read.

The server needs `aiosmtpd`, which the test extra brings.
"""

from __future__ import annotations

import asyncio
import email
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.errors import ConfigError

__all__ = ["PASSWORD", "USERNAME", "build_simulator", "served_mail"]

USERNAME, PASSWORD = "hub", "the mailbox of the trial"
"""The account that the server knows."""
_MESSAGE_ID = re.compile(r"<(?P<task_id>[^.@<>]+)\.(?P<state>[a-z_]+)@[^@<>]+>\Z")
_CARRIED_SECONDS = 30.0


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The mailbox as an ASGI application."""
    del dataset
    mailbox = _Mailbox(keeps_doubles=bool(options.get("keeps_doubles", False)))
    return Starlette(
        routes=[
            Route("/simulator/mail", mailbox.take, methods=["POST"]),
            Route("/simulator/mails", mailbox.mails),
            Route("/simulator/received", mailbox.received),
        ]
    )


class _Mailbox:
    def __init__(self, *, keeps_doubles: bool) -> None:
        self._keeps_doubles = keeps_doubles
        self._shown: list[tuple[str, bytes]] = []

    async def take(self, request: Request) -> Response:
        content = await request.body()
        message_id = email.message_from_bytes(content, policy=default)["Message-ID"]
        if message_id is None:
            return Response(status_code=422)
        if self._keeps_doubles or message_id not in {known for known, _ in self._shown}:
            self._shown.append((str(message_id), content))
        return Response(status_code=204)

    async def mails(self, _request: Request) -> Response:
        return JSONResponse([content.decode("ascii", "replace") for _, content in self._shown])

    async def received(self, _request: Request) -> Response:
        named = [_MESSAGE_ID.match(message_id) for message_id, _ in self._shown]
        return JSONResponse([{**one.groupdict(), "reference": None} for one in named if one is not None])


@contextmanager
def served_mail(mailbox: str, *, encrypts: ssl.SSLContext | None = None) -> Iterator[int]:
    """A mail server on a free loopback port, before the mailbox at that address; yields the port.

    With `encrypts` it offers STARTTLS. It takes mail from the account USERNAME only, and answers as the mailbox does: 4yz for
    what may go later (429, 5xx), 530 for 401 and 403, 554 for any other refusal, and not at all as long as the mailbox does not.
    Raises ConfigError where `aiosmtpd` is not installed.
    """
    try:
        from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("the mail server needs aiosmtpd: install the test extra", code="missing_package") from error

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given == LoginPassword(USERNAME.encode(), PASSWORD.encode()), handled=False)

    async def listen() -> asyncio.Server:
        def connected() -> SMTP:
            return SMTP(
                _Carrier(mailbox), hostname="mail.example.se", authenticator=known, auth_require_tls=False, tls_context=encrypts
            )

        return await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)

    with start_blocking_portal() as portal:
        server = portal.call(listen)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            portal.call(server.close)


class _Carrier:
    """What aiosmtpd asks of a handler: it carries each message on to the mailbox."""

    def __init__(self, mailbox: str) -> None:
        self._mailbox = mailbox

    async def handle_MAIL(  # noqa: N802 -- aiosmtpd's name
        self, _server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        async with httpx.AsyncClient(timeout=_CARRIED_SECONDS, trust_env=False) as client:
            answer = await client.post(f"{self._mailbox}/simulator/mail", content=envelope.content)
        if answer.is_success:
            return "250 2.0.0 OK"
        if answer.status_code == 429 or answer.status_code >= 500:
            return "451 4.3.0 Try again later"
        return "530 5.7.0 Authentication required" if answer.status_code in {401, 403} else "554 5.6.0 Refused"
