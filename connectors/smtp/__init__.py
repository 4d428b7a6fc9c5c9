"""Word of a task by e-mail: that there is one, and where it is read. For teams that have no system of their own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.smtp.config import SmtpConfig
from hub.connector import Connector, Sink, SinkContext, Trial

__all__ = ["connector"]


# What a process does not use it does not import.
def _build_sink(config: SmtpConfig, context: SinkContext) -> Sink:
    from connectors.smtp.sink import SmtpSink  # noqa: PLC0415

    return SmtpSink(config, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.smtp.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


def _front(url: str) -> AbstractContextManager[int]:
    from connectors.smtp.simulator import served_mail  # noqa: PLC0415

    return served_mail(url)


connector = Connector(
    name="smtp",
    title="E-post till gruppens brevlåda, utan innehåll",
    config=SmtpConfig,
    build_sink=_build_sink,
    build_simulator=_build_simulator,
    trial=Trial(
        config={
            "host": "{host}",
            "port": "{port}",
            "security": "plaintext",
            "username": "hub",
            "sender": "navet@example.se",
            "recipient": "forebyggarteamet@example.se",
            "hub_url": "https://navet.example.se",
            "timeout_seconds": 0.5,
        },
        secrets={"password": "the mailbox of the trial"},
        now=datetime(2025, 5, 19, 5, 30, tzinfo=UTC),
        front=_front,
    ),
)
