"""SDK (Säker digital kommunikation), over the municipality's message system: police notices that arrive, and word of tasks.

Two connectors with settings of their own: who reads the inbox has no right to send, and who sends reads nothing of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.sdk.config import SdkConfig
from connectors.sdk.sending import SdkMessageConfig
from hub.connector import (
    Connector,
    Draft,
    Gazetteer,
    Sink,
    SinkContext,
    Source,
    SourceContext,
    StatutorySource,
    Trial,
)
from hub.contract.models import InfoKind

__all__ = ["connector", "message_connector"]

_TRIAL_NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


# What a process does not use it does not import: httpx and starlette cost start-up time and memory.
def _build_source(config: SdkConfig, context: SourceContext) -> Source:
    from connectors.sdk.source import SdkSource  # noqa: PLC0415

    return SdkSource(config, context)


def _build_statutory(config: SdkConfig, context: SourceContext) -> StatutorySource:
    from connectors.sdk.statutory import SdkStatutorySource  # noqa: PLC0415

    return SdkStatutorySource(config, context)


def _read_draft(config: SdkConfig, places: Gazetteer, now: datetime, content: bytes) -> Draft:
    from connectors.sdk.mapping import read_draft  # noqa: PLC0415

    return read_draft(config.coding, places.area_code, now, content)


def _build_sink(config: SdkMessageConfig, context: SinkContext) -> Sink:
    from connectors.sdk.sink import SdkMessageSink  # noqa: PLC0415

    return SdkMessageSink(config, context)


def _build_outbox(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.sdk.simulator import build_outbox  # noqa: PLC0415

    return build_outbox(dataset, options)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.sdk.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


connector = Connector(
    name="sdk",
    title="Polisunderrättelser över SDK (säker digital kommunikation)",
    config=SdkConfig,
    build_source=_build_source,
    build_statutory=_build_statutory,
    build_simulator=_build_simulator,
    read_draft=_read_draft,
    kinds=frozenset({InfoKind.POLICE_NOTICE}),
    trial=Trial(
        datasets=Path(__file__).parent / "trial",
        config={
            "base_url": "{url}",
            "token_url": "{url}/oauth2/token",
            "client_id": "hub",
            "attempts": 1,
            "timeout_seconds": 0.5,
        },
        secrets={"client-secret": "simulator"},
        now=_TRIAL_NOW,
        facts=4,
        refused=2,
        messages={"usual": 3, "broken": 5},
    ),
)

message_connector = Connector(
    name="sdk_message",
    title="Meddelande till en funktionsadress över SDK (säker digital kommunikation)",
    config=SdkMessageConfig,
    build_sink=_build_sink,
    build_simulator=_build_outbox,
    trial=Trial(
        config={
            "base_url": "{url}",
            "token_url": "{url}/oauth2/token",
            "client_id": "hub",
            "sender": "0203:norrkoping.se",
            "sender_address": "sdk:utkorg:0203:norrkoping.se",
            "sender_label": "Navet",
            "recipient": "0203:example.se",
            "recipient_address": "sdk:inkorg:0203:example.se",
            "recipient_label": "Mottagningen",
            "timeout_seconds": 0.5,
            "allow_private": ["127.0.0.0/8"],
        },
        secrets={"client-secret": "simulator"},
        now=_TRIAL_NOW,
    ),
)
