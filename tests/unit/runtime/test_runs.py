"""What a poll brought of a partition is cut into runs."""

from __future__ import annotations

from hub.runtime.effects import Record
from hub.runtime.runs import RUN_BYTES, RUN_RECORDS, Row, cut, run_of


def row(offset: int, key: bytes | None = b"k", value: bytes | None = b"value") -> Row:
    return offset, key, value


def test_a_poll_of_a_partition_is_one_run() -> None:
    rows = [row(5), row(6, None, None), row(9)]
    [run] = cut("topic", 3, rows)
    assert (run.topic, run.partition, run.rows) == ("topic", 3, rows)
    assert (run.first, run.last, len(run), run.size) == (5, 9, 3, 12)


def test_a_run_ends_with_as_many_records_as_a_batch_should_hold() -> None:
    runs = list(cut("topic", 0, list(map(row, range(2 * RUN_RECORDS + 1)))))
    assert [len(run) for run in runs] == [RUN_RECORDS, RUN_RECORDS, 1]
    assert [offset for run in runs for offset, _, _ in run.rows] == list(range(2 * RUN_RECORDS + 1))


def test_a_run_ends_before_its_bytes_are_too_many_and_a_larger_record_is_one_alone() -> None:
    large, half = b"v" * (RUN_BYTES + 1), b"v" * (RUN_BYTES // 2)
    runs = list(cut("topic", 0, [row(0, b"", large), row(1, b"", half), row(2, b"", half), row(3)]))
    assert [[offset for offset, _, _ in run.rows] for run in runs] == [[0], [1, 2], [3]]
    assert [run.size for run in runs] == [RUN_BYTES + 1, RUN_BYTES, 6]


def test_nothing_makes_no_run() -> None:
    assert list(cut("topic", 0, [])) == []


def test_a_run_made_by_hand_weighs_the_same() -> None:
    [run] = cut("topic", 0, [row(0)])
    assert run_of(Record("topic", 0, *row(0))) == run


def test_a_run_ends_where_it_is_to_end() -> None:
    run = run_of(*(Record("topic", 0, *row(offset)) for offset in (3, 4, 7)))
    assert [run.through(last) and (run.through(last) or run).rows for last in (2, 5, 7, 9)] == [
        None, [row(3), row(4)], run.rows, run.rows,
    ]  # fmt: skip
    assert run.through(7) is run


def test_the_slices_of_a_run_are_its_records_in_order() -> None:
    [run] = cut("topic", 3, list(map(row, range(5))))
    slices = list(run.slices(2))
    assert [[offset for offset, _, _ in one.rows] for one in slices] == [[0, 1], [2, 3], [4]]
    assert {(one.topic, one.partition) for one in slices} == {("topic", 3)}
    assert list(run.slices(5)) == [run]
