"""School absence from any school administration system that speaks SS12000:2020."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from connectors.ss12000.config import Ss12000Config
from hub.connector import Connector, Expectation, Source, SourceContext, Trial, Waker
from hub.contract.models import InfoKind

__all__ = ["connector"]


# What a process does not use it does not import: httpx and starlette cost start-up time and memory.
def _build_source(config: Ss12000Config, context: SourceContext) -> Source:
    from connectors.ss12000.source import Ss12000Source  # noqa: PLC0415

    return Ss12000Source(config, context)


def _build_waker(config: Ss12000Config, context: SourceContext) -> Waker | None:
    if config.webhook is None:
        return None
    from connectors.ss12000.webhook import Ss12000Waker  # noqa: PLC0415

    return Ss12000Waker(config, config.webhook, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.ss12000.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


# Wide, for no two municipalities have the same days: inside every term (the school year begins in August and ends in June,
# skolförordningen 2011:185 chapter 3), without the autumn and the winter break and the weeks around Easter. A single day of study
# for the teachers is not silence yet. An authority writes its own days in hub.toml.
_SCHOOL_DAYS = Expectation(
    weekdays=("mon", "tue", "wed", "thu", "fri"),
    by=time(18),
    between=("08-25/12-17", "01-12/06-05"),
    not_on=("W44", "W07", "W08", "W09", "W10", "easter-6/easter+8"),
    missed=2,
)

connector = Connector(
    name="ss12000",
    title="Skolfrånvaro (SS12000)",
    config=Ss12000Config,
    build_source=_build_source,
    build_simulator=_build_simulator,
    kinds=frozenset({InfoKind.SCHOOL_ABSENCE}),
    backfill=True,
    expects=(_SCHOOL_DAYS,),
    build_waker=_build_waker,
    trial=Trial(
        datasets=Path(__file__).parent / "trial",
        config={"base_url": "{url}/v2.0", "since": "2025-05-05", "page_size": 2, "attempts": 1, "timeout_seconds": 0.5},
        secrets={"token": "a-token-of-the-trial"},
        now=datetime(2025, 5, 19, 5, 30, tzinfo=UTC),
        facts=5,
        refused=2,
    ),
)
