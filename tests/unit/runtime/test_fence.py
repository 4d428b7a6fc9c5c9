"""Who may write a partition's changelog."""

from __future__ import annotations

from hub.runtime.fence import HEADER, Fence, epoch_of, stamp

OLD, NEW, RIVAL = (1, b"a" * 16), (2, b"b" * 16), (2, b"c" * 16)


def test_a_stamp_gives_its_epoch_back() -> None:
    assert epoch_of((("other", b"x"), stamp(NEW, 7))) == NEW


def test_a_record_without_a_stamp_is_of_epoch_zero() -> None:
    assert epoch_of(()) == (0, b"")
    assert epoch_of(((HEADER, b"short"),)) == (0, b"")


def test_a_higher_epoch_takes_over_and_the_former_owner_is_a_stray() -> None:
    fence = Fence()
    assert fence.admits(OLD, b"k")
    assert fence.admits(NEW, b"k")
    assert not fence.admits(OLD, b"k")
    assert fence.strays == {b"k"}


def test_of_two_claims_with_the_same_number_the_first_holds() -> None:
    fence = Fence()
    assert fence.admits(NEW, b"claim")
    assert not fence.admits(RIVAL, b"claim")


def test_the_owners_next_write_of_a_key_settles_its_stray() -> None:
    fence = Fence(NEW)
    fence.admits(OLD, b"k")
    fence.admits(NEW, b"k")
    assert not fence.strays


def test_a_claim_is_above_all_seen_even_when_the_group_counts_afresh() -> None:
    assert Fence((7, b"x" * 16)).next_number(generation=1) == 8
    assert Fence((7, b"x" * 16)).next_number(generation=12) == 12
