import json
from collections import Counter
from pathlib import Path

import httpx
import pytest

import connectors.polisen
from connectors.polisen.config import PolisenConfig
from connectors.polisen.simulator import build_simulator
from connectors.polisen.source import PolisenSource
from hub.connector import PlaceRecord, Unmapped
from hub.errors import RejectedError, RetriableError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.polisen.make import make_context, make_row

SAMPLE = Path(connectors.polisen.__file__).parent / "sample"


def make_source(answer, observed=None, **config):
    transport = answer if isinstance(answer, httpx.BaseTransport) else httpx.MockTransport(answer)
    return PolisenSource(
        PolisenConfig(url="https://feed.example/api/events", **config),
        make_context(observed),
        transport=transport,
        sleep=lambda _seconds: None,
    )


def test_rows_come_oldest_first_and_unreadable_ones_are_counted_without_stopping():
    rows = [make_row(id=3, datetime="2025-05-07 9:00:00 +02:00"), {"id": 2}, make_row(id=1)]
    (batch,) = make_source(lambda _request: httpx.Response(200, json=rows)).batches(None)
    assert [record.source_id for record in batch.records if isinstance(record, PlaceRecord)] == ["1", "3"]
    assert [record for record in batch.records if isinstance(record, Unmapped)] == [Unmapped("no_place", intentional=False)]


def test_validators_are_sent_back_and_an_unchanged_feed_gives_nothing():
    asked = []

    def answer(request):
        asked.append((request.headers.get("if-none-match"), request.headers.get("if-modified-since")))
        if request.headers.get("if-none-match") == '"a"':
            return httpx.Response(304)
        return httpx.Response(200, json=[make_row()], headers={"ETag": '"a"', "Last-Modified": "Mon, 19 May 2025 05:30:00 GMT"})

    source = make_source(answer)
    (batch,) = source.batches(None)
    assert batch.cursor == {"etag": '"a"', "last_modified": "Mon, 19 May 2025 05:30:00 GMT"}
    assert list(source.batches(batch.cursor)) == []
    assert asked == [(None, None), ('"a"', "Mon, 19 May 2025 05:30:00 GMT")]


@pytest.mark.parametrize("content", [b"", b"not json", b"{}"])
def test_each_answer_without_rows_is_counted_and_keeps_the_validators(content):
    source = make_source(lambda _request: httpx.Response(200, content=content, headers={"ETag": '"new"'}))
    (first,) = source.batches({"etag": '"old"'})
    (second,) = source.batches(first.cursor)
    assert [first.cursor, second.cursor] == [{"etag": '"old"', "lost_polls": 1}, {"etag": '"old"', "lost_polls": 2}]
    assert [type(record) for record in (*first.records, *second.records)] == [Unmapped, Unmapped]


def test_validators_are_not_kept_while_a_row_cannot_be_read():
    rows = [make_row(), make_row(datetime="?")]
    (batch,) = make_source(lambda _request: httpx.Response(200, json=rows, headers={"ETag": '"a"'})).batches(None)
    assert batch.cursor == {"unread_rows": 1}


def test_a_feed_that_is_down_asks_for_patience_and_every_attempt_is_observed():
    observed = []
    with pytest.raises(RetriableError):
        list(make_source(lambda _request: httpx.Response(503), observed, attempts=2).batches(None))
    assert observed == [("events", 503), ("events", 503)]


def test_an_answer_that_is_too_large_is_refused():
    source = make_source(lambda _request: httpx.Response(200, content=b" " * 20_000), max_response_megabytes=0.01)
    with pytest.raises(RejectedError):
        list(source.batches(None))


def replay(source, polls):
    """Poll that often; returns (ids, consecutive changes of content per id, reasons of what was not mapped)."""
    seen, revisions, reasons, cursor = {}, 0, Counter(), None
    for _ in range(polls):
        for batch in source.batches(cursor):
            cursor = json.loads(json.dumps(batch.cursor))
            for record in batch.records:
                if isinstance(record, Unmapped):
                    reasons[record.reason] += 1
                    continue
                content = (record.fingerprint, record.area, record.occurred_at, record.body)
                revisions += seen.get(record.source_id) != content
                seen[record.source_id] = content
    return set(seen), revisions, reasons


def test_the_sample_holds_edits_and_an_empty_body():
    observed = []
    source = make_source(InProcess(build_simulator(SAMPLE, {})), observed)
    ids, revisions, reasons = replay(source, 8)
    assert (len(ids), revisions, reasons) == (90, 93, Counter(empty_body=1))
    assert observed == [("events", 200)] * 8
    assert sum(path.stat().st_size for path in (SAMPLE / "polls").iterdir()) < 300_000
