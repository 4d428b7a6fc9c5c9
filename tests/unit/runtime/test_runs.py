"""What a poll brought of a partition is cut into runs."""

from __future__ import annotations

from dataclasses import dataclass

from hub.runtime.effects import Record
from hub.runtime.runs import RUN_BYTES, RUN_RECORDS, cut, run_of


@dataclass
class Fetched:
    """A record as aiokafka gives it, as far as it is looked at."""

    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"value"


def test_a_poll_of_a_partition_is_one_run() -> None:
    [run] = cut("topic", 3, [Fetched(5), Fetched(6, None, None), Fetched(9)])
    assert run.records == [
        Record("topic", 3, 5, b"k", b"value"),
        Record("topic", 3, 6, None, None),
        Record("topic", 3, 9, b"k", b"value"),
    ]
    assert run.size == 12


def test_a_run_ends_with_as_many_records_as_a_batch_should_hold() -> None:
    runs = list(cut("topic", 0, map(Fetched, range(2 * RUN_RECORDS + 1))))
    assert [len(run.records) for run in runs] == [RUN_RECORDS, RUN_RECORDS, 1]
    assert [one.offset for run in runs for one in run.records] == list(range(2 * RUN_RECORDS + 1))


def test_a_run_ends_before_its_bytes_are_too_many_and_a_larger_record_is_one_alone() -> None:
    large, half = b"v" * (RUN_BYTES + 1), b"v" * (RUN_BYTES // 2)
    runs = list(cut("topic", 0, [Fetched(0, b"", large), Fetched(1, b"", half), Fetched(2, b"", half), Fetched(3)]))
    assert [[one.offset for one in run.records] for run in runs] == [[0], [1, 2], [3]]
    assert [run.size for run in runs] == [RUN_BYTES + 1, RUN_BYTES, 6]


def test_nothing_makes_no_run() -> None:
    assert list(cut("topic", 0, [])) == []


def test_a_run_made_by_hand_weighs_the_same() -> None:
    [run] = cut("topic", 0, [Fetched(0)])
    assert run_of(*run.records).size == run.size
