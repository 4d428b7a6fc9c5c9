"""`hub web`: serves the pages until it is told to stop."""

from __future__ import annotations

import threading

import uvicorn
from starlette.applications import Starlette

from hub.errors import FatalError

__all__ = ["serve"]


def serve(app: Starlette, host: str, port: int, stop: threading.Event) -> None:
    """Serve `app` on `host:port` until `stop`. Raises FatalError when the server ends by itself, the port being taken."""
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, server_header=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    while not stop.wait(0.2):
        if not thread.is_alive():
            raise FatalError(f"the pages cannot be served on {host}:{port}: is the port taken?", code="server_ended")
    server.should_exit = True
    thread.join(timeout=5)
