"""`hub web`: serves the pages until it is told to stop."""

from __future__ import annotations

import errno
import socket
import threading

import uvicorn
from starlette.applications import Starlette

from hub.errors import ConfigError, FatalError

__all__ = ["listening", "serve"]

_GRACE_SECONDS = 3


def listening(host: str, port: int) -> socket.socket:
    """The pages' socket, to be had before anything else: a process that announces itself has its port.

    Raises ConfigError `port_taken` or `bad_address`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"the pages cannot be served: port {port} on {host} is taken. Stop what uses it, or set [web] port in hub.toml"
            raise ConfigError(text, code="port_taken") from error
        text = f"the pages cannot be served on {host} port {port} ({error.strerror}). Check [web] host and port in hub.toml"
        raise ConfigError(text, code="bad_address") from error


def serve(app: Starlette, listener: socket.socket, stop: threading.Event) -> None:
    """Serve `app` on a socket until `stop`, and close it; requests under way get three seconds.

    Raises FatalError when the server ends by itself.
    """
    with listener:
        server = uvicorn.Server(
            # No access log: an address may hold a sign-in code.
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )  # fmt: skip
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="pages", daemon=True)
        thread.start()
        while not stop.wait(0.2):
            if not thread.is_alive():
                raise FatalError("the pages' server ended by itself", code="server_ended")
        server.should_exit = True
        thread.join(timeout=_GRACE_SECONDS + 2)
