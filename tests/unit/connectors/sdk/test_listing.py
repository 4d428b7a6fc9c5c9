from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.listing import instant_of, parse_listing
from hub.errors import RejectedError
from tests.unit.connectors.sdk.make import make_message


def listed(*entries, path_id="id"):
    return parse_listing(json.dumps({"data": entries}).encode(), path_id=path_id)


def test_an_entry_tells_its_identities_status_and_creation():
    message = make_message(1)
    (entry,) = listed(message)
    assert (entry.path_id, entry.message_id) == (message["id"], message["attributes"]["messageId"])
    assert (entry.status, entry.created) == ("NEW", datetime(2025, 5, 12, 14, 3, tzinfo=UTC))
    assert entry.message_id not in repr(entry)


def test_a_system_that_fetches_by_message_id_is_asked_so():
    message = make_message(1)
    assert listed(message, path_id="messageId")[0].path_id == message["attributes"]["messageId"]


def test_one_identity_stands_in_for_the_other():
    message = make_message(1)
    without_own = {name: value for name, value in message.items() if name != "id"}
    assert listed(without_own)[0].path_id == message["attributes"]["messageId"]
    del message["attributes"]["messageId"]
    assert listed(message)[0].message_id == message["id"]


def test_two_copies_of_one_message_id_are_two_messages():
    one, two = make_message(1), make_message(1)
    two["id"] = "another"
    keys = {entry.key for entry in listed(one, two)}
    assert len(keys) == 2


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'"x"', b'{"data": {}}', b'{"data": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_listing_is_refused(content):
    with pytest.raises(RejectedError) as caught:
        parse_listing(content, path_id="id")
    assert caught.value.code == "malformed_listing"


@pytest.mark.parametrize("content", [b"{}", b'{"data": null}', b'{"data": []}'])
def test_an_empty_inbox_may_leave_the_list_out(content):
    assert parse_listing(content, path_id="id") == []


@given(
    entries=st.lists(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["id", "attributes", "messageId", "messageStatus", "creationDateTime"]), inner)
            ),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_every_entry_of_whatever_shape_is_listed(entries):
    found = listed(*entries)
    assert len(found) == len(entries)
    assert all(entry.message_id and entry.key for entry in found)
    assert all(json.loads(entry.raw()) == original for entry, original in zip(found, entries, strict=True))


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01T00:00:00+14:00", None, 5])
def test_an_unreadable_instant_is_none(text):
    assert instant_of(text) is None
