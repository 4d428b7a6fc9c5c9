"""A simulator's token endpoint: OAuth 2 client credentials (RFC 6749 §4.4), and whether a request carries a token that holds.

Options: `client_id` and `client_secret` (default `hub` and `simulator`), `token_seconds`, the life of a token (default 300).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

__all__ = ["TokenEndpoint"]


class TokenEndpoint:
    """Gives tokens to one client, named in the header or in the form."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._credentials = (str(options.get("client_id", "hub")), str(options.get("client_secret", "simulator")))
        self._seconds = float(options.get("token_seconds", 300))
        self._until: dict[str, float] = {}

    async def give(self, request: Request) -> Response:
        """Answer a request for a token."""
        form = await request.form()
        given = _basic(request.headers.get("authorization", "")) or (form.get("client_id"), form.get("client_secret"))
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if given != self._credentials:
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        token = secrets.token_urlsafe(24)
        self._until[token] = time.monotonic() + self._seconds
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": int(self._seconds)})

    def permits(self, request: Request) -> bool:
        """Whether the request carries a token that holds."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._until.get(token, 0.0) > time.monotonic()


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret
