"""What may be done with a case, by the table; and what its content then is. What is amiss is named by field, never repeated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from hub.cases import moves
from hub.cases.content import CommitmentState, Content, Domain, Meeting, MeetingState, Numbers
from hub.cases.moves import LONGEST, MOST, TABLE, CaseMove, CaseState, IllegalCaseMoveError, check_move
from hub.contract.models import Cooperation
from hub.errors import RejectedError

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
TODAY = date(2025, 5, 19)
NAMED = ("youth", "guardians", "school-norrkoping", "police-ost", "sspf")
SSPF, SIG = Cooperation.SSPF, Cooperation.SIG
BEGUN = moves.begin(SSPF, NAMED, 4, Numbers(), span_days=28, named=NAMED)
PLANNED = moves.plan(BEGUN, NOW + timedelta(days=1), " Skolan, rum 3 ", NAMED[:3], named=NAMED, now=NOW)
COMMITTED = moves.commit(BEGUN, "youth", "Träna på onsdagar", TODAY, None, cooperation=SSPF, today=TODAY)


def refused(code: str, deed: Any, *args: Any, **options: Any) -> None:
    with pytest.raises(RejectedError) as error:
        deed(*args, **options)
    assert error.value.code == code
    assert "Hemlig" not in str(error.value)


@pytest.mark.parametrize(("state", "move"), list(product(CaseState, CaseMove)))
def test_what_the_table_does_not_have_is_refused_and_the_legal_moves_are_named(state: CaseState, move: CaseMove) -> None:
    if move in TABLE[state]:
        assert check_move(state, move) is TABLE[state][move]
        return
    with pytest.raises(IllegalCaseMoveError) as error:
        check_move(state, move)
    assert set(error.value.legal) == set(TABLE[state]) - {CaseMove.WITHDRAW}
    assert all(one in str(error.value) for one in error.value.legal)


def test_only_a_withdrawal_comes_to_what_has_ended() -> None:
    assert set(TABLE[CaseState.CLOSED]) == {CaseMove.WITHDRAW}
    assert TABLE[CaseState.WITHDRAWN] == {}


@pytest.mark.parametrize("worry", [None, 0, 6, -1])
def test_an_sspf_case_begins_and_ends_with_a_worry_of_the_scale(worry: int | None) -> None:
    refused("no_worry", moves.begin, SSPF, NAMED, worry, Numbers(), span_days=28, named=NAMED)
    refused("no_worry", moves.close, BEGUN, worry, Numbers(), cooperation=SSPF)


def test_a_sig_has_neither_worry_nor_numbers() -> None:
    numbers = Numbers(notices=3)
    begun = moves.begin(SIG, NAMED, 4, numbers, span_days=28, named=NAMED)
    assert (begun.worry_at_start, begun.before) == (None, Numbers())
    assert moves.close(begun, None, numbers, cooperation=SIG) == begun


def test_who_is_not_named_takes_no_part() -> None:
    assert moves.invite(BEGUN, ["youth", "youth", "police-ost"], named=NAMED).parties == ("youth", "police-ost")
    refused("unknown_party", moves.invite, BEGUN, ["leisure-norrkoping"], named=NAMED)
    refused("unknown_party", moves.begin, SSPF, ["x"], 3, Numbers(), span_days=28, named=NAMED)


def test_a_meeting_is_planned_for_a_time_to_come_at_a_place_with_somebody() -> None:
    (meeting,) = PLANNED.meetings
    assert meeting == Meeting(number=1, at=NOW + timedelta(days=1), place="Skolan, rum 3", parties=NAMED[:3])
    for code, at, place, parties in (
        ("past_time", NOW, "Skolan", NAMED), ("no_place", NOW + timedelta(hours=1), "  ", NAMED),
        ("too_long_place", NOW + timedelta(hours=1), "Hemlig" * LONGEST, NAMED),
        ("person_place", NOW + timedelta(hours=1), "Hos 20110315-9807", NAMED),
        ("person_place", NOW + timedelta(hours=1), "Hos 2011/03/15 9807", NAMED), ("no_party", NOW + timedelta(hours=1), "Skolan", []),
        ("unknown_party", NOW + timedelta(hours=1), "Skolan", ["x"]),
    ):  # fmt: skip
        refused(code, moves.plan, BEGUN, at, place, parties, named=NAMED, now=NOW)


def test_a_meeting_is_held_from_its_day_on_and_by_those_who_were_summoned() -> None:
    morning = datetime(2025, 5, 20, 0, 5, tzinfo=UTC)
    refused("not_yet", moves.hold, PLANNED, 1, ["youth"], now=datetime(2025, 5, 19, 21, 59, tzinfo=UTC))
    refused("no_party", moves.hold, PLANNED, 1, [], now=morning)
    refused("unknown_party", moves.hold, PLANNED, 1, ["police-ost"], now=morning)
    refused("unknown_meeting", moves.hold, PLANNED, 2, ["youth"], now=morning)
    held = moves.hold(PLANNED, 1, ["youth"], now=morning)
    assert (held.meetings[0].state, held.meetings[0].present) == (MeetingState.HELD, ("youth",))
    refused("meeting_over", moves.hold, held, 1, ["youth"], now=morning)
    refused("meeting_over", moves.cancel, held, 1)


def test_a_meeting_is_called_off_once() -> None:
    off = moves.cancel(PLANNED, 1)
    assert off.meetings[0].state is MeetingState.CANCELLED
    refused("meeting_over", moves.cancel, off, 1)
    refused("unknown_meeting", moves.cancel, off, 7)


def test_somebody_who_takes_part_undertakes_something_by_a_day() -> None:
    (one,) = COMMITTED.commitments
    assert (one.number, one.who, one.what, one.due, one.domain) == (1, "youth", "Träna på onsdagar", TODAY, None)
    for code, who, what, due in (
        ("unknown_party", "x", "Hemlig", TODAY), ("past_date", "youth", "Hemlig", TODAY - timedelta(days=1)),
        ("no_text", "youth", " \n", TODAY), ("too_long", "youth", "Hemlig" * LONGEST, TODAY),
        ("person", "youth", "Hjälpa 110315 9807 med läxor", TODAY), ("person", "youth", "Hjälpa 11 03 15 98 07 med läxor", TODAY),
        ("person", "youth", "Hjälpa 11\u00ad0315\u20119807 med läxor", TODAY),
    ):  # fmt: skip
        refused(code, moves.commit, BEGUN, who, what, due, None, cooperation=SSPF, today=TODAY)


def test_a_measure_of_a_sig_is_about_something() -> None:
    refused("no_domain", moves.commit, BEGUN, "youth", "Söka bostad", TODAY, None, cooperation=SIG, today=TODAY)
    done = moves.commit(BEGUN, "youth", "Söka bostad", TODAY, Domain.HOUSING, cooperation=SIG, today=TODAY)
    assert done.commitments[0].domain is Domain.HOUSING


@pytest.mark.parametrize(("done", "state"), [(True, CommitmentState.DONE), (False, CommitmentState.NOT_DONE)])
def test_what_became_of_a_commitment_is_said_once(done: bool, state: CommitmentState) -> None:
    settled = moves.settle(COMMITTED, 1, done=done, today=TODAY)
    assert (settled.commitments[0].state, settled.commitments[0].settled_on) == (state, TODAY)
    assert settled.open_commitments() == ()
    refused("settled_already", moves.settle, settled, 1, done=True, today=TODAY)
    refused("unknown_commitment", moves.settle, settled, 2, done=True, today=TODAY)


def test_what_was_said_of_a_commitment_is_taken_back() -> None:
    settled = moves.settle(COMMITTED, 1, done=True, today=TODAY)
    assert moves.unsettle(settled, 1) == COMMITTED
    refused("open_still", moves.unsettle, COMMITTED, 1)
    refused("unknown_commitment", moves.unsettle, settled, 2)


def test_a_commitment_is_late_the_day_after_its_day_while_it_is_open() -> None:
    (one,) = COMMITTED.commitments
    assert [one.is_late(TODAY + timedelta(days=days)) for days in (0, 1)] == [False, True]
    (settled,) = moves.settle(COMMITTED, 1, done=False, today=TODAY).commitments
    assert not settled.is_late(TODAY + timedelta(days=1))


def test_a_case_has_no_end_of_meetings_and_commitments() -> None:
    full = Content(parties=NAMED, commitments=COMMITTED.commitments * MOST, meetings=PLANNED.meetings * MOST)
    refused("too_many", moves.commit, full, "youth", "x", TODAY, None, cooperation=SSPF, today=TODAY)
    refused("too_many", moves.plan, full, NOW + timedelta(days=1), "x", NAMED, named=NAMED, now=NOW)
