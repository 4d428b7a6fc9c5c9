from datetime import UTC, datetime

import httpx
import pytest

from connectors.polisen.simulator import build_simulator
from hub.errors import ConfigError
from tests.unit.connectors.in_process import InProcess

BODIES = {"2025-05-09T043356Z": b'[{"id":1}]', "2025-05-09T045121Z": b"", "2025-05-09T053025Z": b'[{"id":2}]'}


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "polls").mkdir()
    for name, body in BODIES.items():
        (tmp_path / "polls" / f"{name}.json").write_bytes(body)
    return tmp_path


def open_client(app):
    return httpx.Client(base_url="http://feed", transport=InProcess(app))


def test_polls_come_one_per_request_byte_for_byte_and_the_last_one_stays(dataset):
    with open_client(build_simulator(dataset, {})) as client:
        assert [client.get("/api/events").content for _ in range(5)] == [*BODIES.values(), b'[{"id":2}]', b'[{"id":2}]']


def test_the_replays_progress_can_be_asked_for(dataset):
    with open_client(build_simulator(dataset, {})) as client:
        assert client.get("/simulator/state").json() == {"polls": 3, "served": 0, "done": False}
        for _ in range(4):
            client.get("/api/events")
        assert client.get("/simulator/state").json() == {"polls": 3, "served": 3, "done": True}


def test_by_the_clock_the_latest_poll_is_served(dataset):
    now = datetime(2025, 5, 9, 4, 0, tzinfo=UTC)
    with open_client(build_simulator(dataset, {"mode": "clock", "now": lambda: now})) as client:
        assert client.get("/api/events").json() == []
        now = datetime(2025, 5, 9, 4, 40, tzinfo=UTC)
        assert client.get("/api/events").json() == [{"id": 1}]
        now = datetime(2025, 5, 10, tzinfo=UTC)
        assert client.get("/api/events").json() == [{"id": 2}]
        assert client.get("/simulator/state").json()["done"] is True


def test_an_unchanged_body_is_answered_with_304(dataset):
    with open_client(build_simulator(dataset, {"mode": "clock", "now": lambda: datetime(2025, 5, 10, tzinfo=UTC)})) as client:
        etag = client.get("/api/events").headers["etag"]
        assert client.get("/api/events", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("options", [{"mode": "random"}, {"mode": "clock"}])
def test_a_wrong_option_stops_at_once(dataset, options):
    with pytest.raises(ConfigError):
        build_simulator(dataset, options)


def test_a_dataset_without_polls_or_with_a_misnamed_one_stops_at_once(dataset, tmp_path):
    (dataset / "polls" / "latest.json").write_bytes(b"[]")
    with pytest.raises(ConfigError):
        build_simulator(dataset, {})
    with pytest.raises(ConfigError):
        build_simulator(tmp_path / "nothing", {})
