"""The process `hub broker`: an embedded Kafka for as long as nobody asks it to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hub.broker.archive import prepare_archive
from hub.broker.configuration import broker_config
from hub.broker.jars import find_jars
from hub.broker.java import find_java
from hub.broker.launcher import EmbeddedBroker
from hub.process import announced, end_with_supervisor
from hub.settings import Settings

__all__ = ["prepare", "run"]

_LOOK_SECONDS = 0.5


def prepare(settings: Settings, stop: threading.Event | None = None) -> None:
    """Fetch the jars now, showing progress on stderr, and make Java's archive of them, so that a later start is quick.

    Raises ConfigError as `run` does, and FatalError at once when `stop` is set meanwhile.
    """
    broker_config(settings)
    jars = find_jars(settings.broker.jars, stop=stop)
    prepare_archive(find_java(settings.broker.java), jars, stop)


def run(
    settings: Settings,
    stop: threading.Event,
    *,
    say: Callable[[str], None] | None = None,
) -> None:
    """Run this installation's broker until `stop` is set; announced in `data/run` only once it answers.

    Raises ConfigError (stop, and change what the text says) or FatalError with the end of the broker's log when Kafka
    died: leave, and let the supervisor start it again.
    """
    end_with_supervisor()
    broker = EmbeddedBroker(broker_config(settings))
    broker.start(stop=stop)
    try:
        if stop.is_set():
            return
        with announced(settings, "broker", time.time()):
            if say is not None:
                say(f"Kafka answers on {broker.bootstrap_servers}. Data: {settings.data / 'broker'}  Stop: Ctrl-C")
            while not stop.wait(_LOOK_SECONDS):
                broker.check()
    finally:
        broker.stop()
