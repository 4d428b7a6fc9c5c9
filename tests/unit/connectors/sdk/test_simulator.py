from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from connectors.sdk.simulator import build_simulator
from hub.errors import ConfigError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.sdk.make import make_message, write_messages


@pytest.fixture
def client_for(tmp_path):
    clients = []

    def build(*messages, **options):
        client = httpx.Client(
            transport=InProcess(build_simulator(write_messages(tmp_path, *messages), options)), base_url="http://sdk"
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        client.close()


def signed_in(client):
    form = {"grant_type": "client_credentials", "client_id": "hub", "client_secret": "simulator"}
    token = client.post("/oauth2/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_nothing_is_shown_without_a_token_that_holds(client_for):
    client = client_for(make_message(1))
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        assert client.get("/sdk/messages", headers=headers).status_code == 401
        assert client.get(f"/sdk/messages/{make_message(1)['id']}", headers=headers).status_code == 401


def test_a_token_runs_out(client_for):
    assert signed_in(client_for(make_message(1), token_seconds=0)).get("/sdk/messages").status_code == 401


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "password"}, 400),
        ({"grant_type": "client_credentials"}, 401),
        ({"grant_type": "client_credentials", "client_id": "hub", "client_secret": "wrong"}, 401),
    ],
)
def test_the_token_endpoint_checks_what_it_is_given(client_for, form, status):
    assert client_for().post("/oauth2/token", data=form).status_code == status


def test_credentials_may_come_in_the_header(client_for):
    client = client_for(client_id="a", client_secret="b:c")
    form = {"grant_type": "client_credentials"}
    assert client.post("/oauth2/token", data=form, auth=("a", "b:c")).status_code == 200
    assert client.post("/oauth2/token", data=form, headers={"Authorization": "Basic %%%"}).status_code == 401


def test_the_list_has_no_documents_and_the_message_has(client_for):
    client = signed_in(client_for(make_message(1)))
    listed = client.get("/sdk/messages", params={"filter[messageStatus]": "NEW"}).json()["data"]
    assert "digitalDocument" not in listed[0]["attributes"]
    whole = client.get(f"/sdk/messages/{make_message(1)['id']}").json()["data"]
    assert whole["attributes"].pop("id") == whole["id"]
    assert whole["attributes"].pop("type") == "messages"
    assert whole == make_message(1)
    assert client.get("/sdk/messages/unknown").status_code == 404


def test_a_filter_it_does_not_know_is_a_bad_request(client_for):
    answer = signed_in(client_for()).get("/sdk/messages", params={"filter[name]": "x"})
    assert (answer.status_code, answer.json()["eventIssues"][0]["typeCode"]) == (400, "MESSAGE_EXCHANGE_ERROR")


@pytest.mark.parametrize(
    "now", ["2025-05-10T00:00:00Z", datetime(2025, 5, 10, tzinfo=UTC), lambda: datetime(2025, 5, 10, tzinfo=UTC)]
)
def test_what_has_not_been_created_yet_is_not_there(client_for, now):
    client = signed_in(client_for(make_message(1), make_message(2, created="2025-05-01T00:00:00Z"), now=now))
    assert [each["id"] for each in client.get("/sdk/messages").json()["data"]] == [make_message(2)["id"]]
    assert client.get(f"/sdk/messages/{make_message(1)['id']}").status_code == 404


def test_deletions_are_counted_and_delete_nothing(client_for):
    client = signed_in(client_for(make_message(1)))
    assert client.delete(f"/sdk/messages/{make_message(1)['id']}").status_code == 202
    state = client.get("/simulator/state").json()
    assert state == {"messages": 1, "requests": {"token": 1, "delete": 1}, "deleted": 1}


def test_a_fetched_message_is_marked_when_asked_for(client_for):
    client = signed_in(client_for(make_message(1), mark_retrieved=True))
    client.get(f"/sdk/messages/{make_message(1)['id']}")
    assert client.get("/sdk/messages", params={"filter[messageStatus]": "NEW"}).json()["data"] == []
    assert len(client.get("/sdk/messages", params={"filter[messageStatus]": "RETRIEVED"}).json()["data"]) == 1


def test_a_dataset_or_option_that_is_wrong_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        build_simulator(tmp_path, {})
    (tmp_path / "messages.json").write_text("{}")
    with pytest.raises(ConfigError):
        build_simulator(tmp_path, {})
    with pytest.raises(ConfigError):
        build_simulator(write_messages(tmp_path), {"now": "soon"})
