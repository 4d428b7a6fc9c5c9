"""`hub tasks show|accept|…`: what a team does with one task, where its pages cannot be had. The same walls, the same log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.options import As, Home, Json
from hub.delivery.moves import Asked, DeclineReason, Move, Outcome, Who

if TYPE_CHECKING:
    from hub.access.roles import Action, Principal
    from hub.audit.actions import Action as Logged
    from hub.delivery.answering import Answering
    from hub.delivery.views import TaskView
    from hub.delivery.worklist import Worklist
    from hub.settings import Settings
    from hub.web.task_trail import TaskTrail

__all__ = ["accept", "complete", "decline", "hand_over", "show", "start", "take_over", "undo"]

Number = Annotated[str, typer.Argument(metavar="TASK", help="The task's number, or its first six characters or more.")]
Team = Annotated[str, typer.Option(help="Your team, by its code in teams.yaml.")]
Concern = Annotated[
    bool | None, typer.Option("--concern/--no-concern", help="Whether there is an immediate worry about the child.")
]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a command works with: an installation's tasks, and who stands there."""

    settings: Settings
    worklist: Worklist
    answering: Answering
    trail: TaskTrail
    who: Principal
    team: str

    def admit(self, action: Action) -> None:
        """Raises RejectedError `not_permitted`, which is in the audit log."""
        from hub.access.roles import may
        from hub.errors import RejectedError

        if not may(self.who, action, self.team):
            self.trail.turned_away(self.who, action, self.team)
            raise RejectedError("your role does not permit it for this team", code="not_permitted")

    def find(self, number: str, *, of_others: bool = False) -> TaskView:
        """The team's one task whose number begins so; `of_others`: one of another team, which this one is called for."""
        from hub.delivery.listing import Shown
        from hub.errors import RejectedError

        sought = number.strip().lower()
        if of_others:
            found = [one for one in self.worklist.of_team(self.team, Shown.CALLED) if one.task_id.startswith(sought)]
        else:
            ids = {task_id for _team, task_id in self.worklist.find(sought, [self.team])} if len(sought) >= 6 else set()
            found = [one for one in self.worklist.all_tasks() if one.task_id in ids]
        if len(found) != 1:
            text = "this is the number of no task of the team, or of several: see `hub tasks --team " + self.team + "`"
            raise RejectedError(text, code="unknown_task")
        return found[0]


@contextmanager
def _opened(home: Path | None, account: str, team: str) -> Iterator[_Desk]:
    """Where any name is believed (a demo, a first trial) it is a member of every team."""
    from hub.access.opening import build_access_engine
    from hub.access.rights import each_for
    from hub.access.roles import Role
    from hub.bootstrap import build_audit, build_worklist
    from hub.bootstrap_tasks import build_answers
    from hub.commands.vault_person import person
    from hub.errors import ConfigError
    from hub.installation import load_teams
    from hub.settings import load_settings
    from hub.web.task_trail import TaskTrail

    settings = load_settings(home)
    teams = load_teams(settings.home)
    if team not in teams:
        raise ConfigError(f"no team {team}; teams.yaml has: {', '.join(teams)}", code="unknown_team")
    engine = build_access_engine(settings)
    try:
        with closing(build_audit(settings)) as audit:
            who = person(settings, engine, audit, account, believed=each_for((Role.TEAM_MEMBER,), teams))
            worklist = build_worklist(settings)
            answering, _notes = build_answers(settings, worklist)
            yield _Desk(settings, worklist, answering, TaskTrail(audit), who, team)
    finally:
        engine.dispose()


def show(number: Number, team: Team, account: As = "", home: Home = None, *, as_json: Json = False) -> None:
    """Show one task of your team: why it was proposed, its clock, what was done with it. Consent is decided anew; the look is
    in the audit log first, and it counts as opened.

    Example: hub tasks show 7d3f3c --team outreach --as faltare-1
    """
    from hub.access.roles import Action
    from hub.bootstrap_tasks import build_presenter
    from hub.clock import STOCKHOLM
    from hub.web.language import words

    with _opened(home, account, team) as desk:
        desk.admit(Action.TASK_OPEN)
        task_id = desk.find(number).task_id
        with desk.trail.opening(desk.who, team, task_id) as told:
            task = told(desk.worklist.open_task(task_id, team))
        history = desk.answering.history(task_id, team)
        calls = desk.answering.calls(task_id, team)
        page = build_presenter(desk.settings).page(task, team, words(desk.settings.language), desk.answering.now())
    facts = {
        "task": task.task_id,
        "function": page.row.function,
        "state": page.row.state,
        "due": "" if page.row.due is None else f"{page.row.due.word} {page.row.due.by.when}".strip(),
        "about": page.untold or page.subject,
        "why": page.why.sentence,
        "rule": page.rule,
    }
    steps = [(one.at, one.move.value, one.account, one.detail) for one in history]
    steps = sorted([*steps, *((one.at, one.step, "hub", one.to) for one in calls)])
    if as_json:
        happened = [{"at": at.isoformat(), "what": what, "by": by, "detail": detail} for at, what, by, detail in steps]
        typer.echo(json.dumps({**facts, "history": happened}, indent=2))
        return
    for name, value in facts.items():
        if value:
            typer.echo(f"{name + ':':<10}{value}")
    for at, what, by, detail in steps:
        typer.echo(f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H.%M}  {what}  {by}  {detail}".rstrip())


