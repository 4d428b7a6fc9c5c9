"""Every move from every state: what it leads to, who may make it, and what is said when it cannot be made."""

from __future__ import annotations

import itertools

import pytest

from hub.contract.models import TaskState
from hub.delivery.moves import (
    BY_PEOPLE,
    OPEN_STATES,
    TABLE,
    Asked,
    DeclineReason,
    IllegalMoveError,
    Move,
    Outcome,
    Standing,
    Who,
    legal,
    moved,
    possible,
)
from hub.errors import RejectedError

# Written down here a second time, as people would say it.
LEADS_TO = {
    "requested": "receive→received cancel→cancelled recall→recalled",
    "received": "accept→accepted decline→rejected hand-over→received cancel→cancelled recall→recalled",
    "accepted": "undo→received start→in-progress hand-over→accepted complete→completed cancel→cancelled recall→recalled",
    "in-progress": "hand-over→in-progress complete→completed cancel→cancelled recall→recalled",
    "rejected": "",
    "completed": "",
    "cancelled": "",
    "recalled": "",
}
HOLDER, HEAD, OTHER = Who("anna"), Who("chef", for_others=True), Who("bo")


def asked(move: Move) -> Asked:
    """The move with all that it needs."""
    reason = {Move.DECLINE: DeclineReason.NO_CAPACITY.value, Move.COMPLETE: Outcome.SERVICE.value}.get(move, "")
    return Asked(move, reason, to="cecilia" if move is Move.HAND_OVER else "", concern=False)


@pytest.mark.parametrize(("state", "move"), list(itertools.product(TaskState, Move)))
def test_a_move_leads_where_the_table_says_or_is_refused_with_those_that_are_possible(state: TaskState, move: Move) -> None:
    expected = dict(part.split("→") for part in LEADS_TO[state.value.replace("_", "-")].split())
    if move.value in expected:
        assert moved(Standing(state, "anna"), asked(move), HOLDER).state.value.replace("_", "-") == expected[move.value]
        return
    with pytest.raises(IllegalMoveError) as refused:
        moved(Standing(state, "anna"), asked(move), HOLDER)
    assert refused.value.code == "illegal_move"
    assert set(refused.value.legal) == {Move(name) for name in expected} & set(BY_PEOPLE)
    for one in refused.value.legal:
        assert one.value in str(refused.value)


def test_only_an_open_task_can_be_moved() -> None:
    assert {state for state in TaskState if legal(state)} == set(OPEN_STATES) == {state for state in TABLE if TABLE[state]}


@pytest.mark.parametrize("state", [TaskState.ACCEPTED, TaskState.IN_PROGRESS])
def test_what_somebody_holds_is_moved_by_nobody_else_but_the_head(state: TaskState) -> None:
    for move in set(legal(state)) & set(BY_PEOPLE):
        with pytest.raises(RejectedError) as refused:
            moved(Standing(state, "anna"), asked(move), OTHER)
        assert refused.value.code == "held_by_another"
        assert moved(Standing(state, "anna"), asked(move), HEAD).state is TABLE[state][move]


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("who", [HOLDER, HEAD, OTHER], ids=lambda who: who.account)
def test_what_is_possible_is_what_would_not_be_refused_for_where_the_task_stands(state: TaskState, who: Who) -> None:
    standing, refused = Standing(state, holder=HOLDER.account), set()
    for move in BY_PEOPLE:
        try:
            moved(standing, asked(move), who)
        except RejectedError as error:
            if error.code in {"illegal_move", "held_by_another"}:
                refused.add(move)
    assert set(possible(standing, who)) == set(BY_PEOPLE) - refused


def test_whoever_accepts_holds_the_task_until_she_undoes_it_or_hands_it_over() -> None:
    taken = moved(Standing(TaskState.RECEIVED), Asked(Move.ACCEPT, concern=False), HOLDER)
    assert taken == Standing(TaskState.ACCEPTED, "anna")
    assert moved(taken, Asked(Move.UNDO), HOLDER) == Standing(TaskState.RECEIVED)
    assert moved(taken, Asked(Move.HAND_OVER, to="bo"), HOLDER) == Standing(TaskState.ACCEPTED, "bo")


def test_a_task_that_nobody_has_answered_can_be_given_to_a_colleague_and_anybody_may_still_take_it() -> None:
    given = moved(Standing(TaskState.RECEIVED), Asked(Move.HAND_OVER, to="bo"), HOLDER)
    assert given == Standing(TaskState.RECEIVED, "bo")
    assert moved(given, Asked(Move.ACCEPT, concern=True), HOLDER).holder == "anna"


@pytest.mark.parametrize(
    ("state", "question", "code"),
    [
        (TaskState.RECEIVED, Asked(Move.ACCEPT), "concern_unanswered"),
        (TaskState.RECEIVED, Asked(Move.DECLINE), "unknown_reason"),
        (TaskState.RECEIVED, Asked(Move.DECLINE, Outcome.SERVICE.value), "unknown_reason"),
        (TaskState.ACCEPTED, Asked(Move.COMPLETE, "done"), "unknown_reason"),
        (TaskState.ACCEPTED, Asked(Move.START, Outcome.SERVICE.value), "unknown_reason"),
        (TaskState.ACCEPTED, Asked(Move.HAND_OVER), "nobody_named"),
        (TaskState.ACCEPTED, Asked(Move.HAND_OVER, to="anna"), "nobody_named"),
    ],
)
def test_what_lacks_its_answer_is_refused_by_name(state: TaskState, question: Asked, code: str) -> None:
    with pytest.raises(RejectedError) as refused:
        moved(Standing(state, "anna"), question, HOLDER)
    assert refused.value.code == code


def test_a_conflict_of_interest_is_a_reason_of_its_own() -> None:
    declined = moved(Standing(TaskState.RECEIVED), Asked(Move.DECLINE, DeclineReason.CONFLICT_OF_INTEREST.value), HOLDER)
    assert declined == Standing(TaskState.REJECTED, None, "conflict_of_interest")
