"""`hub registry`: the consent registry's process."""

from __future__ import annotations

from hub.commands.options import Home

__all__ = ["registry"]


def registry(home: Home = None) -> None:
    """Run the consent registry until it is stopped: outbox relay, erasure receipts and the subject service.

    Connectors fetch from it which persons have a reference. `hub consent` works with or without it; what was written
    meanwhile goes out when it starts.

    Example: hub registry --home ./norrkoping
    """
    from hub.bootstrap import run_registry

    run_registry(home)