def accept(number: Number, team: Team, concern: Concern = None, account: As = "", home: Home = None) -> None:
    """The team takes the task, and whoever does it here has it. Say whether there is an immediate worry about the child.

    Example: hub tasks accept 7d3f3c --team outreach --no-concern --as faltare-1
    """
    _do(home, account, team, number, Asked(Move.ACCEPT, concern=concern))
    if concern:
        typer.echo("Make the report of concern now: 112 in an emergency, else the reception of social services.")


def decline(
    number: Number,
    team: Team,
    reason: Annotated[DeclineReason, typer.Option(help="Why, as a code.")],
    account: As = "",
    home: Home = None,
) -> None:
    """The team does not take the task, for good.

    Example: hub tasks decline 7d3f3c --team outreach --reason no_capacity --as faltare-1
    """
    _do(home, account, team, number, Asked(Move.DECLINE, reason.value))


def undo(number: Number, team: Team, account: As = "", home: Home = None) -> None:
    """The acceptance was a mistake: the task waits for an answer again.

    Example: hub tasks undo 7d3f3c --team outreach --as faltare-1
    """
    _do(home, account, team, number, Asked(Move.UNDO))


def start(number: Number, team: Team, account: As = "", home: Home = None) -> None:
    """Work has begun.

    Example: hub tasks start 7d3f3c --team outreach --as faltare-1
    """
    _do(home, account, team, number, Asked(Move.START))


def hand_over(
    number: Number,
    team: Team,
    to: Annotated[str, typer.Option(metavar="ACCOUNT", help="The account's id, as `hub account list` shows it.")],
    account: As = "",
    home: Home = None,
) -> None:
    """A colleague who has been at the team's pages lately is to have the task.

    Example: hub tasks hand-over 7d3f3c --team outreach --to account-2 --as faltare-1
    """
    _do(home, account, team, number, Asked(Move.HAND_OVER, to=to))


def complete(
    number: Number,
    team: Team,
    outcome: Annotated[Outcome, typer.Option(help="What became of it, as a code.")],
    account: As = "",
    home: Home = None,
) -> None:
    """The task has ended, with an outcome.

    Example: hub tasks complete 7d3f3c --team outreach --outcome service --as faltare-1
    """
    _do(home, account, team, number, Asked(Move.COMPLETE, outcome.value))


def take_over(number: Number, team: Team, account: As = "", home: Home = None) -> None:
    """Your team, called in another's place, has the task from now on. Only where the consent names your team.

    Example: hub tasks take-over 7d3f3c --team sspf --as samordnare-1
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged

    with _opened(home, account, team) as desk:
        desk.admit(Action.TASK_ANSWER)
        task = desk.find(number, of_others=True)
        with _recorded(desk, Logged.TASK_TAKEN_OVER, task, "") as record:
            done = desk.answering.take_over(task.task_id, team, desk.who.account, seen=task.version, record=record)
    _tell(done)


def _do(home: Path | None, account: str, team: str, number: str, asked: Asked) -> None:
    from hub.access.roles import Action, may
    from hub.web.answers import LOGGED

    with _opened(home, account, team) as desk:
        desk.admit(Action.TASK_ANSWER)
        task = desk.find(number)
        who = Who(desk.who.account, for_others=may(desk.who, Action.TASK_ASSIGN, team))
        with _recorded(desk, LOGGED[asked.move], task, asked.reason) as record:
            done = desk.answering.move(task.task_id, team, asked, who, seen=task.version, record=record)
    _tell(done)


@contextmanager
def _recorded(desk: _Desk, logged: Logged, task: TaskView, purpose: str) -> Iterator[Callable[[], object]]:
    """What writes the audit log within the deed; a refusal that leaves the block is in it too."""
    from hub.errors import RejectedError

    try:
        yield desk.trail.deed(desk.who, logged, desk.team, task.task_id, purpose=purpose)
    except RejectedError as error:
        desk.trail.refused(desk.who, logged, desk.team, task.task_id, error.code)
        raise


def _tell(task: TaskView) -> None:
    held = f", held by {task.holder}" if task.holder else ""
    typer.echo(f"{task.task_id[:8]}  {task.state.value}{held}")
