"""All foreign systems in one process: each connector's own simulator under its name, on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from hub.clock import Clock
from hub.connector import find_connectors
from hub.errors import ConfigError, FatalError

__all__ = ["build_simulators", "serve_simulators"]


def build_simulators(datasets: Path, clock: Clock, options: Mapping[str, Mapping[str, Any]]) -> Starlette:
    """One application: `/<connector>/…` for each folder in `datasets` that names a connector with a simulator.

    Nothing dated later than the clock is revealed. Raises ConfigError when no folder does.
    """
    mounts = []
    for name, connector in sorted(find_connectors().items()):
        if connector.build_simulator is not None and (datasets / name).is_dir():
            chosen = {"now": clock.now, **options.get(name, {})}
            mounts.append(Mount(f"/{name}", connector.build_simulator(datasets / name, chosen)))
    if not mounts:
        raise ConfigError(f"{datasets} holds no folder named after a connector with a simulator", code="no_dataset")
    return Starlette(routes=mounts)


def serve_simulators(app: Starlette, port: int, stop: threading.Event) -> None:
    """Serve on loopback until `stop`. Raises ConfigError when the port is taken, FatalError when the server ended by itself."""
    listener = _listen(port)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    with listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="simulators", daemon=True)
        thread.start()
        while thread.is_alive() and not stop.wait(0.2):
            pass
        server.should_exit = True
        thread.join(timeout=5)
    if not stop.is_set():
        raise FatalError("the simulators' server ended by itself", code="server_ended")


def _listen(port: int) -> socket.socket:
    # asyncio turns off Nagle's delay (40 ms for each answer) only on sockets that say they are TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(f"port {port} cannot be used ({error.strerror}): choose another --port", code="port_taken") from error
    return listener
