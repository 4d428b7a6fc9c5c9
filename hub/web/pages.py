"""The pages of those who are signed in: start, a team's list, one task, and finding a task by its number."""

from __future__ import annotations

import re
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import BOUND, Action, Principal, may, may_somewhere, teams_where
from hub.cases.reviewing import CLOSING_REVIEW
from hub.contract.models import ReferralTask, TaskState
from hub.delivery.listing import Shown
from hub.delivery.views import TaskView
from hub.errors import RejectedError
from hub.web.followed_up import shown_week
from hub.web.forms import field
from hub.web.language import mark
from hub.web.presence.raising import plan_at, told_raised
from hub.web.presenting import NOT_LOOKED, left_in
from hub.web.rendering import Renderer, Web
from hub.web.task_deeds import EMPTY, Filled, deeds_of, holder_name
from hub.web.task_titles import DONE, FEW, LISTS
from hub.web.task_trail import TaskTrail

__all__ = ["Pages"]

_PAGE = 50
"""Rows of a page: what a busy person looks through at once."""
_MOST_PAGES = 10_000
_OWN_PAGES = (
    (Action.CONSENT_SEE, "/consents"),
    (Action.AUDIT_REVIEW, "/audit/review"),
    (Action.OPERATIONS_SEE, "/sources"),
    (Action.STATUTORY_READ, "/reports"),
    (Action.PROTECTED_READ, "/protected"),
    (Action.LETTER_SEE, "/letters"),
)
"""Where whoever has no team is led, by what the role may do: the first that holds."""
_TAKEN = frozenset({TaskState.ACCEPTED, TaskState.IN_PROGRESS})
_NUMBER = re.compile(r"[0-9a-f-]{6,36}")


