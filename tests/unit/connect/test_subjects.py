from __future__ import annotations

import base64
import json

import httpx
import pytest

from hub.connect.ports import Removed
from hub.connect.subjects import SubjectFeed
from hub.contract.models import InfoKind
from hub.errors import RetriableError

REF = "y" + "1" * 32
ERASURE = "11111111-2222-3333-4444-555555555555"
PRESENT = {
    "subject_hashes": ["a" * 64, "b" * 64],
    "youth_ref": REF,
    "link_key": base64.b64encode(b"l" * 32).decode(),
    "kinds": ["school_absence", "a_kind_of_the_future"],
    "spans": [{"from": "2025-03-01T00:00:00+01:00", "to": "2025-09-01T00:00:00+02:00"}],
    "version": 3,
    "removed": False,
}
REMOVED = {
    "youth_ref": REF,
    "subject_hashes": [],
    "link_key": "",
    "kinds": [],
    "spans": [],
    "removed": True,
    "erasure_id": ERASURE,
    "version": 4,
}


def make_feed(answer, asked: list | None = None) -> SubjectFeed:
    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(handle))
    return SubjectFeed("http://registry", "school-norrkoping", lambda: "secret", client)


def test_it_asks_for_its_agency_with_token_version_and_etag() -> None:
    asked: list[httpx.Request] = []
    feed = make_feed(httpx.Response(304), asked)
    assert feed.fetch(12, '"x"', "0011aabb") is None
    (request,) = asked
    assert str(request.url) == "http://registry/v1/agencies/school-norrkoping/subjects?since=12"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["hub-agency-key"] == "0011aabb"
    assert request.headers["if-none-match"] == '"x"'


def test_entries_and_removals_are_read() -> None:
    feed = make_feed(
        httpx.Response(200, json={"version": 4, "keys": ["0011aabb"], "entries": [PRESENT]}, headers={"ETag": '"4"'})
    )
    changes = feed.fetch(0, "", "0011aabb")
    assert changes is not None
    entry = changes.present["a" * 64]
    assert changes.present["b" * 64] == entry
    assert (changes.version, changes.etag, changes.removed, changes.keys) == (4, '"4"', (), ("0011aabb",))
    assert (entry.youth_ref, entry.link_key, entry.kinds) == (REF, b"l" * 32, {InfoKind.SCHOOL_ABSENCE})
    assert [end.isoformat() for _, end in entry.spans] == ["2025-08-31T22:00:00+00:00"]


def test_within_one_answer_the_later_row_wins() -> None:
    feed = make_feed(httpx.Response(200, json={"version": 4, "keys": ["0011aabb"], "entries": [PRESENT, REMOVED]}))
    changes = feed.fetch(0, "", "0011aabb")
    assert changes is not None
    assert changes.present == {}
    assert changes.removed == (Removed(REF, ERASURE),)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.ConnectError("refused"), "registry"),
        (httpx.Response(503), "registry"),
        (httpx.Response(401), "not_admitted"),
        (httpx.Response(403), "not_admitted"),
        (httpx.Response(200, content=b"<html>"), "registry_answer"),
        (
            httpx.Response(
                200, json={"version": 1, "keys": ["0011aabb"], "entries": [{**PRESENT, "youth_ref": "20110315-9801"}]}
            ),
            "registry_answer",
        ),
    ],
)
def test_whatever_is_no_answer_is_retriable_and_repeats_nothing_of_it(answer, code: str) -> None:
    with pytest.raises(RetriableError) as raised:
        make_feed(answer).fetch(0, "", "0011aabb")
    assert raised.value.code == code
    assert "20110315" not in json.dumps([str(raised.value), repr(raised.value.__cause__)])
