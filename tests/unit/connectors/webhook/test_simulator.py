"""A receiver that keeps to Standard Webhooks takes what its sender signed, once; all else gets 401 and no effect, and never 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from connectors.webhook.simulator import build_simulator
from tests.unit.connectors.webhook.test_sink import ANOTHER, SECRET

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
BODY = b'{"type":"task.requested","data":{"task_id":"3f0c2b1e"}}'
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-encoding")


class Town:
    """The receiver at an instant, and what is sent to it."""

    def __init__(self) -> None:
        self.now = NOW
        self._app = build_simulator(Path(), {"secret": SECRET, "now": lambda: self.now})

    def post(self, body: bytes = BODY, headers: Mapping[str, str | bytes] | None = None) -> int:
        return asyncio.run(self._ask("POST", "/hook", body, headers or signed(body))).status_code

    def received(self) -> Any:
        return asyncio.run(self._ask("GET", "/simulator/received", b"", {})).json()

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str | bytes]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app), base_url="http://receiver") as client:
            return await client.request(method, path, content=body, headers=list(headers.items()))


def signed(body: bytes = BODY, *, secret: str = SECRET, at: datetime = NOW) -> dict[str, str | bytes]:
    return {
        "webhook-id": "one",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("one", at, body.decode("latin-1")),
    }


@pytest.mark.parametrize(
    "malformed",
    [
        {"webhook-id": ""}, {"webhook-timestamp": ""}, {"webhook-timestamp": "soon"}, {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 5000}, {"webhook-timestamp": "1e9"}, {"webhook-signature": ""}, {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"}, {"webhook-signature": "v1,å".encode()}, {"webhook-signature": "v1,AAAA " * 500},
    ],
)  # fmt: skip
def test_a_malformed_request_is_answered_401(malformed: dict[str, str | bytes]) -> None:
    town = Town()
    assert town.post(headers=signed() | malformed) == 401
    assert town.received() == []


@pytest.mark.parametrize("minutes", [-6, -60 * 24, 6])
def test_a_late_request_is_answered_401(minutes: int) -> None:
    town = Town()
    assert town.post(headers=signed(at=NOW + timedelta(minutes=minutes))) == 401
    assert town.received() == []


def test_a_replayed_request_has_no_second_effect_and_is_answered_401_when_it_is_late() -> None:
    town = Town()
    assert [town.post(), town.post()] == [204, 204]
    town.now += timedelta(minutes=6)
    assert town.post() == 401
    assert town.received() == [{"task_id": "3f0c2b1e", "state": "requested", "reference": None}]


@pytest.mark.parametrize(
    "wrong",
    [
        signed(secret=ANOTHER), signed(b"{}"), signed() | {"webhook-id": "two"},
        signed() | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
    ],
    ids=["another secret", "another body", "another id", "another time"],
)  # fmt: skip
def test_a_wrongly_signed_request_is_answered_401(wrong: dict[str, str | bytes]) -> None:
    town = Town()
    assert town.post(headers=wrong) == 401
    assert town.received() == []


@pytest.mark.parametrize("task", ["NaN", "1", "null", "[1]", '"\\ud800"'])
def test_what_is_signed_and_names_no_task_is_not_taken(task: str) -> None:
    town = Town()
    assert town.post(f'{{"type":"task.requested","data":{{"task_id":{task}}}}}'.encode()) == 401
    assert town.received() == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "data", "task_id", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(HEADERS), st.binary(max_size=60).filter(lambda text: not set(text) & set(b"\r\n\0")), max_size=5
    ),
)
def test_whatever_is_sent_is_taken_or_answered_401_and_can_be_told_again(body: bytes, headers: dict[str, bytes]) -> None:
    town = Town()
    for sent in (headers, signed(body) | headers):
        assert town.post(body, headers=sent) in {204, 401}
    assert len(town.received()) <= 1
