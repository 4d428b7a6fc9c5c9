"""A reading's window, calendars of a few lines, and a source over one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from connectors.planned.config import PlannedConfig
from connectors.planned.plan import Planned, window_at
from connectors.planned.source import PlannedSource
from hub.connector import SourceContext
from hub.testing import MemoryPlaces

NOW = datetime(2025, 3, 17, 5, 30, tzinfo=UTC)
WINDOW = window_at(NOW, keep_days=14, horizon_days=120, most=1000)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def make_event(*lines: str, uid: str = "valborg@example.invalid", at: str = "20250430T180000") -> list[str]:
    own = [line.partition(":")[0].partition(";")[0] for line in lines]
    begin = [] if "DTSTART" in own else [f"DTSTART;TZID=Europe/Stockholm:{at}"]
    place = [] if "LOCATION" in own else ["LOCATION:Hageby"]
    return ["BEGIN:VEVENT", *([f"UID:{uid}"] if uid else []), *begin, *place, *lines, "END:VEVENT"]


def make_calendar(*events: list[str], extra: tuple[str, ...] = ()) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *extra, *(line for event in events for line in event), "END:VCALENDAR"]
    return "\r\n".join([*lines, ""]).encode()


def make_planned(source_id: str = "a", starts: datetime = NOW + timedelta(days=3), **changes) -> Planned:
    values = {"source_id": source_id, "starts": starts, "ends": starts + timedelta(hours=3), "place": "Hageby", "words": (), "cancelled": False}  # fmt: skip
    return Planned(**(values | changes))


class Publisher:
    """Serves whatever `content` is; the source's clock is `now`."""

    def __init__(self, content: bytes = b"", now: datetime = NOW) -> None:
        self.content = content
        self.now = now

    def source(self, home=None, **config) -> PlannedSource:
        def no_secret(_name):
            raise AssertionError("a plan has no secret")

        context = SourceContext(lambda: self.now, no_secret, MemoryPlaces(), **({"home": home} if home else {}))
        settings = PlannedConfig.model_validate(config or {"url": "https://kommunen.invalid/plan.ics?key=x", "attempts": 1})
        return PlannedSource(settings, context, transport=httpx.MockTransport(self._answer), sleep=lambda _: None)

    def _answer(self, _request):
        return httpx.Response(200, content=self.content)
