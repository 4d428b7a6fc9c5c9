"""The pages: one per team, one per task. Server-rendered; nothing is loaded from elsewhere; nothing is cached."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from hub.access.roles import Action
from hub.web.access_review import AccessReview
from hub.web.answers import Answers, answer_doors
from hub.web.approvals import Approvals
from hub.web.calendar_pages import CalendarPages
from hub.web.cases.routes import case_doors
from hub.web.changes import Changes
from hub.web.consents.desk import Desk
from hub.web.consents.routes import consent_doors
from hub.web.doors import Doors
from hub.web.entrance import Entrance
from hub.web.guard import Guard, is_asset
from hub.web.identities import Identities
from hub.web.lanes.routes import lane_doors
from hub.web.language import mark
from hub.web.me import Me
from hub.web.notices.routes import notice_doors
from hub.web.observations.routes import observation_doors
from hub.web.operations.routes import operation_doors
from hub.web.orders.routes import order_doors
from hub.web.pages import Pages
from hub.web.presence.routes import presence_doors
from hub.web.provider_entrance import ProviderEntrance
from hub.web.rendering import Renderer, TeamTitle, Web
from hub.web.rules.council import Council
from hub.web.sealed_requests import SealedRequests
from hub.web.today import Today
from hub.web.turned_away import TurnedAway

__all__ = ["TeamTitle", "Web", "build_web"]

_TASK = "/team/{team}/task/{task:uuid}"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def _host(url: str) -> str:
    host = urlsplit(url).hostname or "localhost"
    return f"[{host}]" if ":" in host else host


def build_web(web: Web) -> Starlette:
    """The ASGI application.

    It answers to its own names only: another site's name that leads here (DNS rebinding) gets nothing.
    """
    renderer, turned_away = Renderer(web), TurnedAway(web.audit, web.clock)
    pages, entrance, elsewhere = Pages(web, renderer), Entrance(web, renderer), ProviderEntrance(web, renderer, turned_away)
    doors, me, approvals = Doors(web, renderer, elsewhere.again, turned_away), Me(web, renderer), Approvals(web, renderer)
    identities, sealed, council = Identities(web, renderer), SealedRequests(web, renderer), Council(web, renderer)
    calendars = CalendarPages(web, renderer)

    def refused(request: Request, error: Exception) -> Response:
        plain = is_asset(request)  # a browser asks for it, nobody reads it: no page that knows who is signed in
        if isinstance(error, HTTPException) and (plain or error.status_code != 404):
            return Response(status_code=error.status_code, headers=error.headers)
        text = mark("Go to the start page to see what waits.")
        return renderer.message(request, mark("No such page"), text, 404)

    app = Starlette(
        routes=[
            doors.guarded("/", pages.start, Action.START_SEE),
            doors.guarded("/find", pages.find, Action.TASK_OPEN, "POST"),
            doors.guarded("/find", pages.found_nothing, Action.TASK_OPEN),
            doors.guarded("/team/{team}", pages.team, Action.TASK_OPEN),
            doors.guarded("/team/{team}/today", Today(web, renderer).page, Action.TASK_OPEN),
            doors.guarded("/team/{team}/calendar", calendars.page, Action.TASK_OPEN),
            doors.guarded("/team/{team}/calendar", calendars.change, Action.TASK_OPEN, "POST"),
            doors.guarded("/team/{team}/changes", Changes(web, renderer).view, Action.TASK_OPEN),
            doors.guarded(_TASK, pages.task, Action.TASK_OPEN),
            doors.guarded(f"{_TASK}/acknowledge", pages.acknowledge, Action.TASK_OPEN, "POST"),
            *answer_doors(doors, _TASK, Answers(web, renderer, pages)),
            doors.guarded(f"{_TASK}/identity", identities.of_task, Action.IDENTITY_IN_TASK, "POST"),
            doors.open("/sign-in", entrance.sign_in, "GET", "POST"),
            doors.open("/sign-in/password", entrance.choose_password, "POST"),
            doors.open("/sign-in/provider", elsewhere.begin),
            doors.open("/sign-in/return", elsewhere.finish),
            doors.open("/sign-out/provider", elsewhere.left),
            doors.machine("/sign-out/back-channel", elsewhere.signed_out),
            doors.guarded("/sign-out", entrance.sign_out, Action.SESSION_SEE, "POST"),
            doors.guarded("/me", me.page, Action.SESSION_SEE),
            doors.guarded("/me/sessions", me.end_sessions, Action.SESSION_SEE, "POST"),
            doors.guarded("/me/password", me.change_password, Action.SESSION_SEE, "POST"),
            doors.guarded("/approvals", approvals.page, Action.APPROVAL_SEE),
            doors.guarded("/approvals", approvals.decide, Action.APPROVAL_SEE, "POST"),
            doors.guarded("/approvals/sealed", sealed.page, Action.SEALED_REQUEST),
            doors.guarded("/approvals/sealed", sealed.ask, Action.SEALED_REQUEST, "POST"),
            doors.open("/language/{language}", entrance.language),
            doors.open("/keys/{state}", entrance.keys),
            doors.guarded("/rules", council.page, Action.RULE_SEE),
            doors.guarded("/rules/{rule}/renew", council.ask, Action.RULE_RENEW),
            doors.guarded("/rules/{rule}/renew", council.renew, Action.RULE_RENEW, "POST"),
            doors.guarded("/audit/review", AccessReview(web, renderer).page, Action.AUDIT_REVIEW),
            *case_doors(doors, web, renderer),
            *order_doors(doors, web, renderer),
            *consent_doors(doors, Desk(web, renderer, web.office)),
            *operation_doors(doors, web, renderer),
            *notice_doors(doors, web, renderer),
            *lane_doors(doors, web, renderer),
            *observation_doors(doors, web, renderer),
            *presence_doors(doors, web, renderer),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[
            Middleware(BaseHTTPMiddleware, dispatch=Guard(renderer, turned_away)),
            Middleware(TrustedHostMiddleware, allowed_hosts=[*_LOOPBACK, _host(web.url)], www_redirect=False),
        ],
        exception_handlers={HTTPException: refused},
    )
    app.state.turned_away = turned_away  # for whoever serves it: what is summed is written at the end
    return app
