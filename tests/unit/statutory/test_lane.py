"""The way out: to whom, once, until it is registered; and what is told when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError, InDoubtError, RejectedError, RetriableError
from hub.statutory.lane import Lane, key_of
from hub.statutory.marks import Mark
from hub.statutory.standing import Stage, standing_of
from tests.unit.statutory.handing import EVENING, FIRST_OF_MAY, MONDAY, SATURDAY, LaneTown
from tests.unit.statutory.make import WatchedDisk, make_store

DOWN = RetriableError("down", code="receiver_unreachable")


def test_a_report_goes_to_the_reception_as_received_and_is_registered_by_its_receipt(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored, lane = town.put(), town.lane()
    lane.look()
    assert town.reception.effects == {key_of(stored): b"\xff\x00 not readable"}
    assert standing_of(stored, town.hand_overs()).stage is Stage.TAKEN
    assert not town.hand_overs().has("one")
    town.reception.register_all()
    lane.look()
    assert standing_of(stored, town.hand_overs()).stage is Stage.REGISTERED
    assert town.hand_overs().has("one")
    assert (lane.waiting, lane.registered) == ([], 1)


@pytest.mark.parametrize(
    ("at", "receiver"), [(MONDAY, "reception"), (EVENING, "jouren"), (SATURDAY, "jouren"), (FIRST_OF_MAY, "jouren")]
)
def test_outside_office_hours_and_on_public_holidays_socialjouren_takes_it(tmp_path: Path, at, receiver: str) -> None:
    town = LaneTown(tmp_path, at)
    stored = town.put()
    town.lane().look()
    assert standing_of(stored, town.hand_overs()).receiver == receiver
    assert list(getattr(town, receiver).effects) == [key_of(stored)]


def test_what_was_assigned_to_socialjouren_stays_there_when_the_office_opens(tmp_path: Path) -> None:
    town = LaneTown(tmp_path, SATURDAY)
    town.jouren.fail = [DOWN]
    stored = town.put()
    town.lane().look()
    town.pass_by(town.lane(), days=2)
    assert town.reception.asked == []
    assert list(town.jouren.effects) == [key_of(stored)]


def test_a_receiver_that_is_down_is_asked_again_after_a_growing_while_and_has_it_once(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [DOWN] * 20
    town.put()
    lane = town.lane()
    for _ in range(600):
        town.pass_by(lane, seconds=1)
    asked = len(town.reception.asked)
    assert 3 < asked < 20
    for _ in range(20):
        town.pass_by(lane, seconds=town.settings.retry_longest_seconds)
    assert len(town.reception.effects) == 1
    assert len(town.reception.asked) == 21


def test_a_lost_answer_is_repeated_under_the_same_key_and_has_one_effect(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.reception.lose = [InDoubtError("no answer in time", code="timeout")]
    stored, lane = town.put(), town.lane()
    lane.look()
    town.pass_by(lane, minutes=10)
    assert town.reception.asked == [key_of(stored)] * 2
    assert len(town.reception.effects) == 1


@pytest.mark.parametrize("error", [RejectedError("no", code="status_422"), ConfigError("secret", code="status_401")])
def test_a_refusal_holds_up_no_other_report_and_is_tried_again(tmp_path: Path, error: Exception) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [error]
    town.put("one")
    town.put("two")
    lane = town.lane()
    lane.look()
    assert len(town.reception.effects) == 1
    town.pass_by(lane, minutes=10)
    assert len(town.reception.effects) == 2


def test_a_receiver_that_is_down_is_not_asked_once_for_each_report(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [DOWN] * 1000
    for number in range(30):
        town.put(f"m{number}")
    town.lane().look()
    assert len(town.reception.asked) == 3


def test_what_is_not_taken_in_time_is_told_to_somebody_once_and_goes_on_trying(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [DOWN] * 100
    stored, lane = town.put(), town.lane()
    lane.look()
    town.pass_by(lane, minutes=29)
    assert town.chief.asked == []
    town.pass_by(lane, minutes=2)
    town.pass_by(town.lane(), minutes=2)
    assert town.chief.asked == [key_of(stored)]
    town.reception.fail = []
    town.pass_by(town.lane(), minutes=10)
    assert len(town.reception.effects) == 1


def test_what_is_taken_and_not_registered_in_time_is_told_to_somebody(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored, lane = town.put(), town.lane()
    lane.look()
    town.pass_by(lane, hours=23)
    assert town.chief.asked == []
    town.pass_by(lane, hours=2)
    assert town.chief.asked == [key_of(stored)]
    assert town.chief.effects == {key_of(stored): b""}


def test_what_cannot_be_told_is_told_later(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.chief.fail = [DOWN]
    town.put()
    lane = town.lane()
    lane.look()
    for _ in range(4):
        town.pass_by(lane, hours=25)
    assert len(town.chief.asked) == 2


def test_without_a_receiver_it_waits_for_a_person_and_somebody_is_told(tmp_path: Path) -> None:
    town = LaneTown(tmp_path, receiver="", after_hours="")
    stored, lane = town.put(), town.lane()
    lane.look()
    town.pass_by(lane, hours=25)
    assert town.chief.asked == [key_of(stored)]
    town.hand_overs().confirm(stored, registered_as="SN 2025/117", who="officer", at=town.clock.now())
    lane.look()
    assert lane.waiting == []


def test_what_the_officer_registered_first_is_not_handed_over_again(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored = town.put()
    town.hand_overs().confirm(stored, registered_as="SN 2025/117", who="officer", at=town.clock.now())
    town.lane().look()
    assert town.reception.asked == []


def test_a_receipt_does_not_wait_for_a_long_queue_to_be_taken(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored = town.put("one")
    town.lane().look()
    town.reception.register_all()
    for number in range(20):
        town.put(f"later-{number}")
    seconds = iter(range(10_000))
    slow = Lane(
        make_store(tmp_path), town.settings, {"reception": town.reception}, town.hand_overs(), clock=town.clock,
        monotonic=lambda: float(next(seconds)),
    )  # fmt: skip
    slow.look()
    assert standing_of(stored, town.hand_overs()).stage is Stage.REGISTERED
    assert 1 < len(town.reception.effects) < 21
    for _ in range(20):
        slow.look()
    assert len(town.reception.effects) == 21


def test_each_content_of_one_message_is_handed_over(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.put("one", b"first")
    town.put("one", b"second")
    town.lane().look()
    assert sorted(town.reception.effects.values()) == [b"first", b"second"]


def test_a_receiver_that_left_the_settings_before_it_had_the_report_is_replaced(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [DOWN]
    town.put()
    town.lane().look()
    later = LaneTown(
        tmp_path, receiver="", after_hours="jouren", receivers={"jouren": {"title": "J", "connector": "webhook"}}, escalate_to=""
    )
    lane = later.lane()
    lane._receivers = {"jouren": later.jouren}
    lane.look()
    assert len(later.jouren.effects) == 1


def test_a_file_that_does_not_open_is_not_given_up_and_holds_up_no_other(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    broken = town.put("one")
    broken.write_bytes(broken.read_bytes()[:-1] + b"\x00")
    town.put("two")
    lane = town.lane()
    lane.look()
    assert len(town.reception.effects) == 1
    town.pass_by(lane, minutes=31)
    assert town.chief.asked == [key_of(broken)]
    assert [one.path for one in lane.waiting if not one.taken] == [broken]


@given(crash_at=st.integers(0, 30), lost=st.booleans())
def test_wherever_the_disk_fails_or_the_process_dies_the_next_one_finishes_with_one_effect(
    tmp_path_factory: pytest.TempPathFactory, crash_at: int, lost: bool
) -> None:
    town = LaneTown(tmp_path_factory.mktemp("lane"))
    if lost:
        town.reception.lose = [InDoubtError("no answer", code="timeout")]
    stored = town.put()
    dying = town.lane(WatchedDisk(fail_at=crash_at))
    for _ in range(3):
        try:
            dying.look()
        except RetriableError:
            break
        town.reception.register_all()
    for _ in range(4):
        town.pass_by(town.lane(), minutes=10)
        town.reception.register_all()
    assert list(town.reception.effects) == [key_of(stored)]
    assert standing_of(stored, town.hand_overs()).stage is Stage.REGISTERED
    assert town.hand_overs().marks.get(stored, Mark.REGISTERED) is not None
