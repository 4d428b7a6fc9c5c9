from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.registry.spans import Span, intersect, union

ZERO = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def make_spans(days: list[tuple[int, int]]) -> list[Span]:
    return [(ZERO + timedelta(days=start), ZERO + timedelta(days=end)) for start, end in days]


def covered(spans: list[Span]) -> set[int]:
    return {day for day in range(31) if any(start <= ZERO + timedelta(days=day) < end for start, end in spans)}


@given(DAYS, DAYS)
def test_union_and_intersection_cover_the_days_they_should(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    a, b = make_spans(left), make_spans(right)
    assert covered(union(a + b)) == covered(a) | covered(b)
    assert covered(intersect(a, b)) == covered(a) & covered(b)


@given(DAYS)
def test_results_are_sorted_apart_and_not_empty(days: list[tuple[int, int]]) -> None:
    merged = union(make_spans(days))
    assert all(start < end for start, end in merged)
    assert all(before[1] < after[0] for before, after in pairwise(merged))
