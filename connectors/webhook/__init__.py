"""Word of a task to any system that takes webhooks, signed as Standard Webhooks says; it tells nothing of whom it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.webhook.config import WebhookConfig
from hub.connector import Connector, Sink, SinkContext, Trial

__all__ = ["connector"]

_TRIAL_NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
_TRIAL_SECRET = "whsec_c2lnbnMgdGhlIHRyaWFsIGFuZCBub3RoaW5nIGVsc2U="  # noqa: S105 -- the simulator's, and nobody else's


# What a process does not use it does not import.
def _build_sink(config: WebhookConfig, context: SinkContext) -> Sink:
    from connectors.webhook.sink import WebhookSink  # noqa: PLC0415

    return WebhookSink(config, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.webhook.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


connector = Connector(
    name="webhook",
    title="Webhook till mottagarens system (Standard Webhooks)",
    config=WebhookConfig,
    build_sink=_build_sink,
    build_simulator=_build_simulator,
    trial=Trial(
        config={"url": "{url}/hook", "timeout_seconds": 0.5, "allow_private": ["127.0.0.0/8"]},
        secrets={"signing": _TRIAL_SECRET},
        options={"secret": _TRIAL_SECRET, "now": lambda: _TRIAL_NOW},
        now=_TRIAL_NOW,
    ),
)
