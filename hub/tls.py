"""Whom a client of the hub believes, and what it tells no proxy.

Authorities are read once a process: a new `httpx.Client` would read them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from ssl import SSLContext
from typing import Final

import httpx

__all__ = ["NO_PROXY_NEARBY", "trusted"]

NO_PROXY_NEARBY: Final[Mapping[str, None]] = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
"""As `mounts` of a client of foreign systems: the way to this very machine leads through no proxy of the environment's.

A client of the hub's own processes takes `trust_env=False`: what they say to each other names persons and holds secrets.
"""


@cache
def trusted() -> SSLContext:
    """The authorities that `httpx` knows, or those that SSL_CERT_FILE or SSL_CERT_DIR name as the process first asks.

    Reading them costs some 30 ms of processor time, more than a call on loopback. Give it as `verify` to every client.
    """
    return httpx.create_ssl_context()
