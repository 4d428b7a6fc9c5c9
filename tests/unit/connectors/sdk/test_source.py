from __future__ import annotations

import httpx
import pytest

from connectors.sdk.simulator import build_simulator
from connectors.sdk.source import SdkSource
from hub.connector import PersonRecord, Unmapped
from hub.errors import RejectedError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.sdk.make import key_of, make_config, make_context, make_message, without_documents, write_messages


def make_source(folder, *messages, secured=lambda _: True, **changes):
    transport = InProcess(build_simulator(write_messages(folder, *messages), {}))
    return SdkSource(make_config(**changes), make_context(secured), transport=transport), transport


def records(source, cursor=None):
    return [record for batch in source.batches(cursor) for record in batch.records]


def identity(number):
    return make_message(number)["attributes"]["messageId"]


def test_a_message_waits_until_the_statutory_store_has_it(tmp_path):
    safe = {key_of(make_message(2))}
    source, _ = make_source(tmp_path, make_message(1), make_message(2), secured=lambda key: key in safe)
    (batch,) = source.batches(None)
    assert [record.source_id for record in batch.records] == [f"{identity(2)}#1"]
    assert list(source.batches(batch.cursor)) == []
    safe.add(key_of(make_message(1)))
    assert [record.source_id for record in records(source, batch.cursor)] == [f"{identity(1)}#1"]


def test_documents_are_not_fetched_for_correlation(tmp_path):
    source, transport = make_source(tmp_path, make_message(1))
    assert len(records(source)) == 1
    assert all(request.url.path in {"/oauth2/token", "/sdk/messages"} for request in transport.requests)


def test_a_message_that_turns_up_late_with_an_old_date_is_not_missed(tmp_path):
    source, _ = make_source(tmp_path, make_message(1))
    (batch,) = source.batches(None)
    source, _ = make_source(tmp_path, make_message(1), make_message(2, created="2020-01-01T00:00:00Z"))
    assert [record.source_id for record in records(source, batch.cursor)] == [f"{identity(2)}#1"]


def test_the_cursor_forgets_what_is_listed_no_more(tmp_path):
    source, _ = make_source(tmp_path, make_message(1), make_message(2))
    *_, batch = source.batches(None)
    assert len(batch.cursor["done"]) == 2
    source, _ = make_source(tmp_path, make_message(2))
    (after,) = source.batches(batch.cursor)
    assert (after.records, len(after.cursor["done"])) == ([], 1)


def test_a_cursor_of_another_shape_only_repeats(tmp_path):
    source, _ = make_source(tmp_path, make_message(1))
    assert len(records(source, {"done": 5})) == len(records(source, {"else": []})) == 1


def test_another_sender_s_codes_are_left_aside_on_purpose(tmp_path):
    source, _ = make_source(tmp_path, make_message(1), make_message(2, sender="0203:skola.se"), senders=["0203:polisen.se"])
    found = records(source)
    assert Unmapped("other_sender", intentional=True) in found
    assert sum(isinstance(record, PersonRecord) for record in found) == 1


def _serving(entry, whole):
    """A message system whose listing shows `entry`, and whose single message is the answer `whole`."""

    def answer(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t"})
        return httpx.Response(200, json={"data": [entry]}) if request.url.path == "/sdk/messages" else whole

    return SdkSource(make_config(statuses=["NEW"], attempts=1), make_context(), transport=httpx.MockTransport(answer))


def _bare():
    entry = without_documents(make_message(1))
    del entry["attributes"]["senderAttention"]
    return entry


def test_a_listing_without_references_is_completed_by_the_message(tmp_path):
    source = _serving(_bare(), httpx.Response(200, json={"data": make_message(1)}))
    assert [record.source_id for record in records(source)] == [f"{identity(1)}#1"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"data": []}', b'{"data": {"attributes": 5}}'])
def test_an_unreadable_message_is_counted_once_and_never_raised(content):
    source = _serving(_bare(), httpx.Response(200, content=content))
    (batch,) = source.batches(None)
    assert batch.records == [Unmapped("unreadable_message", intentional=False)]
    assert list(source.batches(batch.cursor)) == []


def test_a_refused_message_does_not_hold_up_the_others():
    good = make_message(2, created="2025-05-15T00:00:00Z")

    def answer(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t"})
        return httpx.Response(200, json={"data": [_bare(), good]}) if request.url.path == "/sdk/messages" else httpx.Response(404)

    source = SdkSource(make_config(statuses=["NEW"], attempts=1), make_context(), transport=httpx.MockTransport(answer))
    batches = source.batches(None)
    assert [record.source_id for record in next(batches).records] == [f"{identity(2)}#1"]
    with pytest.raises(RejectedError):
        next(batches)
