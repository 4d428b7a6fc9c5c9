"""An original is deleted at its source only by setting, when both lanes have it and the case system has confirmed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.simulator import build_simulator
from connectors.sdk.source import SdkSource
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.sdk.make import key_of, make_config, make_context, make_message, write_messages


def identity(number: int) -> str:
    return make_message(number)["attributes"]["messageId"]


def read(folder, *, cursor=None, handed_over=(), secured=(1, 2), status=None, inbox=None, **settings):
    """One reading; which messages were asked to go, by path, and the cursor after it."""
    app = build_simulator(write_messages(folder, *(inbox or (make_message(1), make_message(2)))), {"deletes": status is None})
    transport = InProcess(app)
    if status is not None:
        transport = Refusing(app, status)
    handed, safe = {identity(one) for one in handed_over}, {key_of(make_message(one)) for one in secured}
    context = replace(make_context(safe.__contains__), handed_over=handed.__contains__)
    source = SdkSource(make_config(attempts=1, **settings), context, transport=transport, sleep=lambda _: None)
    batches = list(source.batches(cursor))
    if status is not None:
        list(source.batches(cursor))  # what was refused is not asked again
    deleted = [one.url.path for one in transport.requests if one.method == "DELETE"]
    source.close()
    return deleted, (batches[-1].cursor if batches else cursor)


class Refusing(InProcess):
    def __init__(self, app, status) -> None:
        super().__init__(app)
        self._status = status

    def handle_request(self, request):
        response = super().handle_request(request)
        if request.method == "DELETE":
            response.status_code = self._status
        return response


PATH = f"/sdk/messages/{make_message(1)['id']}"


def test_nothing_is_deleted_unless_a_setting_says_so(tmp_path) -> None:
    _, cursor = read(tmp_path)
    assert read(tmp_path, cursor=cursor, handed_over=(1, 2))[0] == []


def test_what_is_settled_secured_and_confirmed_is_deleted_and_nothing_else(tmp_path) -> None:
    deleted, cursor = read(tmp_path, handed_over=(1,), delete_handed_over=True)
    assert deleted == []  # read just now: the cursor is not stored yet
    assert read(tmp_path, cursor=cursor, handed_over=(), delete_handed_over=True)[0] == []
    assert read(tmp_path, cursor=cursor, handed_over=(1,), secured=(2,), delete_handed_over=True)[0] == []
    assert read(tmp_path, cursor=cursor, handed_over=(1,), delete_handed_over=True)[0] == [PATH]


@pytest.mark.parametrize(("status", "times"), [(400, 1), (202, 2), (404, 2), (503, 2)])
def test_a_deletion_that_fails_troubles_no_lane(tmp_path, status: int, times: int) -> None:
    _, cursor = read(tmp_path)
    assert read(tmp_path, cursor=cursor, handed_over=(1,), delete_handed_over=True, status=status)[0] == [PATH] * times


def test_another_message_under_the_same_message_id_that_nobody_has_read_is_neither_told_nor_deleted(tmp_path) -> None:
    twin = make_message(2, messageId=identity(1))
    _, cursor = read(tmp_path, inbox=(make_message(1),), secured=(1,))
    told = {"handed_over": (1,), "secured": (1,), "inbox": (make_message(1), twin), "delete_handed_over": True}
    deleted, after = read(tmp_path, cursor=cursor, **told)
    assert deleted == [PATH]
    assert after["done"] == [key_of(make_message(1))]


def test_nothing_is_deleted_by_an_id_that_two_messages_have(tmp_path) -> None:
    same = make_message(2)
    same["id"] = make_message(1)["id"]
    _, cursor = read(tmp_path, inbox=(make_message(1),))
    told = {"handed_over": (1, 2), "inbox": (make_message(1), same), "delete_handed_over": True}
    assert read(tmp_path, cursor=cursor, **told)[0] == []


def test_nothing_is_deleted_by_a_message_id_alone(tmp_path) -> None:
    nameless = make_message(1)
    del nameless["id"]
    safe = make_context()
    context = replace(safe, handed_over=lambda _: True)
    transport = InProcess(build_simulator(write_messages(tmp_path, nameless), {"deletes": True}))
    source = SdkSource(make_config(delete_handed_over=True), context, transport=transport)
    (batch,) = source.batches(None)
    list(source.batches(batch.cursor))
    assert [one for one in transport.requests if one.method == "DELETE"] == []
