"""Behaves as whoever publishes a calendar: `GET /plan` gives the dataset's `plan.ics`, or `plan.csv` where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import ConfigError

__all__ = ["build_simulator"]

_TYPES = {".ics": "text/calendar; charset=utf-8", ".csv": "text/csv; charset=utf-8"}


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The publisher as an ASGI application; it knows no options. Raises ConfigError when the dataset holds no plan."""
    del options
    plan = next((path for ending in _TYPES if (path := dataset / f"plan{ending}").is_file()), None)
    if plan is None:
        raise ConfigError("planned simulator: the dataset folder holds neither plan.ics nor plan.csv", code="bad_dataset")
    content = plan.read_bytes()

    async def answer(_request: Request) -> Response:
        return Response(content, media_type=_TYPES[plan.suffix])

    return Starlette(routes=[Route("/plan", answer)])
