from __future__ import annotations

import pytest

from connectors.support_management.errands import errand_body
from connectors.support_management.simulator import build_simulator
from hub.errors import ConfigError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.make import make_errand
from tests.unit.connectors.support_management.make import ERRANDS, Staff, make_config, make_system


@pytest.fixture
def system(tmp_path) -> InProcess:
    return make_system(tmp_path)


def test_the_simulator_has_what_is_made_twice_twice(system) -> None:
    """No idempotency key is in the document: who does not look first has two."""
    staff = Staff(system)
    for _ in range(2):
        assert staff.client.post(ERRANDS, json=errand_body(make_config(), make_errand())).status_code == 201
    assert staff.received() == [(make_errand().task_id, "requested")] * 2


@pytest.mark.parametrize("field", ["id", "created", "version", "unheard"])
def test_the_simulator_refuses_fields_that_are_not_a_clients_to_set(system, field: str) -> None:
    answer = Staff(system).client.post(ERRANDS, json={field: "x"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in {one["field"] for one in answer.json()["violations"]}


def test_the_simulator_refuses_what_it_cannot_read_and_whoever_it_does_not_know(system) -> None:
    staff = Staff(system)
    assert staff.client.get(ERRANDS, params={"filter": "status:'NEW'"}).status_code == 400
    assert staff.client.get("/2281/A.B/errands").status_code == 400
    assert staff.client.get(f"{ERRANDS}/unknown").status_code == 404
    assert staff.client.patch(f"{ERRANDS}/unknown", json={}).status_code == 404
    staff.client.headers["Authorization"] = "Bearer never given"
    assert [staff.client.request(method, f"{ERRANDS}/x").status_code for method in ("GET", "PATCH")] == [401, 401]
    assert [staff.client.request(method, ERRANDS).status_code for method in ("GET", "POST")] == [401, 401]


def test_the_simulator_needs_a_clock_that_can_be_asked(tmp_path) -> None:
    with pytest.raises(ConfigError):
        build_simulator(tmp_path, {"now": "noon"})
