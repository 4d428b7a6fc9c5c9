"""What the looks at partitions' commits say of how evenly they go on."""

from __future__ import annotations

from collections import Counter

from tests.bench.correlate.pacing import Seen, note


def test_partitions_that_go_on_together_differ_in_nothing() -> None:
    seen, moved = Seen(), dict[int, tuple[int, float]]()
    for second in range(1, 5):
        note(seen, {0: second * 100, 1: second * 100}, Counter({0: second * 90, 1: second * 90}), moved, float(second))
    assert (seen.lag_spread, seen.progress_spread, seen.standstill_seconds, seen.lag) == (0, 0.0, 0.0, 80)


def test_a_partition_that_stands_still_while_another_goes_on_is_seen_by_share_and_seconds() -> None:
    seen, moved = Seen(), dict[int, tuple[int, float]]()
    for second in range(1, 5):
        note(seen, {0: second * 100, 1: second * 100}, Counter({0: second * 100, 1: 50}), moved, float(second))
    assert (seen.lag_spread, seen.progress_spread, seen.standstill_seconds) == (350, 0.875, 3.0)


def test_a_partition_that_has_nothing_to_do_does_not_stand_still() -> None:
    seen, moved = Seen(), dict[int, tuple[int, float]]()
    for second in range(1, 5):
        note(seen, {0: 100, 1: 100}, Counter({0: 100, 1: 100}), moved, float(second))
    assert seen.standstill_seconds == 0
