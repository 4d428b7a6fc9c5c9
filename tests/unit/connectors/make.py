"""Errands, and a context to hand them over with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from hub.connector import Errand, SinkContext
from hub.contract.models import Priority, TaskState

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


def make_errand(number: int = 1, **changes) -> Errand:
    values = {
        "task_id": f"3f0c2b1e-8d5a-4c7e-9b1a-0e5d7a9c4b{number:02x}",
        "state": TaskState.REQUESTED,
        "team": "outreach",
        "function": "school_attendance",
        "priority": Priority.HIGH,
        "created_at": NOW,
        "respond_by": NOW + timedelta(days=5),
    }
    return Errand(**(values | changes))


def make_context(secret: str = "simulator", observed=None) -> SinkContext:
    return SinkContext(
        now=lambda: NOW,
        secret=lambda _name: f"{secret}\n",
        observe_request=lambda operation, status: observed.append((operation, status)) if observed is not None else None,
    )


class LosingAnswers(httpx.BaseTransport):
    """The receiver carries out what changes something, and its answer never arrives, as long as `lost` says so."""

    def __init__(self, inner: httpx.BaseTransport, *, spare: str = "/oauth2/token") -> None:
        self._inner = inner
        self._spare = spare
        self.lost = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if self.lost and request.method != "GET" and request.url.path != self._spare:
            raise httpx.ReadTimeout("no answer", request=request)
        return response