class Pages:
    """Views behind guarded doors: who comes here may do what the door asks for."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer
        self._trail = TaskTrail(web.audit)

    def start(self, request: Request, principal: Principal) -> Response:
        """What waits for whom; a member of one team is led to it, a head sees what share of its tasks was followed up."""
        theirs = teams_where(principal, Action.TASK_OPEN, self._web.teams)
        own = [code for code in self._web.teams if code in theirs]
        headed = [code for code in own if may(principal, Action.TASK_ASSIGN, code)]
        if len(own) == 1 and not headed:
            return RedirectResponse(f"/team/{own[0]}", status_code=303)
        elsewhere = [path for action, path in _OWN_PAGES if may_somewhere(principal, action)]
        if not own and elsewhere:
            return RedirectResponse(elsewhere[0], status_code=303)
        if not principal.roles.keys() & BOUND and may_somewhere(principal, Action.OBSERVATION_REPORT):
            return RedirectResponse("/observations", status_code=303)
        if own:
            self._web.audit.require()
        waiting: dict[str, int] = {}
        for (team, _state), number in self._web.worklist.open_by_team().items():
            waiting[team] = waiting.get(team, 0) + number
        late = self._web.worklist.overdue_by_team()
        overview = [(code, self._web.teams[code].title, waiting.get(code, 0), late.get(code, 0)) for code in own]
        words, figures = self._renderer.words(request), self._web.worklist.weeks_of(headed) if headed else {}
        for code in headed:
            self._trail.figures(principal, code)
        followed = [(self._web.teams[code].title, [shown_week(one, words) for one in figures[code]]) for code in headed]
        calling = [(code, self._web.teams[code].title, self._few(code, principal)) for code in own]
        return self._renderer.page(
            request, "start.html", principal, overview=overview, followed=followed,
            calling=[(code, title, counts) for code, title, counts in calling if any(counts.values())],
        )  # fmt: skip

    def team(self, request: Request, principal: Principal) -> Response:
        """A team's tasks, a page at a time; `show` chooses which of the open ones, `?all=1` has the ended ones too."""
        code = request.path_params["team"]
        show_all = request.query_params.get("all") == "1"
        shown, number = _chosen(request, show_all=show_all), _page_number(request)
        words, now, account = self._renderer.words(request), self._web.clock.now(), principal.account
        self._web.answering.meet(code, account, principal.name)
        is_head = may(principal, Action.TASK_ASSIGN, code)
        version = self._web.worklist.version_of(code)  # before what it is the version of: what comes in between is told
        tasks = self._web.worklist.of_team(
            code, shown, account=account, is_head=is_head, start=(number - 1) * _PAGE, limit=_PAGE + 1
        )
        counts, names = self._web.worklist.counts_of(code, account, is_head=is_head), self._web.answering.names(code)
        last = None if tasks else self._web.worklist.last_received(code)
        self._trail.listed(principal, code, show_all=show_all)
        offered = {**LISTS, **{one: title for one, title in FEW.items() if counts[one] or one is shown}}
        lists = [(one.value, words.text(title), counts[one], one is shown) for one, title in offered.items()]
        rows = [
            replace(
                self._web.presenter.row(one, words, now), holder=holder_name(one, names, words), of_team=self._whose(one, code)
            )
            for one in tasks[:_PAGE]
        ]
        chosen = "all=1" if show_all else f"show={shown.value}" if shown is not Shown.OPEN else ""
        return self._renderer.page(
            request, "team.html", principal, current_team=code, team=self._web.teams[code].title, show_all=show_all, rows=rows,
            lists=lists, chosen=chosen, narrowed=shown not in {Shown.OPEN, Shown.ALL}, number=number, more=len(tasks) > _PAGE,
            total=counts[Shown.OPEN if show_all else shown], presence_plan=code == self._web.presence_team,
            takes_orders=self._web.teams[code].takes_orders,
            stale=words.text(NOT_LOOKED) if any(task.withheld for task in tasks) else "",
            left=[left_in(*one, words) for one in self._web.worklist.left_behind(code)],
            last_received=None if last is None else words.when(last), here=_here(request, chosen, number),
            unopened=counts[Shown.NEW], version=version,
        )  # fmt: skip

    def _few(self, team: str, principal: Principal) -> dict[str, int]:
        """How much there is in the lists that are offered only then."""
        is_head = may(principal, Action.TASK_ASSIGN, team)
        counts = self._web.worklist.counts_of(team, principal.account, is_head=is_head)
        return {one.value: counts[one] for one in FEW}

    def _whose(self, task: TaskView, team: str) -> str:
        """Of a task that another team has: what that is called; else nothing."""
        known = self._web.teams.get(task.team)
        return "" if task.team == team else task.team if known is None else known.title

    def task(self, request: Request, principal: Principal) -> Response:
        """One task. That it was opened is kept, and in the audit log before it is shown: only a person's GET may come here."""
        done = DONE.get(request.query_params.get("done", ""), "")
        return self.shown(request, principal, done=self._renderer.words(request).text(done) if done else "")

    def shown(
        self,
        request: Request,
        principal: Principal,
        *,
        filled: Filled = EMPTY,
        alert: str = "",
        done: str = "",
        status: int = 200,
    ) -> Response:
        """A task's page, also after a deed that was refused: then with what was typed, and why."""
        code = request.path_params["team"]
        number = str(request.path_params["task"])
        try:
            with self._trail.opening(principal, code, number) as told:
                task = told(self._web.worklist.open_task(number, code))
        except RejectedError as error:
            if error.code != "unknown_task":
                raise
            text = mark("There is no task of that number for this team.")
            return self._renderer.message(request, mark("No such task"), text, 404)
        self._web.answering.meet(code, principal.account, principal.name)
        title, words, now = self._web.teams[code].title, self._renderer.words(request), self._web.clock.now()
        keeps = self._web.teams[code].cases and may(principal, Action.CASE_READ, code)
        deeds = deeds_of(task, principal, self._web.answering, self._web.notes, teams=self._web.teams, words=words, now=now)
        return self._renderer.page(
            request, "task.html", principal, status=status, current_team=code, team=title, here=f"/team/{code}/task/{number}",
            task=self._web.presenter.page(task, title, words, now), may_reveal=_may_reveal(principal, task), deeds=deeds,
            raised=told_raised(self._web, task, words, now), plan_at=plan_at(task),
            opens_case=keeps and task.state in _TAKEN and isinstance(task.content, ReferralTask),
            case=self._web.casework.cases.open_from(number, code) if keeps else None,
            case_at=_case_at(self._web, principal, task),
            form=filled, alert=alert, done=done, errors=[{"field": name, "text": text} for name, text in filled.wrong.items()],
        )  # fmt: skip

    def acknowledge(self, request: Request, principal: Principal) -> Response:
        """Somebody of the team says that she has read that consent is withdrawn; the erasure's status shows it."""
        code, number = request.path_params["team"], str(request.path_params["task"])
        try:
            with self._trail.acknowledging(principal, code, number):
                self._web.worklist.acknowledge(number, code)
        except RejectedError as error:
            if error.code not in {"unknown_task", "nothing_to_acknowledge"}:
                raise
            text = mark("There is nothing to acknowledge for this task.")
            return self._renderer.message(request, mark("Nothing to acknowledge"), text, 404)
        return RedirectResponse(f"/team/{code}/task/{number}", status_code=303)

    def find(self, request: Request, principal: Principal) -> Response:
        """A task or a case of the teams of the one who asks, by its number, or the number's first six characters or more.

        A form that is posted: whatever is typed there by mistake, a personal number too, stands in no address, history or log.
        """
        sought = field(request, "number").strip().lower()
        if _NUMBER.fullmatch(sought):
            teams = self._web.teams
            tasks = self._web.worklist.find(sought, teams_where(principal, Action.TASK_OPEN, teams))
            cases = self._web.casework.cases.find(sought, teams_where(principal, Action.CASE_READ, teams))
            found = [("task", *one) for one in tasks] + [("case", *one) for one in cases]
            self._trail.sought(principal, found)
            if len(found) == 1:
                kind, team, number = found[0]
                return RedirectResponse(f"/team/{team}/{kind}/{number}", status_code=303)
        return RedirectResponse("/find", status_code=303)

    def found_nothing(self, request: Request, _principal: Principal) -> Response:
        """What `find` leads to when nothing has the number: a page of its own, so that going back sends no form again."""
        text = mark("Nothing of yours has that number. Give at least its first six characters.")
        return self._renderer.message(request, mark("No such number"), text, 404)


