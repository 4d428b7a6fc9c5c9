"""`hub broker`: a real single-node Apache Kafka on this machine."""

from __future__ import annotations

import threading

import typer

from hub.commands.options import Home

__all__ = ["broker"]


def broker(home: Home = None) -> None:
    """Run the installation's own Apache Kafka on loopback until Ctrl-C. Needs neither Docker, Java nor Maven.

    The first start fetches Kafka once (45 MB, checked against a lock). Refused in production: set kafka.bootstrap_servers.

    Example: hub broker --home ./norrkoping
    """
    from hub.broker.process import run
    from hub.logs import configure_logs
    from hub.settings import load_settings
    from hub.stopping import stops_in_time

    settings = load_settings(home)
    configure_logs("broker")
    stop = threading.Event()
    with stops_in_time(stop):
        run(settings, stop, say=lambda text: typer.echo(text, err=True))
