"""Planned risk events (valborg, skolavslutning, cruising nights): place events from iCalendar and CSV, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.planned.config import PlannedConfig
from hub.connector import Connector, Source, SourceContext, Trial

__all__ = ["connector"]


# What a process does not use it does not import.
def _build_source(config: PlannedConfig, context: SourceContext) -> Source:
    from connectors.planned.source import PlannedSource  # noqa: PLC0415

    return PlannedSource(config, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.planned.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


connector = Connector(
    name="planned",
    title="Planerade riskevenemang (iCalendar och CSV)",
    config=PlannedConfig,
    build_source=_build_source,
    build_simulator=_build_simulator,
    places=True,
    trial=Trial(
        datasets=Path(__file__).parent / "trial",
        config={"url": "{url}/plan", "attempts": 1, "timeout_seconds": 0.5},
        now=datetime(2025, 3, 17, 5, 30, tzinfo=UTC),
        facts=7,
        refused=3,
    ),
)
