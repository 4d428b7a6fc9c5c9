"""Whom a client of the hub believes, and what it tells no proxy.

Authorities are read once a process: a new `httpx.Client` would read them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from ssl import SSLContext
from typing import Final

import httpx

__all__ = ["outward_client", "trusted"]

_NO_PROXY_NEARBY: Final[Mapping[str, None]] = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
_USUAL: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20)
_ONE_CALL: Final = httpx.Limits(max_connections=100, max_keepalive_connections=0)


@cache
def trusted() -> SSLContext:
    """The authorities that `httpx` knows, or those that SSL_CERT_FILE or SSL_CERT_DIR name as the process first asks.

    Reading them costs some 30 ms of processor time, more than a call on loopback. A client of the hub's own processes takes it
    as `verify`, and `trust_env=False`: what they say to each other names persons and holds secrets.
    """
    return httpx.create_ssl_context()


def outward_client(
    *, timeout: float, base_url: str = "", transport: httpx.BaseTransport | None = None, reuse: bool = True
) -> httpx.Client:
    """A client of a foreign system: seconds until it gives up, no redirect is followed, a proxy of the environment is used.

    But the way to this very machine, where simulators are, leads through none. Without `reuse` each call has a connection of its
    own, as `hub.call_time` needs it.
    """
    return httpx.Client(
        base_url=base_url,
        timeout=timeout,
        transport=transport,
        follow_redirects=False,
        verify=trusted(),
        limits=_USUAL if reuse else _ONE_CALL,
        mounts=_NO_PROXY_NEARBY,
    )
