"""Police notices that arrive over SDK (Säker digital kommunikation) in the municipality's message system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.sdk.config import SdkConfig
from hub.connector import Connector, Draft, Gazetteer, Source, SourceContext, StatutorySource, Trial
from hub.contract.models import InfoKind

__all__ = ["connector"]


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
        now=datetime(2025, 5, 19, 5, 30, tzinfo=UTC),
        facts=4,
        refused=2,
        messages={"usual": 3, "broken": 5},
    ),
)
