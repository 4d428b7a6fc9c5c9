"""`hub worker`: the process that correlates."""

from __future__ import annotations

from hub.commands.options import Home

__all__ = ["worker"]


def worker(home: Home = None) -> None:
    """Run the correlation worker until it is stopped: fold events per youth, write referral and presence tasks.

    Start more of them, on any machine that reaches the brokers, to share the partitions. Exit code 70: it gave up without
    committing; start it again.

    Example: hub worker --home ./norrkoping
    """
    from hub.bootstrap import run_worker
    from hub.settings import load_settings

    run_worker(load_settings(home))
