"""Whom a client of the hub believes, read once for each process: a new `httpx.Client` would read the authorities anew."""

from __future__ import annotations

from functools import cache
from ssl import SSLContext

import httpx

__all__ = ["trusted"]


@cache
def trusted() -> SSLContext:
    """The authorities that `httpx` knows, or those that SSL_CERT_FILE or SSL_CERT_DIR name as the process first asks.

    Reading them costs some 30 ms of processor time, more than a call on loopback. Give it as `verify` to every client.
    """
    return httpx.create_ssl_context()
