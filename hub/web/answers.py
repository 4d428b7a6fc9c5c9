"""What a team does with a task on its page: each an act (POST), in the audit log before it holds, and shown again when amiss."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal, may
from hub.audit.actions import Action as Logged
from hub.delivery.moves import Asked, Move, Who
from hub.delivery.notes import NoteKind
from hub.errors import RejectedError, RetriableError
from hub.web.doors import Door, Doors
from hub.web.forms import field
from hub.web.language import mark
from hub.web.pages import Pages
from hub.web.rendering import Renderer, Web
from hub.web.task_deeds import Filled
from hub.web.task_titles import AMISS, NOT_TAKEN_OVER, REFUSED
from hub.web.task_trail import TaskTrail

__all__ = ["LOGGED", "Answers", "answer_doors"]

LOGGED: Final = {
    Move.ACCEPT: Logged.TASK_ACCEPTED,
    Move.DECLINE: Logged.TASK_DECLINED,
    Move.UNDO: Logged.TASK_UNDONE,
    Move.START: Logged.TASK_STARTED,
    Move.HAND_OVER: Logged.TASK_HANDED_OVER,
    Move.COMPLETE: Logged.TASK_COMPLETED,
}
"""What the audit log calls each move of people's."""
_DONE: Final = {
    Move.ACCEPT: "accepted",
    Move.DECLINE: "declined",
    Move.UNDO: "undone",
    Move.START: "started",
    Move.HAND_OVER: "handed-over",
    Move.COMPLETE: "completed",
}
_CONCERN: Final = {"yes": True, "no": False}


