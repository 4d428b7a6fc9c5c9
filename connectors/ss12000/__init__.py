"""School absence from any school administration system that speaks SS12000:2020."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.ss12000.config import Ss12000Config
from hub.connector import Connector, Source, SourceContext
from hub.contract.models import InfoKind

__all__ = ["connector"]


# What a process does not use it does not import: httpx and starlette cost start-up time and memory.
def _build_source(config: Ss12000Config, context: SourceContext) -> Source:
    from connectors.ss12000.source import Ss12000Source  # noqa: PLC0415

    return Ss12000Source(config, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.ss12000.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


connector = Connector(
    name="ss12000",
    title="Skolfrånvaro (SS12000)",
    config=Ss12000Config,
    build_source=_build_source,
    build_simulator=_build_simulator,
    kinds=frozenset({InfoKind.SCHOOL_ABSENCE}),
    backfill=True,
)
