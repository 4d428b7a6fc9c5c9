from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from kafka.record import util as record_util

from hub.contract.codec import Codec
from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import ERASURES
from hub.errors import RetriableError
from hub.kafka import Outgoing, Publisher, Reader, end_offsets, outgoing

NOWHERE = "127.0.0.1:1"
REF = "y" + "0" * 32


def test_building_the_edge_connects_to_nothing():
    publisher, reader = Publisher(NOWHERE, "test"), Reader(NOWHERE, ["t"], "g", "test")
    assert publisher.publish([]) == []
    reader.commit()  # nothing was polled
    publisher.close()
    reader.close()


def test_brokers_that_nobody_runs_are_told_at_once():
    publisher, reader = Publisher(NOWHERE, "test"), Reader(NOWHERE, ["t"], "g", "test")
    begun = time.monotonic()
    for call in (
        lambda: publisher.publish([Outgoing("t", b"k", b"v")]),
        lambda: reader.poll(0.1, 1),
        lambda: end_offsets(NOWHERE, ["t"]),
    ):
        with pytest.raises(RetriableError, match="nobody listens"):
            call()
    assert time.monotonic() - begun < 5


def test_a_reader_without_a_group_has_nothing_to_commit():
    with pytest.raises(ValueError, match="without a group"):
        Reader(NOWHERE, ["t"], None, "test").commit()


def test_a_message_becomes_a_record_with_its_topic_key_bytes_and_event_headers():
    codec = Codec.load()
    at = datetime(2025, 5, 12, 8, 15, tzinfo=UTC)
    message = Erasure(
        erasure_id="7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10",
        youth_ref=REF,
        kind=ErasureKind.RECEIPT,
        component="worker",
        occurred_at=at,
    )
    record = outgoing(codec, ERASURES, REF, message, id="one", source="/0581/worker", time=at)
    assert (record.topic, record.key, record.partition) == (ERASURES.name, REF.encode(), None)
    assert codec.decode(ERASURES, record.value) == message
    headers = dict(record.headers)
    assert (headers["ce_id"], headers["ce_source"]) == (b"one", b"/0581/worker")


def test_checksums_are_computed_in_c_as_the_library_alone_would_be_a_thousand_times_slower() -> None:
    assert record_util.crc32c_c is not None
    assert record_util.calc_crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, appendix B.4
