"""Coded observations of consenting youths, and weekly place reports (EST), from CSV files or pushed by partners."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

from connectors.observations.config import ObservationsConfig
from hub.connector import Connector, Expectation, Source, SourceContext, Trial
from hub.contract.models import InfoKind

__all__ = ["connector"]


# The class is imported only by the process that runs it.
def _build_source(config: ObservationsConfig, context: SourceContext) -> Source:
    if config.intake is not None:
        from connectors.observations.pushed import PushedSource  # noqa: PLC0415

        return PushedSource(config.intake, context)
    from connectors.observations.source import ObservationsSource  # noqa: PLC0415

    return ObservationsSource(config, context)


# The weekly place report of EST. On which day its meeting is, and when it rests, is each municipality's own.
_WEEKLY = Expectation(weekdays=("fri",), by=time(16), not_on=("06-20/08-17", "12-18/01-08"))

connector = Connector(
    name="observations",
    title="Observationer och lägesbild: CSV-filer, eller partner som skickar",
    config=ObservationsConfig,
    build_source=_build_source,
    kinds=frozenset({InfoKind.RISK_EVENT}),
    places=True,
    expects=(_WEEKLY,),
    trial=Trial(
        datasets=Path(__file__).parent / "trial",
        config={"folder": "{dataset}", "batch_rows": 2, "settle_seconds": 0},
        now=datetime(2025, 5, 19, 5, 30, tzinfo=UTC),
        facts=7,
        refused=2,
    ),
)
