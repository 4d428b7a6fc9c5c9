"""Pages from templates, in the visitor's language. Everything is escaped; a name that a template misses is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hub.access.roles import Action, Principal, teams_where
from hub.audit.log import AuditLog
from hub.clock import Clock
from hub.delivery.worklist import Worklist
from hub.web.language import LANGUAGE_NAMES, Words, words
from hub.web.presenting import Presenter, moment
from hub.web.principal import COOKIE, Sessions

__all__ = ["LANGUAGE_COOKIE", "Renderer", "TeamTitle", "Web"]

LANGUAGE_COOKIE = "hub_language"


class TeamTitle(Protocol):
    """What the pages need of a team."""

    @property
    def title(self) -> str:
        """What the team calls itself."""
        ...


@dataclass(frozen=True, slots=True)
class Web:
    """What the pages are built from.

    `url` is where people reach them: its host is the only one answered to besides loopback, and with https cookies are sent
    over nothing else. `default_language` is used until a visitor chooses another.
    """

    worklist: Worklist
    teams: Mapping[str, TeamTitle]
    sessions: Sessions
    presenter: Presenter
    audit: AuditLog
    clock: Clock
    url: str
    default_language: str


class Renderer:
    """One per application."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._templates = Environment(
            loader=PackageLoader("hub.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    def words(self, request: Request) -> Words:
        """The visitor's language."""
        return words(request.cookies.get(LANGUAGE_COOKIE, self._web.default_language))

    def page(
        self, request: Request, template: str, principal: Principal | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page; `here` is what leads back to it after a change of language."""
        shown = self.words(request)
        theirs = teams_where(principal, Action.TASK_OPEN, self._web.teams) if principal else frozenset()
        own = [(code, team) for code, team in self._web.teams.items() if code in theirs]
        now = self._web.clock.now()
        common = {
            "_": shown.text, "ngettext": shown.many, "language": shown.language, "other_language": shown.other,
            "other_language_name": LANGUAGE_NAMES[shown.other], "principal": principal, "own_teams": own,
            "here": request.url.path, "current_team": None, "printed": moment(now, shown, now), "sought": "", "team": "",
        }  # fmt: skip
        text = self._templates.get_template(template).render(**{**common, **values})
        return HTMLResponse(text, status_code=status)

    def message(self, request: Request, heading: str, text: str, status: int, **values: Any) -> HTMLResponse:
        """A page that says one thing. `heading` and `text` are messages of the catalogue, `values` what they name.

        Whoever is not signed in finds the form for it below.
        """
        principal = self._web.sessions.principal(request.cookies.get(COOKIE))
        word = self.words(request).text
        return self.page(request, "message.html", principal, status=status, heading=word(heading), text=word(text, **values))
