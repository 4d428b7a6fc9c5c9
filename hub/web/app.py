"""The pages: one per team, one per task. Server-rendered; nothing is loaded from elsewhere; nothing is cached."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hub.clock import Clock
from hub.delivery.worklist import TaskView, Worklist
from hub.errors import RejectedError
from hub.metrics import WEB_REQUESTS
from hub.web.language import LANGUAGES, Words, words
from hub.web.presenting import Presenter
from hub.web.principal import COOKIE, SESSION_SECONDS, Principal, Sessions

__all__ = ["TeamTitle", "Web", "build_web"]

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_LANGUAGE_COOKIE = "hub_language"
_YEAR_SECONDS = 365 * 86400


class TeamTitle(Protocol):
    """What the pages need of a team."""

    @property
    def title(self) -> str:
        """What the team calls itself."""
        ...


@dataclass(frozen=True, slots=True)
class Web:
    """What the pages are built from. `default_language` is used until a visitor chooses another."""

    worklist: Worklist
    teams: Mapping[str, TeamTitle]
    sessions: Sessions
    presenter: Presenter
    clock: Clock
    default_language: str


_View = Callable[[Request, Principal], Awaitable[Response]]


class _Pages:
    def __init__(self, web: Web) -> None:
        self._web = web
        self._templates = Environment(
            loader=PackageLoader("hub.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    def words(self, request: Request) -> Words:
        return words(request.cookies.get(_LANGUAGE_COOKIE, self._web.default_language))

    def page(self, request: Request, template: str, principal: Principal | None, *, status: int = 200, **values: Any) -> Response:
        own = [(code, team) for code, team in self._web.teams.items() if principal and code in principal.teams]
        common = {"w": self.words(request), "base": "", "principal": principal, "own_teams": own, "path": request.url.path}
        common |= {"current_team": None, "now": self._web.clock.now()}
        text = self._templates.get_template(template).render(**{**common, **values})
        return HTMLResponse(text, status_code=status)

    def message(self, request: Request, principal: Principal | None, heading: str, text: str, status: int) -> Response:
        word = self.words(request).text
        asks = principal is None
        return self.page(request, "message.html", principal, status=status, heading=word(heading), text=word(text), sign_in=asks)

    def signed_in(self, view: _View) -> Callable[[Request], Awaitable[Response]]:
        """Every route but signing in goes through here: no Principal, no page."""

        async def guarded(request: Request) -> Response:
            principal = self._web.sessions.principal(request.cookies.get(COOKIE))
            if principal is None:
                return self.message(
                    request, None, "Sign in",
                    "These pages are for those who work with the tasks. Get a sign-in code with: hub web-login", 401,
                )  # fmt: skip
            return await view(request, principal)

        return guarded

    async def start(self, request: Request, principal: Principal) -> Response:
        waiting: dict[str, int] = {}
        for (team, _state), number in self._web.worklist.open_by_team().items():
            waiting[team] = waiting.get(team, 0) + number
        late = self._web.worklist.overdue_by_team()
        overview = [
            (code, team, waiting.get(code, 0), late.get(code, 0))
            for code, team in self._web.teams.items()
            if code in principal.teams
        ]
        return self.page(request, "start.html", principal, overview=overview)

    def _not_theirs(self, request: Request, principal: Principal, team: str) -> Response | None:
        if team in principal.teams and team in self._web.teams:
            return None
        known = self._web.teams.get(team)
        text = self.words(request).text("This belongs to {team}.", team=known.title) if known else "There is no such team."
        return self.message(request, principal, "Not for you", text, 403 if known else 404)

    async def team(self, request: Request, principal: Principal) -> Response:
        code = request.path_params["team"]
        refused = self._not_theirs(request, principal, code)
        if refused is not None:
            return refused
        show_all = request.query_params.get("all") == "1"
        tasks = self._web.worklist.of_team(code, include_closed=show_all)
        last = None if tasks else self._web.worklist.last_received(code)
        return self.page(
            request, "team.html", principal, current_team=code, team=self._web.teams[code], tasks=tasks, show_all=show_all,
            last_received=last, **self._web.presenter.for_templates(self.words(request)),
        )  # fmt: skip

    async def task(self, request: Request, principal: Principal) -> Response:
        code = request.path_params["team"]
        refused = self._not_theirs(request, principal, code)
        if refused is not None:
            return refused
        try:
            task = self._web.worklist.open_task(str(request.path_params["task"]), code)
        except RejectedError:
            return self.message(request, principal, "No such task", "There is no task of that number for this team.", 404)
        shown = self.words(request)
        return self.page(
            request, "task.html", principal, current_team=code, team=self._web.teams[code], task=task,
            explanation=self._web.presenter.explanation(task, shown), ended_because=_ended_because(task, shown),
            **self._web.presenter.for_templates(shown),
        )  # fmt: skip

    async def sign_in(self, request: Request) -> Response:
        form = await request.form()
        code = str(form.get("code") or request.query_params.get("code") or "")
        if not code:
            return self.message(request, None, "Sign in", "Get a sign-in code with: hub web-login", 200)
        try:
            cookie = self._web.sessions.sign_in(code.strip())
        except RejectedError:
            text = "That code has been used or is too old. Get a new one with: hub web-login"
            return self.message(request, None, "Sign in", text, 401)
        answer = RedirectResponse("/", status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=secure)
        return answer

    async def sign_out(self, request: Request, principal: Principal) -> Response:
        del request, principal
        answer = RedirectResponse("/", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    async def language(self, request: Request) -> Response:
        chosen = request.path_params["language"]
        back = urlsplit(request.query_params.get("back", "/")).path
        # A path of ours only: never a way to send somebody elsewhere.
        answer = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", status_code=303)
        if chosen in LANGUAGES:
            answer.set_cookie(_LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, samesite="lax")
        return answer


def _ended_because(task: TaskView, shown: Words) -> str:
    if task.reason == "ground_lost":
        return shown.text("The task was recalled: its ground has been corrected.")
    return shown.text("What this task said is no longer shown: there is no consent for it any more.")


async def _guard(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call(request)
    if not request.url.path.startswith("/static/"):
        response.headers.update(_HEADERS)
        route = request.scope.get("route")
        WEB_REQUESTS.labels(route=getattr(route, "path", "none"), status=str(response.status_code)).inc()
    return response


def build_web(web: Web) -> Starlette:
    """The ASGI application."""
    pages = _Pages(web)

    async def unknown(request: Request, _error: Exception) -> Response:
        principal = web.sessions.principal(request.cookies.get(COOKIE))
        return pages.message(request, principal, "No such page", "Go to the start page to see what waits.", 404)

    return Starlette(
        routes=[
            Route("/", pages.signed_in(pages.start)),
            Route("/team/{team}", pages.signed_in(pages.team)),
            Route("/team/{team}/task/{task:uuid}", pages.signed_in(pages.task)),
            Route("/sign-in", pages.sign_in, methods=["GET", "POST"]),
            Route("/sign-out", pages.signed_in(pages.sign_out), methods=["POST"]),
            Route("/language/{language}", pages.language),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard)],
        exception_handlers={404: unknown},
    )
