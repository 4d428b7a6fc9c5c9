"""The part of a task's page that shows what was done with it, what can be done, and by whom: ready to be laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.access.roles import Action, Principal, may
from hub.delivery.answering import Answering, Happened
from hub.delivery.calls import Call
from hub.delivery.ladder import ACCOUNT, OWN, TEAM
from hub.delivery.moves import NEEDS_CONSENT, Move, Standing, Who, possible
from hub.delivery.notes import Note, NoteKind, Notes
from hub.delivery.place_weeks import WEEK_OVER
from hub.delivery.views import TaskView
from hub.web.language import Words
from hub.web.presenting import moment
from hub.web.shown import Moment
from hub.web.task_titles import DECLINED, HISTORY, OUTCOMES

__all__ = ["EMPTY", "Deeds", "Filled", "ShownNote", "Step", "Titled", "deeds_of", "holder_name"]


class Titled(Protocol):
    """What is needed of a team here."""

    @property
    def title(self) -> str:
        """What the team calls itself."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history."""

    at: Moment
    what: str
    who: str
    detail: str


@dataclass(frozen=True, slots=True)
class ShownNote:
    """One note; `text` is empty when it cannot be read."""

    at: Moment
    who: str
    safe_contact: bool
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that is shown again: what was typed, and what is wrong by field. Never printed."""

    reason: str = ""
    outcome: str = ""
    to: str = ""
    text: str = field(default="", repr=False)
    safe: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)


EMPTY = Filled()
"""A form that nobody has filled in."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """`can`: the moves that are possible for this reader, and `note`. Options are as the forms' macros take them.

    `warned_by`: what teams that keep a note about safe contact to themselves are called. `elsewhere`: how many notes stay with
    which other team.
    """

    version: int
    can: frozenset[str]
    holder: str
    mine: bool
    reasons: tuple[dict[str, str], ...]
    outcomes: tuple[dict[str, str], ...]
    colleagues: tuple[tuple[str, str], ...]
    safe_contact: tuple[ShownNote, ...]
    notes: tuple[ShownNote, ...]
    warned_by: tuple[str, ...]
    elsewhere: tuple[str, ...]
    history: tuple[Step, ...]
    ended_by: str


def deeds_of(
    task: TaskView,
    principal: Principal,
    answering: Answering,
    notes: Notes,
    *,
    teams: Mapping[str, Titled],
    words: Words,
    now: datetime,
) -> Deeds:
    """What a reader may see and do of a task that was opened just now; `teams` are all, by code."""
    names = answering.names(task.team)
    shown, others = [_note(one, names, words, now) for one in notes.of(task)], notes.elsewhere(task)
    return Deeds(
        version=task.version,
        can=_possible(task, principal),
        holder=holder_name(task, names, words),
        mine=task.holder == principal.account,
        reasons=_options(DECLINED, words),
        outcomes=_options(OUTCOMES, words),
        colleagues=tuple(
            (one.account, one.name)
            for one in answering.colleagues(task.team)
            if one.account != (task.holder or principal.account)
        ),
        safe_contact=tuple(one for one in shown if one.safe_contact),
        notes=tuple(one for one in shown if not one.safe_contact),
        warned_by=tuple(_team(one.team, teams) for one in others if one.safe_contact),
        elsewhere=tuple(
            words.many(
                "{number} note stays with {team}", "{number} notes stay with {team}", one.number, team=_team(one.team, teams)
            )
            for one in others
        ),
        # What became of it with the team after it is that team's own.
        history=() if task.former else _history(task, answering, names, teams, words=words, now=now),
        ended_by=_title(task.reason or "", words),
    )


def holder_name(task: TaskView, names: Mapping[str, str], words: Words) -> str:
    """Who has an open task, as the team calls her; empty when nobody has."""
    if task.holder is None or task.closed_at is not None:
        return ""
    return names.get(task.holder) or words.text("a colleague")


def _possible(task: TaskView, principal: Principal) -> frozenset[str]:
    if not may(principal, Action.TASK_ANSWER, task.team):
        return frozenset()
    who = Who(principal.account, for_others=may(principal, Action.TASK_ASSIGN, task.team))
    seen = task.content is not None
    moves = [one for one in possible(Standing(task.state, task.holder), who) if seen or one not in NEEDS_CONSENT]
    return frozenset(move.value for move in moves) | ({"note"} if seen and task.closed_at is None else set())


def _options(titles: Mapping[str, tuple[str, str]], words: Words) -> tuple[dict[str, str], ...]:
    return tuple(
        {"value": str(code), "label": words.text(title), "hint": words.text(hint) if hint else ""}
        for code, (title, hint) in titles.items()
    )


def _note(note: Note, names: Mapping[str, str], words: Words, now: datetime) -> ShownNote:
    who = names.get(note.account) or words.text("a colleague")
    return ShownNote(moment(note.at, words, now), who, note.kind is NoteKind.SAFE_CONTACT, note.text or "")


def _history(
    task: TaskView, answering: Answering, names: Mapping[str, str], teams: Mapping[str, Titled], *, words: Words, now: datetime
) -> tuple[Step, ...]:
    """What people did with it and whom it called, oldest first."""
    moves = [(one.at, _step(one, names, teams, words=words, now=now)) for one in answering.history(task.task_id, task.team)]
    calls = [(one.at, _called(one, names, teams, words=words, now=now)) for one in answering.calls(task.task_id, task.team)]
    return tuple(step for _, step in sorted([*moves, *calls], key=lambda pair: pair[0]))


def _called(one: Call, names: Mapping[str, str], teams: Mapping[str, Titled], *, words: Words, now: datetime) -> Step:
    at = moment(one.at, words, now)
    if one.to == OWN:
        return Step(at, words.text("Reminded"), words.text("by the hub"), "")
    if one.to.startswith(TEAM):
        whom = _team(one.to.removeprefix(TEAM), teams)
    elif one.to.startswith(ACCOUNT):
        whom = names.get(one.to.removeprefix(ACCOUNT)) or words.text("a colleague")
    else:
        whom = words.text("the head of the team")
    return Step(at, words.text("Went on to"), whom, "")


def _team(code: str, teams: Mapping[str, Titled]) -> str:
    return teams[code].title if code in teams else code


def _step(one: Happened, names: Mapping[str, str], teams: Mapping[str, Titled], *, words: Words, now: datetime) -> Step:
    who = names.get(one.account) or words.text("a colleague")
    return Step(moment(one.at, words, now), words.text(HISTORY[one.move]), who, _detail(one, names, teams, words))


def _detail(one: Happened, names: Mapping[str, str], teams: Mapping[str, Titled], words: Words) -> str:
    if one.move is Move.TAKE_OVER:
        return words.text("from {name}", name=_team(one.detail.partition(">")[0], teams))
    if one.move is Move.HAND_OVER:
        return words.text("to {name}", name=names.get(one.detail) or words.text("a colleague"))
    if one.detail == "concern":
        return words.text("with an immediate worry about the child")
    return _title(one.detail, words)


def _title(code: str, words: Words) -> str:
    """The title of a decline's reason, an outcome or a week that went by; empty for what is neither."""
    if code == WEEK_OVER:
        return words.text("nobody said in time what came of it")
    found = DECLINED.get(code) or OUTCOMES.get(code)
    return words.text(found[0]) if found else ""