def _may_reveal(principal: Principal, task: TaskView) -> bool:
    """Whether the page offers to show whom an open task is about; whether it is shown is decided then."""
    about_a_youth = isinstance(task.content, ReferralTask) and task.closed_at is None
    return about_a_youth and may(principal, Action.IDENTITY_IN_TASK, task.team)


def _case_at(web: Web, principal: Principal, task: TaskView) -> str:
    """Where the open case stands that a task proposes to look at; empty where there is none, or it may not be read."""
    keeps = web.teams[task.team].cases and may(principal, Action.CASE_READ, task.team)
    if not keeps or task.function != CLOSING_REVIEW or not isinstance(task.content, ReferralTask):
        return ""
    case = web.casework.cases.of_task(task.task_id, task.team)
    return f"/team/{task.team}/case/{case}#close" if case else ""


def _chosen(request: Request, *, show_all: bool) -> Shown:
    if show_all:
        return Shown.ALL
    wanted = request.query_params.get("show", "")
    return next((one for one in (*LISTS, *FEW) if one.value == wanted), Shown.OPEN)


def _page_number(request: Request) -> int:
    sent = request.query_params.get("page", "")
    number = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 else 1
    return min(max(number, 1), _MOST_PAGES)


def _here(request: Request, chosen: str, number: int) -> str:
    """The address of this very list, for whoever changes the language."""
    asked = "&".join(filter(None, (chosen, f"page={number}" if number > 1 else "")))
    return request.url.path + (f"?{asked}" if asked else "")
