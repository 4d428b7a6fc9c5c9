"""Errands in Support Management, an errand system that municipalities share as open source; they tell nothing of the youth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.support_management.config import SupportManagementConfig
from hub.connector import Connector, Sink, SinkContext, Trial

__all__ = ["connector"]

_TRIAL_NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


# What a process does not use it does not import.
def _build_sink(config: SupportManagementConfig, context: SinkContext) -> Sink:
    from connectors.support_management.sink import SupportManagementSink  # noqa: PLC0415

    return SupportManagementSink(config, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.support_management.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


connector = Connector(
    name="support_management",
    title="Ärenden i Support Management (öppen källkod, Sundsvall)",
    config=SupportManagementConfig,
    build_sink=_build_sink,
    build_simulator=_build_simulator,
    trial=Trial(
        config={
            "base_url": "{url}",
            "token_url": "{url}/oauth2/token",
            "client_id": "hub",
            "municipality_id": "2281",
            "namespace": "PREVENTION",
            "category": "PREVENTION",
            "type": "OUTREACH",
            "timeout_seconds": 0.5,
            "allow_private": ["127.0.0.0/8"],
        },
        secrets={"client-secret": "simulator"},
        options={"now": lambda: _TRIAL_NOW},
        now=_TRIAL_NOW,
    ),
)
