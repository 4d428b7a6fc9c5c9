from __future__ import annotations

import pytest

from hub.connector import Absence, Removal
from hub.contract.models import AbsenceKind, InfoKind

BODY = Absence(kind=AbsenceKind.UNEXCUSED, minutes=0, offered_minutes=None)


def removal(*source_ids: str) -> Removal:
    return Removal(InfoKind.SCHOOL_ABSENCE, source_ids, BODY)


def test_a_removal_retracts_what_was_published_at_its_own_time_and_once(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(), "a1"), world.absence(world.person(), "a2")]]
    world.lane().poll()
    world.source.given.append([removal("a0", "a1")])
    world.lane().poll()
    first, _, last = world.published
    assert (last.event_id, last.revision, last.retracted) == (first.event_id, 2, True)
    assert last.occurred_at == first.occurred_at
    world.source.given.append([removal("a1")])
    world.lane().poll()
    assert len(world.published) == 3


def test_what_is_somebody_elses_by_now_is_taken_back_of_all_but_her(world) -> None:
    for number in (1, 2):
        world.grant(world.person(number), number)
    world.source.given = [[world.absence(world.person(number), "a1") for number in (1, 2)]]
    world.lane().poll()
    spelled = world.person(2).replace("-", "")
    world.source.given.append([Removal(InfoKind.SCHOOL_ABSENCE, ("a1",), BODY, but_of=spelled)])
    world.lane().poll()
    assert [(one.youth_ref[-1], one.retracted) for one in world.published] == [("1", False), ("2", False), ("1", True)]
    for somebody, number in (("nobody's number", 3), (world.person(3), 4)):
        world.source.given.append([Removal(InfoKind.SCHOOL_ABSENCE, ("a1",), BODY, but_of=somebody)])
        world.lane().poll()
        assert len(world.published) == number
    assert (world.published[-1].youth_ref[-1], world.published[-1].retracted) == ("2", True)


def test_what_is_told_in_the_same_breath_is_taken_back_too(world) -> None:
    for number in (1, 2):
        world.grant(world.person(number), number)
    mine = Removal(InfoKind.SCHOOL_ABSENCE, ("a1",), BODY, but_of=world.person(2))
    world.source.given = [[world.absence(world.person(1), "a1")], [world.absence(world.person(2), "a1"), mine]]
    assert world.lane().poll() == {("published", ""): 3}
    stand = {one.youth_ref[-1]: (one.revision, not one.retracted) for one in world.published}
    assert stand == {"1": (2, False), "2": (1, True)}


@pytest.mark.parametrize("rests", [True, False])
def test_what_was_told_is_taken_back_though_consent_would_not_let_it_be_told_now(world, rests: bool) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(), "a1")]]
    lane = world.lane()
    lane.poll()
    if rests:
        world.directory.withdraw(world.person(), None)
    else:
        world.grant(world.person(), spans=((world.clock.now(), world.clock.now()),))
    world.source.given.append([removal("a1")])
    lane.poll()
    assert [(one.revision, one.retracted) for one in world.published] == [(1, False), (2, True)]


def test_a_removal_of_what_was_never_told_says_nothing(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(1), "a1")], [removal("a1", "a2")]]
    world.lane().poll()
    assert world.published == []


def test_what_a_crash_may_have_published_is_retracted_too(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(), "a1")]]

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    try:
        world.lane(after_publish=die).poll()
    except Killed:
        world.crash()
    world.source.given = [[removal("a1")]]
    world.lane().poll()
    assert [(one.revision, one.retracted) for one in world.published] == [(1, False), (2, True)]


def test_no_removal_prints_its_ids() -> None:
    assert "a1" not in repr(removal("a1"))
