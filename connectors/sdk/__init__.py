"""Police notices that arrive over SDK (Säker digital kommunikation) in the municipality's message system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.sdk.config import SdkConfig
from hub.connector import Connector, Source, SourceContext, StatutorySource
from hub.contract.models import InfoKind

__all__ = ["connector"]


# What a process does not use it does not import: httpx and starlette cost start-up time and memory.
def _build_source(config: SdkConfig, context: SourceContext) -> Source:
    from connectors.sdk.source import SdkSource  # noqa: PLC0415

    return SdkSource(config, context)


def _build_statutory(config: SdkConfig, context: SourceContext) -> StatutorySource:
    from connectors.sdk.statutory import SdkStatutorySource  # noqa: PLC0415

    return SdkStatutorySource(config, context)


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
    kinds=frozenset({InfoKind.POLICE_NOTICE}),
)
