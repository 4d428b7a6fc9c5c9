"""The support_management sink hands errands to its simulator through Prism: both keep to the API's own OpenAPI document."""

from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from connectors.support_management.simulator import build_simulator
from connectors.support_management.sink import SupportManagementSink
from hub.contract.models import TaskState
from hub.testing import served
from tests.contract.prism.conftest import Judged
from tests.unit.connectors.make import make_context, make_errand
from tests.unit.connectors.support_management.make import ERRANDS, make_config

pytestmark = [pytest.mark.node, pytest.mark.shared]

DOCUMENT = "support-management.yaml"
USED = {"findErrands", "createErrand", "readErrand", "updateErrand"}
FORM = {"grant_type": "client_credentials", "client_id": "hub", "client_secret": "simulator"}


def operation_of(method, path):
    if path == "/oauth2/token":
        return "token"
    of_all = {"GET": "findErrands", "POST": "createErrand"}
    return of_all[method] if path.endswith("/errands") else {"GET": "readErrand", "PATCH": "updateErrand"}[method]


def test_every_word_of_a_task_goes_through_prism_without_one_violation(tmp_path, specification, prism_before, report):
    judged = Judged(operation_of)
    with served(build_simulator(tmp_path, {})) as upstream, prism_before(specification(DOCUMENT), upstream) as url:
        config = make_config(
            base_url=url,
            token_url=f"{upstream}/oauth2/token",
            assigned_group="fält",
            hub_url="https://navet.example.se",
        )
        with closing(SupportManagementSink(config, make_context(), transport=judged)) as sink:
            for number, end in enumerate((TaskState.RECALLED, TaskState.CANCELLED), 1):
                errand = make_errand(number)
                for word in (errand, errand, replace(errand, state=end), replace(errand, state=end)):
                    sink.deliver(word)
        received = httpx.get(f"{upstream}/simulator/received", trust_env=False).json()
    report(f"requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []
    assert set(judged.requests) == USED | {"token"}
    assert min(judged.requests.values()) > 0
    assert [one["state"] for one in received] == ["requested", "recalled", "requested", "cancelled"]


def test_the_simulators_refusals_are_the_documents_too_where_it_can_be_kept(tmp_path, specification, prism_before, report):
    judged = Judged(operation_of)
    with (
        served(build_simulator(tmp_path, {})) as upstream,
        prism_before(specification(DOCUMENT), upstream) as url,
        httpx.Client(base_url=url, transport=judged) as client,
    ):
        token = httpx.post(f"{upstream}/oauth2/token", data=FORM, trust_env=False).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get(f"{ERRANDS}/unknown").status_code == 404
        assert client.patch(f"{ERRANDS}/unknown", json={"status": "CLOSED"}).status_code == 404
        body = {"title": "x", "priority": "LOW", "classification": {"category": "A", "type": "B"}, "status": "NEW"}
        made = client.post(ERRANDS, json=body | {"reporterUserId": "hub"}).headers["location"]
        assert client.patch(made, json={"status": "CLOSED"}, headers={"If-Match": '"7"'}).status_code == 412
        kept, judged.objections = judged.objections, []
        client.get(ERRANDS, params={"filter": "status:'NEW'"})
        client.post(ERRANDS, json={"title": "no more than this"})
    report(f"requests per operation {dict(judged.requests)}, objections {len(kept)}")
    assert kept == []
    # Of a 400 it asks for one of two shapes and not both, and whatever is the second is the first too: no server can keep to that.
    assert len(judged.objections) == 2
    assert all("exactly one schema" in objection for objection in judged.objections)


def test_a_client_that_breaks_the_document_is_found_out(tmp_path, specification, prism_before):
    judged = Judged(operation_of)
    with (
        served(build_simulator(tmp_path, {})) as upstream,
        prism_before(specification(DOCUMENT), upstream) as url,
        httpx.Client(base_url=url, transport=judged) as client,
    ):
        client.post(ERRANDS, json={"priority": "PERHAPS"})
    assert judged.objections
