"""A connector that kills itself once, between publish and cursor write: `dying INSTANCE N`, in the N-th batch.

Started again it runs as `hub connect INSTANCE` does: a file beside the ledger remembers that it has died.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from hub.bootstrap import build_clock
from hub.connect.instance import load_instance
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.kafka import Publisher
from hub.process import process_frame
from hub.settings import Settings, load_settings
from hub.statutory.opening import open_writer


def died(settings: Settings, instance: str):
    """The file that says so; it holds the number of the batch."""
    return settings.data / "connect" / instance / "died"


def main(instance: str, batch: str) -> None:
    settings = load_settings()
    marker = died(settings, instance)
    publishes = 0

    def after_publish() -> None:
        nonlocal publishes
        publishes += 1
        if publishes == int(batch) and not marker.exists():
            marker.write_text(batch, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)

    with process_frame(settings, f"connect-{instance}", started=time.time()) as stop:
        build(settings, instance, stop, after_publish).run()


def build(settings: Settings, instance: str, stop: threading.Event, after_publish) -> Runner:
    clock = build_clock(settings)
    statutory = load_instance(settings, instance).connector.build_statutory is not None
    return Runner(
        settings,
        clock,
        stop,
        instance,
        publisher_factory=lambda client_id: Publisher(settings.bootstrap_servers, client_id),
        statutory_port=open_writer(settings, clock) if statutory else None,
        codec=Codec.load(),
        after_publish=after_publish,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
