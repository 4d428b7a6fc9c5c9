from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.connect.earlier import Earlier

NOW = datetime(2025, 5, 19, tzinfo=UTC)
ONE, OTHER = "y" + "1" * 32, "y" + "2" * 32


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def test_what_begins_now_or_later_is_not_owed() -> None:
    assert not Earlier().with_more({ONE: NOW, OTHER: NOW + timedelta(days=1)}, NOW)


def test_the_earliest_instant_of_each_is_kept_and_the_reading_begins_anew() -> None:
    owed = Earlier().with_more({ONE: ago(3)}, NOW).reached({"through": "x"})
    more = owed.with_more({ONE: ago(1), OTHER: ago(9)}, NOW)
    assert more.since == {ONE: ago(3), OTHER: ago(9)}
    assert more.begin == ago(9)
    assert more.progress == {}


def test_it_comes_back_from_the_ledger_as_it_was() -> None:
    owed = Earlier({ONE: ago(3)}, {"through": "x"})
    assert Earlier.of(owed.stored()) == owed
    assert not Earlier.of({})
    assert Earlier().stored() == {}


def test_of_whoever_is_removed_nothing_stays() -> None:
    assert Earlier({ONE: ago(3)}, {}).without([ONE]).stored() == {}
