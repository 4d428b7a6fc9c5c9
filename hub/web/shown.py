"""What a template is given: words and times that are ready to be laid out, nothing to be decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["NO_REASON", "Condition", "Counted", "Due", "Happening", "Moment", "Page", "Row", "Why"]


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as people read it: `exact` for machines, `when` (`mån 19 maj 07.30`), `distance` (`om 2 dagar`)."""

    exact: str
    when: str
    distance: str


@dataclass(frozen=True, slots=True)
class Due:
    """The clock of a task: late and soon come as a word, a shape and a colour; fine has none of them.

    `label`: what until; `follow_up`: it is the one to follow up by, not to respond.
    """

    status: Literal["late", "soon", "fine"]
    word: str
    by: Moment
    label: str
    follow_up: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a team's list; `holder` is who has it. `of_team`: another team that has it, which this one is called in place
    of; `version`: what taking it over is answered against; `routed`: why it lies here. `not_handed`: what the team's own systems
    do not take of it, in words.

    Of a task that was cancelled or recalled `why` says only that, and `place` is empty.
    """

    task_id: str
    function: str
    place: str
    why: str
    since: Moment
    due: Due | None
    state: str
    fresh: bool
    ended: bool
    ground_lost: bool
    holder: str = ""
    of_team: str = ""
    version: int = 0
    routed: str = ""
    not_handed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the table on a task's page, every number with its unit.

    `narrowed`: what it asked besides, a phrase for each; `sources`: who told what counted.
    """

    label: str
    met: str
    at_least: str
    window: str
    narrowed: tuple[str, ...] = ()
    sources: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event that counted: `exact` for machines, `when` as people read it, what kind, and who told of it."""

    exact: str
    when: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What counted for one condition, newest first; `older` says how many more there were."""

    label: str
    happenings: tuple[Happening, ...]
    older: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a task was proposed. `youth`: sentences that may be told to whom it is about; `technical`: (name, code) each."""

    sentence: str
    conditions: tuple[Condition, ...]
    counted: tuple[Counted, ...]
    youth: tuple[str, ...]
    technical: tuple[tuple[str, str], ...]


NO_REASON = Why("", (), (), (), ())
"""Of a task of which nothing is shown."""


@dataclass(frozen=True, slots=True)
class Page:
    """A task opened. `untold` says why nothing is shown; then subject, why, consent and rule are empty.

    `to_acknowledge`: a withdrawal took it back, and the team has yet to say that it knows.
    """

    row: Row
    untold: str
    subject: str
    why: Why
    consent: str
    rule: str
    priority: str
    opened: Moment | None
    ground_lost: Moment | None
    ended: Moment | None
    to_acknowledge: bool = False
    acknowledged: Moment | None = None
