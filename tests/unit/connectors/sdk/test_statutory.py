from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from connectors.sdk.simulator import build_simulator
from connectors.sdk.statutory import SdkStatutorySource
from hub.errors import RejectedError, RetriableError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.sdk.make import NOW, key_of, make_config, make_context, make_message, without_documents, write_messages


def make_source(folder, *messages, options=None, **changes):
    transport = InProcess(build_simulator(write_messages(folder, *messages), options or {}))
    return SdkStatutorySource(make_config(**changes), make_context(), transport=transport), transport


def serving(entries, answer_for):
    """A message system that lists `entries` and answers a GET by id as `answer_for(id)` says."""

    def answer(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t"})
        if request.url.path == "/sdk/messages":
            return httpx.Response(200, json={"data": entries})
        return answer_for(request.url.path.rpartition("/")[2])

    config = make_config(statuses=["NEW"], attempts=1)
    return SdkStatutorySource(config, make_context(), transport=httpx.MockTransport(answer))


def taken(source, cursor=None):
    """Messages that came before the end or the error, and the error."""
    messages, last = [], cursor
    try:
        for batch in source.batches(cursor):
            messages.extend(batch.messages)
            last = batch.cursor
    except (RejectedError, RetriableError) as error:
        return messages, last, error
    return messages, last, None


def identity(number):
    return make_message(number)["attributes"]["messageId"]


def test_every_message_comes_with_its_documents_and_its_arrival(tmp_path):
    source, _ = make_source(tmp_path, make_message(1), make_message(2, created="2025-05-01T09:00:00Z"))
    messages, cursor, error = taken(source)
    assert error is None
    assert [message.message_id for message in messages] == [identity(2), identity(1)]
    assert messages[0].arrived_at == datetime(2025, 5, 1, 9, tzinfo=UTC)
    assert json.loads(messages[0].content)["data"]["attributes"]["digitalDocument"]
    assert taken(source, cursor)[0] == []


def test_nothing_is_deleted_and_what_was_read_is_still_found(tmp_path):
    source, transport = make_source(tmp_path, make_message(1), options={"mark_retrieved": True})
    assert len(taken(source)[0]) == 1
    assert len(taken(source)[0]) == 1
    assert {request.method for request in transport.requests if "sdk" in request.url.path} == {"GET"}


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe", b'{"data": null}'])
def test_an_unreadable_payload_is_taken_as_it_is(content):
    source = serving([make_message(1)], lambda _: httpx.Response(200, content=content))
    messages, _, error = taken(source)
    assert error is None
    assert [message.content for message in messages] == [content]


def test_a_message_without_subject_category_or_anything_is_taken():
    bare = {"id": "x", "attributes": {"messageStatus": "NEW"}}
    source = serving([bare], lambda _: httpx.Response(200, json={"data": bare}))
    (message,), _, _ = taken(source)
    assert (message.message_id, message.arrived_at) == ("x", NOW)


@pytest.mark.parametrize("entry", [5, None, "text", {}, {"attributes": {"label": "Anna"}}])
def test_an_entry_that_cannot_be_fetched_is_kept_as_the_listing_shows_it(entry):
    source = serving([entry], lambda _: httpx.Response(404))
    (message,), cursor, error = taken(source)
    assert error is None
    assert json.loads(message.content) == entry
    assert message.message_id.startswith("listing-")
    assert "Anna" not in json.dumps(cursor)
    assert taken(source, cursor)[0] == []


def test_a_creation_in_the_future_counts_as_now():
    message = make_message(1, created="2031-01-01T00:00:00Z")
    source = serving([message], lambda _: httpx.Response(200))
    assert taken(source)[0][0].arrived_at == NOW


@pytest.mark.parametrize("status", [404, 500])
def test_one_message_that_cannot_be_had_holds_up_no_other_and_is_tried_again(status):
    entries = [without_documents(make_message(number)) for number in (1, 2, 3)]
    bad = {entries[1]["id"]: status}
    source = serving(entries, lambda name: httpx.Response(bad.get(name, 200), content=name.encode()))
    messages, cursor, error = taken(source)
    assert {message.message_id for message in messages} == {identity(1), identity(3)}
    assert isinstance(error, RejectedError if status == 404 else RetriableError)
    bad.clear()
    messages, _, error = taken(source, cursor)
    assert ([message.message_id for message in messages], error) == ([identity(2)], None)


def test_a_message_system_in_trouble_is_left_in_peace():
    asked = []
    entries = [without_documents(make_message(number)) for number in range(10)]
    source = serving(entries, lambda name: asked.append(name) or httpx.Response(503))
    messages, _, error = taken(source)
    assert messages == []
    assert isinstance(error, RetriableError)
    assert len(asked) == 3


def test_a_few_messages_that_can_never_be_had_do_not_keep_the_others_waiting():
    entries = [without_documents(make_message(number)) for number in range(10)]
    broken = {entry["id"] for entry in entries[:3]}
    source = serving(entries, lambda name: httpx.Response(500 if name in broken else 200, content=name.encode()))
    first, cursor, _ = taken(source)
    second, _, error = taken(source, cursor)
    assert {message.message_id for message in (*first, *second)} == {identity(number) for number in range(3, 10)}
    assert isinstance(error, RetriableError)


def test_a_large_inbox_comes_in_batches_whose_cursors_hold(tmp_path):
    source, _ = make_source(tmp_path, *[make_message(number) for number in range(60)])
    batches = list(source.batches(None))
    assert [len(batch.messages) for batch in batches] == [25, 25, 10]
    assert len(taken(source, batches[0].cursor)[0]) == 35


@pytest.mark.parametrize("depth", [900, 950, 1_200, 50_000])
def test_a_listing_with_an_entry_nested_without_end_keeps_no_message_from_the_store(depth):
    deep = '{"a":' * depth + "1" + "}" * depth
    rows = [json.dumps(make_message(number))[:-1] + f', "extra": {deep}}}' for number in (1, 2)]
    nameless = f'{{"attributes": {{"messageStatus": "NEW", "label": {deep}}}}}'

    def answer(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t"})
        if request.url.path == "/sdk/messages":
            return httpx.Response(200, content=f'{{"data": [{", ".join([*rows, nameless])}]}}'.encode())
        return httpx.Response(200, content=f'{{"data": {deep}}}'.encode())

    config = make_config(statuses=["NEW"], attempts=1)
    messages, cursor, error = taken(SdkStatutorySource(config, make_context(), transport=httpx.MockTransport(answer)))
    assert error is None
    assert {message.message_id for message in messages} >= {identity(1), identity(2)}
    assert len(messages) == 3
    assert sum(message.content == f'{{"data": {deep}}}'.encode() for message in messages) == 2  # raw, as they came
    assert len(cursor["done"]) == 3


def test_of_two_messages_under_one_message_id_each_is_stored_and_secured_by_itself(tmp_path):
    twin = make_message(2, messageId=identity(1))
    source, _ = make_source(tmp_path, make_message(1), twin)
    messages, _, error = taken(source)
    assert error is None
    assert {message.message_id for message in messages} == {identity(1)}
    assert {message.key: json.loads(message.content)["data"]["id"] for message in messages} == {
        key_of(one): one["id"] for one in (make_message(1), twin)
    }


def test_where_a_message_id_gives_another_message_the_listing_s_own_entry_is_kept_and_it_is_tried_again(tmp_path):
    twin = make_message(2, messageId=identity(1))
    source, _ = make_source(tmp_path, make_message(1), twin, path_id="messageId")
    messages, cursor, error = taken(source)
    assert error.code == "other_message"
    kept = [(message.key, json.loads(message.content)) for message in messages]
    # What came in its place may be the message itself, of a system that names it twice; neither counts as secured.
    first, second = make_message(1)["id"], twin["id"]
    found = sorted((key, one.get("data", one)["id"]) for key, one in kept)
    assert found == sorted([(key_of(make_message(1)), first), ("", first), ("", second)])
    source, _ = make_source(tmp_path, twin, path_id="messageId")
    (message,), _, error = taken(source, cursor)
    assert (message.key, json.loads(message.content)["data"]["id"], error) == (key_of(twin), twin["id"], None)


def test_another_message_s_content_is_not_kept_under_a_message_id_that_is_not_its_own():
    source = serving([without_documents(make_message(1))], lambda _: httpx.Response(200, json={"data": make_message(2)}))
    (message,), cursor, error = taken(source)
    assert (message.key, json.loads(message.content)["id"]) == ("", make_message(1)["id"])
    assert (error.code, cursor["done"]) == ("other_message", [])


def test_what_was_taken_before_messages_had_keys_counts_as_secured_and_is_not_fetched_again(tmp_path):
    source, transport = make_source(tmp_path, make_message(1))
    (batch,) = source.batches({"done": [key_of(make_message(1))]})
    assert (batch.messages, batch.safe) == ([], [key_of(make_message(1))])
    assert list(source.batches(batch.cursor)) == []
    assert not any(request.url.path.startswith("/sdk/messages/") for request in transport.requests)


def test_what_was_taken_before_messages_had_keys_is_fetched_again_where_its_message_id_was_used_twice(tmp_path):
    twin = make_message(2, messageId=identity(1))
    source, _ = make_source(tmp_path, make_message(1), twin, make_message(3))
    keys = [key_of(one) for one in (make_message(1), twin, make_message(3))]
    before, fetched = source.batches({"done": keys})
    assert (list(before.safe), before.cursor["done"]) == (keys[2:], keys[2:])
    assert ({one.key for one in fetched.messages}, len(fetched.cursor["done"])) == (set(keys[:2]), 3)
