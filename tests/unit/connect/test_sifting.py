"""What the source takes back or says otherwise counts whatever consent says meanwhile, and nothing new is told for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract.models import AbsenceKind, InfoKind

from .conftest import NOW


@pytest.fixture
def told(world):
    """A lane that has told of one absence of somebody whose consent rests by now; with the entry that she comes back with."""
    world.source.given = [[world.absence(world.person(), "a1")]]
    entry = world.grant(world.person())
    lane = world.lane()
    lane.poll()
    world.directory.withdraw(world.person(), None)
    return lane, entry


def standing(world) -> list[tuple[int, bool, int]]:
    return [(one.revision, one.retracted, one.minutes) for one in world.published]


def test_what_is_taken_back_while_a_consent_rests_does_not_stand_when_it_is_in_force_again(world, told) -> None:
    lane, entry = told
    world.source.given.append([world.absence(world.person(), "a1", retracted=True)])
    assert lane.poll() == {("unchanged", ""): 1, ("published", ""): 1}
    assert standing(world) == [(1, False, 60), (2, True, 0)]
    world.source.given[0] = []  # the source does not show it any more
    world.directory.grant(world.person(), entry)
    lane.poll()
    assert standing(world) == [(1, False, 60), (2, True, 0)]


def test_a_correction_while_a_consent_rests_takes_back_what_was_told_and_says_nothing_itself(world, told) -> None:
    lane, entry = told
    world.source.given.append([world.absence(world.person(), "a1", minutes=30, at=NOW - timedelta(days=5))])
    assert lane.poll() == {("refused", "no_reference"): 1, ("published", ""): 1}
    first, bare = world.published
    assert (bare.event_id, bare.revision, bare.retracted, bare.occurred_at) == (first.event_id, 2, True, first.occurred_at)
    assert (bare.kind, bare.minutes, bare.offered_minutes) == (AbsenceKind.UNEXCUSED, 0, None)
    # In force again: the source is read again, and what it says now is told.
    world.source.given[0] = []
    world.directory.grant(world.person(), entry)
    lane.poll()
    assert standing(world)[2:] == [(3, False, 30)]


def test_what_the_source_says_as_before_or_for_the_first_time_says_nothing_while_a_consent_rests(world, told) -> None:
    lane, _ = told
    world.source.given.append([world.absence(world.person(), "a1"), world.absence(world.person(), "a2")])
    world.source.given.append(
        [world.absence(world.person(), "a2", minutes=30), world.absence(world.person(), "a2", retracted=True)]
    )
    assert lane.poll() == {("refused", "no_reference"): 3, ("unchanged", ""): 1}
    assert standing(world) == [(1, False, 60)]


def test_what_is_corrected_to_a_time_or_a_kind_that_is_not_covered_does_not_stand(world) -> None:
    world.grant(world.person())
    lane = world.lane()
    world.source.given = [[world.absence(world.person(), "a1"), world.absence(world.person(), "a2")]]
    lane.poll()
    world.source.given.append([world.absence(world.person(), "a1", at=NOW - timedelta(days=300))])
    lane.poll()
    world.grant(world.person(), kinds=(InfoKind.RISK_EVENT,))
    world.source.given.append([world.absence(world.person(), "a2", retracted=True)])
    lane.poll()
    assert [(one.revision, one.retracted) for one in world.published] == [(1, False), (1, False), (2, True), (2, True)]
    assert {one.occurred_at for one in world.published} == {NOW - timedelta(days=3)}


def test_an_unsound_correction_takes_nothing_back(world, told) -> None:
    lane, _ = told
    world.source.given.append([world.absence(world.person(), "a1", minutes=-1)])
    assert lane.poll() == {("refused", "invalid_record"): 1}
    assert len(world.published) == 1
