"""An original is deleted at its source only by setting, when both lanes have it and the case system has confirmed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.simulator import build_simulator
from connectors.sdk.source import SdkSource
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.sdk.make import make_config, make_context, make_message, write_messages


def identity(number: int) -> str:
    return make_message(number)["attributes"]["messageId"]


def read(folder, *, cursor=None, handed_over=(), secured=(1, 2), status=None, **settings):
    """One reading; which messages were asked to go, by path, and the cursor after it."""
    app = build_simulator(write_messages(folder, make_message(1), make_message(2)), {"deletes": status is None})
    transport = InProcess(app)
    if status is not None:
        transport = Refusing(app, status)
    handed, safe = {identity(one) for one in handed_over}, {identity(one) for one in secured}
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
