"""The limit on dead letters counts by offsets, whatever came between them and however it was cut into batches."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.topics import CONSENTS, ERASURES, RULES
from hub.runtime.limits import Limit, Window, weigh

SMALL = Limit(records=10, share=0.5)


def offsets(*found: int) -> list[tuple[str, int]]:
    return [("a", one) for one in found]


def count(letters: Sequence[int], last: int, records: int) -> int:
    """The plain way: those of the last `records` offsets up to `last`."""
    return sum(last - records < one <= last for one in letters)


def test_a_source_passes_with_the_first_letter_above_its_share() -> None:
    assert not weigh(SMALL, {}, offsets(0, 1, 2, 3, 4)).passed
    weighed = weigh(SMALL, {}, offsets(0, 1, 2, 3, 4, 5, 6))
    assert weighed.passed == {"a"}
    assert (weighed.windows["a"].last, weighed.windows["a"].letters) == (5, 6)  # what lies behind is not weighed


def test_one_in_ten_never_passes_the_limit_that_an_installation_begins_with() -> None:
    assert not weigh(Limit(), {}, offsets(*range(0, 100_000, 10))).passed


def test_mostly_letters_pass_it_at_the_hundred_and_first() -> None:
    assert weigh(Limit(), {}, offsets(*range(7000, 8000))).windows["a"].last == 7100


@pytest.mark.parametrize("topic", [CONSENTS, RULES, ERASURES], ids=lambda topic: topic.name)
def test_what_withdraws_and_steers_is_never_weighed(topic) -> None:
    weighed = weigh(SMALL, {}, [(topic.name, offset) for offset in range(1000)])
    assert (weighed.windows, weighed.passed) == ({}, frozenset())


def test_each_topic_has_a_window_of_its_own() -> None:
    both = [pair for offset in range(4) for pair in (("a", offset), ("b", offset))]
    assert not weigh(SMALL, {}, both).passed
    assert weigh(SMALL, {}, [*both, ("b", 4), ("b", 5)]).passed == {"b"}


def test_a_share_of_one_is_no_limit() -> None:
    assert not weigh(Limit(records=10, share=1.0), {}, offsets(*range(1000))).passed


def test_those_that_somebody_allowed_are_not_counted_and_then_it_counts_anew() -> None:
    known = {"a": Window(last=99, allowed=20)}
    assert not weigh(SMALL, known, offsets(*range(100, 125))).passed
    assert weigh(SMALL, known, offsets(*range(100, 200))).windows["a"].last == 125


@given(st.sets(st.integers(0, 400), max_size=120), st.integers(1, 64), st.floats(0.05, 1.0))
def test_it_passes_exactly_where_counting_says(found: set[int], records: int, share: float) -> None:
    letters, limit = sorted(found), Limit(records, share)
    expected = next((one for one in letters if count(letters, one, records) > records * share), None)
    weighed = weigh(limit, {}, offsets(*letters))
    assert (weighed.windows["a"].last if weighed.passed else None) == expected


@given(st.sets(st.integers(0, 400), min_size=1, max_size=120), st.data())
def test_batches_change_nothing(found: set[int], data: st.DataObject) -> None:
    letters = sorted(found)
    cut = data.draw(st.integers(0, len(letters)))
    first = weigh(SMALL, {}, offsets(*letters[:cut]))
    whole = weigh(SMALL, {}, offsets(*letters))
    if first.passed:
        assert first.windows == whole.windows
    else:
        rest = weigh(SMALL, first.windows, offsets(*letters[cut:]))
        assert rest.passed == whole.passed
        assert {**first.windows, **rest.windows} == whole.windows
