"""The police's public event feed: place events, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.polisen.config import PolisenConfig
from hub.connector import Connector, Expectation, Record, Source, SourceContext, Trial

__all__ = ["connector"]

_TRIAL_NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


# What a process does not use it does not import: httpx and starlette cost start-up time and memory.
def _build_source(config: PolisenConfig, context: SourceContext) -> Source:
    from connectors.polisen.source import PolisenSource  # noqa: PLC0415

    return PolisenSource(config, context)


def _map_again(_config: PolisenConfig, context: SourceContext, content: bytes) -> list[Record]:
    from connectors.polisen.mapping import map_row, parse_row  # noqa: PLC0415

    return [map_row(parse_row(content), context.gazetteer)]


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.polisen.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


connector = Connector(
    name="polisen",
    title="Polisens händelser (offentligt flöde)",
    config=PolisenConfig,
    build_source=_build_source,
    build_simulator=_build_simulator,
    places=True,
    moving_window=True,
    map_again=_map_again,
    # In ten days of May 2025 nothing came for 8.3 hours of a usual night.
    expects=(Expectation(within_hours=12),),
    sample=Path(__file__).parent / "sample",
    trial=Trial(
        datasets=Path(__file__).parent / "trial",
        config={"url": "{url}/api/events", "attempts": 1, "timeout_seconds": 0.5},
        options={"mode": "clock", "now": lambda: _TRIAL_NOW},
        now=_TRIAL_NOW,
        facts=4,
        refused=2,
    ),
)
