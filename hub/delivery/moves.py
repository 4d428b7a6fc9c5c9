"""What may be done to a task, by whom, and where it then stands. Pure: a table of moves and one function.

States are those of FHIR Task, and recalled. What a consent or a correction does to a task (cancel, recall) is possible as long
as it is open; what people do goes by the table, and by who holds the task: whoever has accepted it is the one who goes on with
it, or hands it over. A team's head may do that for everybody in the team.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hub.contract.models import TaskState
from hub.errors import RejectedError

__all__ = [
    "BY_PEOPLE",
    "NEEDS_CONSENT",
    "OPEN_STATES",
    "TABLE",
    "UNANSWERED",
    "Asked",
    "DeclineReason",
    "IllegalMoveError",
    "Move",
    "Outcome",
    "Standing",
    "Who",
    "legal",
    "moved",
    "possible",
]


class Move(StrEnum):
    """What happens to a task. The values are kept in its history: none is ever renamed."""

    RECEIVE = "receive"
    ACCEPT = "accept"
    DECLINE = "decline"
    UNDO = "undo"
    START = "start"
    HAND_OVER = "hand-over"
    COMPLETE = "complete"
    CANCEL = "cancel"
    RECALL = "recall"
    TAKE_OVER = "take-over"
    """Another team, called in this one's place, has it from now on (`Answering.take_over`)."""


class DeclineReason(StrEnum):
    """Why a team does not take a task. Coded: no text about anybody leaves the hub (OSL 26:1)."""

    CONFLICT_OF_INTEREST = "conflict_of_interest"  # jäv
    ANOTHER_UNIT = "another_unit"
    ALREADY_SUPPORTED = "already_supported"
    OUTSIDE_TARGET_GROUP = "outside_target_group"
    GROUND_INSUFFICIENT = "ground_insufficient"
    NO_CAPACITY = "no_capacity"


class Outcome(StrEnum):
    """What became of an accepted task: a service without needs assessment, bistånd that is to be decided on, or neither."""

    SERVICE = "service"
    ASSISTANCE = "assistance"  # biståndsbeslut: handed to those who assess and decide; the task itself grants nothing
    OFFER_DECLINED = "offer_declined"
    NO_CONTACT = "no_contact"
    NOT_NEEDED = "not_needed"


UNANSWERED: Final = frozenset({TaskState.REQUESTED, TaskState.RECEIVED})
"""Nobody has said yet whether the team takes it."""
_HELD: Final = frozenset({TaskState.ACCEPTED, TaskState.IN_PROGRESS})
OPEN_STATES: Final = (TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS)
BY_PEOPLE: Final = (Move.ACCEPT, Move.DECLINE, Move.UNDO, Move.START, Move.HAND_OVER, Move.COMPLETE)
"""The others are the inbox': what a message of the bus does to a task."""
NEEDS_CONSENT: Final = frozenset({Move.ACCEPT, Move.START})
"""Beginning work with a youth takes a consent that permits it now; letting go of a task, or ending it, does not."""
_TAKEN: Final = {Move.CANCEL: TaskState.CANCELLED, Move.RECALL: TaskState.RECALLED}

TABLE: Final[Mapping[TaskState, Mapping[Move, TaskState]]] = MappingProxyType(
    {
        TaskState.REQUESTED: {Move.RECEIVE: TaskState.RECEIVED, **_TAKEN},
        TaskState.RECEIVED: {
            Move.ACCEPT: TaskState.ACCEPTED,
            Move.DECLINE: TaskState.REJECTED,
            Move.HAND_OVER: TaskState.RECEIVED,  # to a colleague who is to answer
            **_TAKEN,
        },
        TaskState.ACCEPTED: {
            Move.UNDO: TaskState.RECEIVED,
            Move.START: TaskState.IN_PROGRESS,
            Move.HAND_OVER: TaskState.ACCEPTED,
            Move.COMPLETE: TaskState.COMPLETED,
            **_TAKEN,
        },
        TaskState.IN_PROGRESS: {Move.HAND_OVER: TaskState.IN_PROGRESS, Move.COMPLETE: TaskState.COMPLETED, **_TAKEN},
        TaskState.REJECTED: {},
        TaskState.COMPLETED: {},
        TaskState.CANCELLED: {},
        TaskState.RECALLED: {},
    }
)
"""Where each move leads. From a declined, completed, cancelled or recalled task none does: a new proposal is a new task."""

_REASONS: Final = MappingProxyType({Move.DECLINE: frozenset(DeclineReason), Move.COMPLETE: frozenset(Outcome)})


class IllegalMoveError(RejectedError):
    """The task's state does not permit the move; `legal` are those of people's that it does."""

    def __init__(self, state: TaskState, move: Move) -> None:
        self.legal = tuple(one for one in legal(state) if one in BY_PEOPLE)
        possible = ", ".join(self.legal) or "nothing: it has ended"
        super().__init__(f"{move} is not possible for a task that is {state}; possible: {possible}", code="illegal_move")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands: its state, the account that holds it, and why it ended (a decline's reason, an outcome)."""

    state: TaskState
    holder: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: an account, and whether it may do so for everybody of the team (its head)."""

    account: str
    for_others: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A move. `reason`: of a decline (`DeclineReason`) or a completion (`Outcome`); `to`: the account that is handed the task.

    `concern`: what whoever accepts answers to "is there an immediate worry about the child?"; accepting without an answer is
    refused (SoL 2025:400 ch. 19: knowledge of a child may have to be reported at once).
    """

    move: Move
    reason: str = ""
    to: str = ""
    concern: bool | None = None


def legal(state: TaskState) -> tuple[Move, ...]:
    """The moves that the state permits, in the order of `Move`."""
    return tuple(move for move in Move if move in TABLE[state])


def possible(standing: Standing, who: Who) -> tuple[Move, ...]:
    """What `who` of the team can do with the task now, in the order of `Move`."""
    return () if _is_anothers(standing, who) else tuple(move for move in legal(standing.state) if move in BY_PEOPLE)


def _is_anothers(standing: Standing, who: Who) -> bool:
    return standing.state in _HELD and standing.holder != who.account and not who.for_others


def moved(standing: Standing, asked: Asked, who: Who) -> Standing:
    """Where the task stands after the move.

    Raises IllegalMoveError (`illegal_move`), and RejectedError: `held_by_another` when somebody else holds the task and `who` is
    not the team's head, `unknown_reason`, `nobody_named` for a hand-over to nobody or to whom holds it already,
    `concern_unanswered`.
    """
    state, move = standing.state, asked.move
    after = TABLE[state].get(move)
    if after is None:
        raise IllegalMoveError(state, move)
    if move not in _TAKEN and _is_anothers(standing, who):
        raise RejectedError("somebody else of the team holds this task", code="held_by_another")
    if asked.reason not in _REASONS.get(move, {""}) and move not in _TAKEN:
        raise RejectedError(f"{move} needs one of: {', '.join(sorted(_REASONS.get(move, ())))}", code="unknown_reason")
    match move:
        case Move.ACCEPT if asked.concern is None:
            raise RejectedError("say whether there is an immediate worry about the child", code="concern_unanswered")
        case Move.HAND_OVER if not asked.to or asked.to == standing.holder:
            raise RejectedError("say who of the team is to have it", code="nobody_named")
        case Move.ACCEPT:
            holder: str | None = who.account
        case Move.HAND_OVER:
            holder = asked.to
        case Move.UNDO:
            holder = None
        case _:
            holder = standing.holder
    return replace(standing, state=after, holder=holder, reason=asked.reason or None)
