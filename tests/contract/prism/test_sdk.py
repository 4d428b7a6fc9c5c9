"""The sdk connectors talk to their simulator through Prism: all of them keep to the SDK API's own OpenAPI document."""

from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from connectors.sdk.sending import create_message
from connectors.sdk.simulator import build_outbox, build_simulator
from connectors.sdk.sink import SdkMessageSink
from connectors.sdk.source import SdkSource
from connectors.sdk.statutory import SdkStatutorySource
from hub.connector import PersonRecord
from hub.contract.models import TaskState
from hub.testing import served
from tests.contract.prism.conftest import Judged
from tests.unit.connectors import make as sinks
from tests.unit.connectors.sdk.make import (
    CATEGORY,
    PERSON,
    SUBJECT,
    make_config,
    make_context,
    make_message,
    make_message_config,
    reference,
    write_messages,
)

pytestmark = [pytest.mark.node, pytest.mark.shared]

DOCUMENT = "sdk-api-restful.yml"
FORM = {"grant_type": "client_credentials", "client_id": "hub", "client_secret": "simulator"}


def operation_of(method, path):
    if path == "/sdk/messages":
        return {"GET": "getMessageByFilter", "POST": "sendMessage"}[method]
    return {"GET": "getMessageById", "DELETE": "deleteMessageById"}[method] if "/sdk/" in path else "token"


@pytest.fixture
def dataset(tmp_path):
    return write_messages(
        tmp_path,
        *[make_message(number, created=f"2025-05-{number:02d}T09:00:00Z") for number in range(1, 13)],
        make_message(20, reference(SUBJECT, PERSON)),
        make_message(21, reference(SUBJECT, PERSON), reference(CATEGORY, "lob"), messageStatus="RECEIPT_SENT"),
        make_message(22, messageStatus="WAITING_FOR_RECEIPT"),
    )


def test_both_lanes_pull_through_prism_without_one_violation(dataset, specification, prism_before, report):
    judged = Judged(operation_of)
    with (
        served(build_simulator(dataset, {"mark_retrieved": True})) as upstream,
        prism_before(specification(DOCUMENT), upstream) as url,
    ):
        config = make_config(url, token_url=f"{upstream}/oauth2/token", attempts=1)
        context = make_context()
        statutory = SdkStatutorySource(config, context, transport=judged)
        messages = [message for batch in statutory.batches(None) for message in batch.messages]
        statutory.close()
        safe, handed_over = {message.key for message in messages}, {message.message_id for message in messages}
        source = SdkSource(config, make_context(safe.__contains__), transport=judged)
        batches = list(source.batches(None))
        records = [record for batch in batches for record in batch.records]
        source.close()
        handed = replace(make_context(safe.__contains__), handed_over=handed_over.__contains__)
        tidying = SdkSource(config.model_copy(update={"delete_handed_over": True}), handed, transport=judged)
        list(tidying.batches(batches[-1].cursor))
        tidying.close()
        state = httpx.get(f"{upstream}/simulator/state").json()
    report(f"requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []
    assert set(judged.requests) == {"token", "getMessageByFilter", "getMessageById", "deleteMessageById"}
    assert min(judged.requests.values()) > 0
    assert (len(messages), len(safe)) == (14, 14)
    assert sum(isinstance(record, PersonRecord) for record in records) == 13
    assert state["deleted"] == 14


@pytest.mark.parametrize("look_up", ["messageId", "listing"])
def test_every_word_of_a_task_is_sent_through_prism_without_one_violation(tmp_path, specification, prism_before, report, look_up):
    judged = Judged(operation_of)
    with served(build_outbox(tmp_path, {})) as upstream, prism_before(specification(DOCUMENT), upstream) as url:
        config = make_message_config(
            url, token_url=f"{upstream}/oauth2/token", look_up=look_up, hub_url="https://navet.example.se"
        )
        with closing(SdkMessageSink(config, sinks.make_context(), transport=judged)) as sink:
            for state in (TaskState.REQUESTED, TaskState.REQUESTED, TaskState.RECALLED, TaskState.CANCELLED, TaskState.CANCELLED):
                sink.deliver(sinks.make_errand(state=state))
        received = httpx.get(f"{upstream}/simulator/received", trust_env=False).json()
    report(f"{look_up}: requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []
    assert set(judged.requests) == {"token", "sendMessage", {"messageId": "getMessageById"}.get(look_up, "getMessageByFilter")}
    assert min(judged.requests.values()) > 0
    assert [one["state"] for one in received] == ["requested", "recalled", "cancelled"]


def test_the_simulators_refusals_are_the_documents_too(dataset, specification, prism_before, report):
    judged = Judged(operation_of)
    with (
        served(build_simulator(dataset, {})) as upstream,
        prism_before(specification(DOCUMENT), upstream) as url,
        httpx.Client(base_url=url, transport=judged, headers={"Authorization": "Bearer never given"}) as client,
    ):
        assert client.get("/sdk/messages").status_code == 401
        assert client.get("/sdk/messages/x").status_code == 401
        token = httpx.post(f"{upstream}/oauth2/token", data=FORM).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get("/sdk/messages/x").status_code == 404
        assert client.get("/sdk/messages", params={"filter[color]": "red"}).status_code == 400
        assert client.delete(f"/sdk/messages/{make_message(1)['id']}").status_code == 202
        body = create_message(make_message_config(), sinks.make_errand())
        body["data"]["attributes"]["unheard"] = "x"
        assert client.post("/sdk/messages", json=body).status_code == 400
    report(f"requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []


def test_a_message_system_that_breaks_the_document_is_found_out(tmp_path, specification, prism_before):
    judged = Judged(operation_of)
    broken = make_message(1, messageStatus="MAYBE")
    with (
        served(build_simulator(write_messages(tmp_path, broken), {})) as upstream,
        prism_before(specification(DOCUMENT), upstream) as url,
        httpx.Client(base_url=url, transport=judged) as client,
    ):
        token = httpx.post(f"{upstream}/oauth2/token", data=FORM).json()["access_token"]
        client.get("/sdk/messages", headers={"Authorization": f"Bearer {token}"})
    assert judged.objections
