"""Whoever is no partner gets 401 and no effect, whatever is sent; whoever is one gets a refusal that names the field. Never 500."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.connectors.observations.test_receiving import Town, observation

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "hub-if-not-safe", "content-type", "content-encoding")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


@pytest.mark.parametrize(
    "malformed",
    [
        {"webhook-id": ""}, {"webhook-id": "a b"}, {"webhook-id": "x" * 5000}, {"webhook-timestamp": ""}, {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "-1"}, {"webhook-timestamp": "9" * 5000}, {"webhook-timestamp": "1e9"}, {"webhook-signature": ""},
        {"webhook-signature": "v1"}, {"webhook-signature": "v1,"}, {"webhook-signature": "v1,å".encode()},
        {"webhook-signature": "v1,AAAA " * 500},
    ],
)  # fmt: skip
def test_a_malformed_push_is_answered_401(town: Town, malformed: dict[str, str | bytes]) -> None:
    assert town.push(observation(), headers=malformed).status_code == 401
    assert town.published == []


@pytest.mark.parametrize("minutes", [-6, -60 * 24, 6])
def test_a_late_push_is_answered_401(town: Town, minutes: int) -> None:
    assert town.push(observation(), at=town.clock.now() + timedelta(minutes=minutes)).status_code == 401
    assert town.published == []


def test_a_replayed_push_has_no_second_effect_and_is_answered_401_when_it_is_late(town: Town) -> None:
    heard = town.clock.now()
    assert [town.push(observation(), at=heard).status_code for _ in range(2)] == [202, 202]
    town.clock.advance(timedelta(minutes=6))
    assert town.push(observation(), at=heard).status_code == 401
    assert town.push(observation(id="obs-2"), at=heard).status_code == 401
    assert len(town.published) == 1


@pytest.mark.parametrize("changed", ["signature of nobody", "another body", "another id", "another time"])
def test_a_wrongly_signed_push_is_answered_401(town: Town, changed: str) -> None:
    later = str(int((town.clock.now() + timedelta(seconds=1)).timestamp()))
    headers = {
        "signature of nobody": {"webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="},
        "another body": {"webhook-signature": signature_of(town, observation(id="obs-2"))},
        "another id": {"webhook-id": "push-0002"},
        "another time": {"webhook-timestamp": later},
    }[changed]
    answer = town.push(observation(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert town.published == []


def signature_of(town: Town, told: dict[str, object]) -> str:
    """Of another push under the same id, at the same time."""
    sent = town.push(told, "police_notice").request  # no such kind: it has no effect
    return sent.headers["webhook-signature"]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(HEADERS), st.binary(max_size=60).filter(lambda text: not set(text) & set(b"\r\n\0")), max_size=6
    ),
    st.sampled_from(["risk_event", "place_event", "%00", "police_notice"]),
    st.booleans(),
)
def test_whatever_is_sent_is_refused_by_its_status_and_changes_nothing(
    body: bytes, headers: dict[str, bytes], kind: str, signed: bool
) -> None:
    """`signed`: by a partner, whose push says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        try:
            chosen = headers if signed else {"webhook-signature": b"v1,AAAA"} | headers
            answer = town.push(body, kind, headers=chosen)
            assert answer.status_code in ({401, 404, 422} if signed else {401})
            assert town.published == []
        finally:
            town.close()
