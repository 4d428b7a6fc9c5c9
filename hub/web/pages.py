"""The pages of those who are signed in: start, a team's list, one task, and finding a task by its number."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.errors import RejectedError
from hub.web.language import mark
from hub.web.principal import COOKIE, Principal
from hub.web.rendering import Renderer, Web

__all__ = ["Pages"]

_LIST_LIMIT = 500
_NUMBER = re.compile(r"[0-9a-f-]{6,36}")


class Pages:
    """Views are plain functions: the application runs them in threads, so that a slow database holds up nobody else."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def signed_in(self, view: Callable[[Request, Principal], Response]) -> Callable[[Request], Response]:
        """Every route but signing in, language and static files goes through here: no Principal, no page."""

        def guarded(request: Request) -> Response:
            principal = self._web.sessions.principal(request.cookies.get(COOKIE))
            if principal is None:
                text = mark("These pages are for those who work with the tasks. Get a sign-in code with: hub web-login")
                return self._renderer.message(request, mark("Sign in"), text, 401)
            return view(request, principal)

        return guarded

    def start(self, request: Request, principal: Principal) -> Response:
        """What waits for whom; whoever has one team only is led to it."""
        own = [code for code in self._web.teams if code in principal.teams]
        if len(own) == 1:
            return RedirectResponse(f"/team/{own[0]}", status_code=303)
        waiting: dict[str, int] = {}
        for (team, _state), number in self._web.worklist.open_by_team().items():
            waiting[team] = waiting.get(team, 0) + number
        late = self._web.worklist.overdue_by_team()
        overview = [(code, self._web.teams[code].title, waiting.get(code, 0), late.get(code, 0)) for code in own]
        return self._renderer.page(request, "start.html", principal, overview=overview)

    def team(self, request: Request, principal: Principal) -> Response:
        """A team's tasks; with `?all=1` the ended ones too."""
        code = request.path_params["team"]
        refused = self._not_theirs(request, principal, code)
        if refused is not None:
            return refused
        show_all = request.query_params.get("all") == "1"
        words, now = self._renderer.words(request), self._web.clock.now()
        tasks = self._web.worklist.of_team(code, include_closed=show_all, limit=_LIST_LIMIT)
        last = None if tasks else self._web.worklist.last_received(code)
        return self._renderer.page(
            request, "team.html", principal, current_team=code, team=self._web.teams[code].title, show_all=show_all,
            rows=[self._web.presenter.row(task, words, now) for task in tasks], cut=len(tasks) == _LIST_LIMIT,
            last_received=None if last is None else words.when(last), here=f"/team/{code}" + ("?all=1" if show_all else ""),
        )  # fmt: skip

    def task(self, request: Request, principal: Principal) -> Response:
        """One task. That it was opened is kept, so nothing but a person's GET may come here."""
        code = request.path_params["team"]
        refused = self._not_theirs(request, principal, code)
        if refused is not None:
            return refused
        try:
            task = self._web.worklist.open_task(str(request.path_params["task"]), code)
        except RejectedError:
            text = mark("There is no task of that number for this team.")
            return self._renderer.message(request, mark("No such task"), text, 404)
        title, words = self._web.teams[code].title, self._renderer.words(request)
        page = self._web.presenter.page(task, title, words, self._web.clock.now())
        return self._renderer.page(request, "task.html", principal, current_team=code, team=title, task=page)

    def find(self, request: Request, principal: Principal) -> Response:
        """A task by its number, or the number's first six characters or more; only among the teams of the one who asks."""
        sought = request.query_params.get("number", "").strip().lower()
        if _NUMBER.fullmatch(sought):
            found = self._web.worklist.find(sought, principal.teams & set(self._web.teams))
            if len(found) == 1:
                return RedirectResponse("/team/{}/task/{}".format(*found[0]), status_code=303)
        text = mark("No task of yours has that number. Give at least its first six characters.")
        return self._renderer.message(request, mark("No such task"), text, 404, sought=sought)

    def _not_theirs(self, request: Request, principal: Principal, team: str) -> Response | None:
        known = self._web.teams.get(team)
        if known is None:
            return self._renderer.message(request, mark("No such page"), mark("There is no such team."), 404)
        if team in principal.teams:
            return None
        return self._renderer.message(request, mark("Not for you"), mark("This belongs to {team}."), 403, team=known.title)