class Answers:
    """Views behind guarded doors; `pages` shows the task again when something is wrong."""

    def __init__(self, web: Web, renderer: Renderer, pages: Pages) -> None:
        self._web = web
        self._renderer = renderer
        self._pages = pages
        self._trail = TaskTrail(web.audit)

    def accept(self, request: Request, principal: Principal) -> Response:
        """The team takes it; whoever says that there is an immediate worry is led to the report of concern."""
        asked = Asked(Move.ACCEPT, concern=_CONCERN.get(field(request, "concern")))
        then = f"{_path(request)}/concern" if asked.concern else ""
        return self._move(request, principal, asked, "concern" if asked.concern else "no_concern", then=then)

    def decline(self, request: Request, principal: Principal) -> Response:
        """The team does not take it, for a coded reason."""
        return self._move(request, principal, Asked(Move.DECLINE, field(request, "reason")), field(request, "reason"))

    def undo(self, request: Request, principal: Principal) -> Response:
        """The acceptance was a mistake."""
        return self._move(request, principal, Asked(Move.UNDO))

    def start(self, request: Request, principal: Principal) -> Response:
        """Work has begun."""
        return self._move(request, principal, Asked(Move.START))

    def hand_over(self, request: Request, principal: Principal) -> Response:
        """Somebody else of the team is to have it."""
        return self._move(request, principal, Asked(Move.HAND_OVER, to=field(request, "to")[:64]))

    def complete(self, request: Request, principal: Principal) -> Response:
        """It has ended, with an outcome."""
        return self._move(request, principal, Asked(Move.COMPLETE, field(request, "outcome")), field(request, "outcome"))

    def take_over(self, request: Request, principal: Principal) -> Response:
        """A team that is called in another's place has the task from now on."""
        team, task = _place(request)
        record = self._trail.deed(principal, Logged.TASK_TAKEN_OVER, team, task)
        try:
            self._web.answering.take_over(task, team, principal.account, seen=_version(request), record=record)
        except RejectedError as error:
            self._trail.refused(principal, Logged.TASK_TAKEN_OVER, team, task, error.code)
            here, told = f"/team/{team}?show=called", NOT_TAKEN_OVER[error.code]
            status = 404 if error.code == "unknown_task" else 409
            heading, back, title = mark("The task was not taken over"), mark("Back to {team}"), self._web.teams[team].title
            return self._renderer.message(request, heading, told, status, here=here, back=back, team=title)
        return RedirectResponse(f"{_path(request)}?done=taken-over", status_code=303)

    def note(self, request: Request, principal: Principal) -> Response:
        """Something to remember with the task; of a safe contact it is shown before all else."""
        kind = NoteKind.SAFE_CONTACT if field(request, "safe") else NoteKind.NOTE
        team, task = _place(request)
        record = self._trail.deed(principal, Logged.TASK_NOTED, team, task, purpose=kind.value)

        def deed() -> None:
            self._web.notes.add(task, team, principal.account, kind, field(request, "text"), record=record)

        return self._answered(request, principal, deed, "noted", Logged.TASK_NOTED)

    def concern(self, request: Request, principal: Principal) -> Response:
        """How to make a report of concern now. That somebody went on to it is recorded; nothing holds it up."""
        team, task = _place(request)
        # The duty to report waits for no log (SoL 2025:400 ch. 19), and the page tells nothing of anybody.
        recorded = False
        with suppress(RetriableError):
            self._trail.deed(principal, Logged.REPORT_OF_CONCERN_LED_TO, team, task)()
            recorded = True
        return self._renderer.page(
            request, "task_concern.html", principal, current_team=team, team=self._web.teams[team].title, back=_path(request),
            reception=self._web.observing.reception, recorded=recorded, here=f"{_path(request)}/concern",
        )  # fmt: skip

    def _move(self, request: Request, principal: Principal, asked: Asked, purpose: str = "", *, then: str = "") -> Response:
        team, task = _place(request)
        who = Who(principal.account, for_others=may(principal, Action.TASK_ASSIGN, team))
        record = self._trail.deed(principal, LOGGED[asked.move], team, task, purpose=purpose)

        def deed() -> None:
            self._web.answering.move(task, team, asked, who, seen=_version(request), record=record)

        return self._answered(request, principal, deed, _DONE[asked.move], LOGGED[asked.move], then=then)

    def _answered(
        self, request: Request, principal: Principal, deed: Callable[[], None], done: str, logged: Logged, *, then: str = ""
    ) -> Response:
        team, task = _place(request)
        try:
            deed()
        except RejectedError as error:
            self._trail.refused(principal, logged, team, task, error.code)
            return self._again(request, principal, error.code)
        return RedirectResponse(then or f"{_path(request)}?done={done}", status_code=303)

    def _again(self, request: Request, principal: Principal, code: str) -> Response:
        """The task as it stands now, with what was typed and why nothing was done."""
        words = self._renderer.words(request)
        if code == "unknown_task":
            text = mark("There is no task of that number for this team.")
            return self._renderer.message(request, mark("No such task"), text, 404)
        code = "unknown_outcome" if code == "unknown_reason" and request.url.path.endswith("/complete") else code
        name, told = AMISS.get(code, ("", ""))
        filled = Filled(
            reason=field(request, "reason"), outcome=field(request, "outcome"), to=field(request, "to"),
            text=field(request, "text"), safe=bool(field(request, "safe")), wrong={name: words.text(told)} if told else {},
        )  # fmt: skip
        alert = "" if told else words.text(REFUSED[code])
        return self._pages.shown(request, principal, filled=filled, alert=alert, status=400 if told else 409)


def answer_doors(doors: Doors, task: str, answers: Answers) -> list[Door]:
    """The ways to them, below the path of a task's page."""
    deeds = {
        "accept": answers.accept, "decline": answers.decline, "undo": answers.undo, "start": answers.start,
        "hand-over": answers.hand_over, "complete": answers.complete, "note": answers.note, "take-over": answers.take_over,
    }  # fmt: skip
    acts = [doors.guarded(f"{task}/{name}", view, Action.TASK_ANSWER, "POST") for name, view in deeds.items()]
    return [*acts, doors.guarded(f"{task}/concern", answers.concern, Action.TASK_OPEN)]


def _place(request: Request) -> tuple[str, str]:
    return request.path_params["team"], str(request.path_params["task"])


def _path(request: Request) -> str:
    return "/team/{}/task/{}".format(*_place(request))


def _version(request: Request) -> int:
    """What the form was answered against; none at all is nobody's."""
    sent = field(request, "version")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1
