"""All foreign systems in one process: each connector's own simulator under its name, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from hub.clock import Clock
from hub.connector import find_connectors
from hub.errors import ConfigError

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
    """Serve on loopback until `stop`."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, name="simulators", daemon=True)
    thread.start()
    while not stop.wait(0.2) and thread.is_alive():
        pass
    server.should_exit = True
    thread.join(timeout=5)
