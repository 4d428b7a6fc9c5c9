"""One visit to the cases of a team: its tools, and the page that says that the team keeps none."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Principal
from hub.contract.models import Cooperation
from hub.web.cases.office import CaseOffice
from hub.web.cases.showing import CaseShowing
from hub.web.cases.trail import CaseTrail
from hub.web.language import mark
from hub.web.rendering import Renderer, Web

__all__ = ["CaseVisit", "no_case", "visit_of"]


class CaseVisit:
    """Of a team that keeps cases."""

    def __init__(self, web: Web, renderer: Renderer, request: Request, principal: Principal, cooperation: Cooperation) -> None:
        self.web = web
        self.request = request
        self.principal = principal
        self.team: str = request.path_params["team"]
        self.cooperation = cooperation
        self.now = web.clock.now()
        self.words = renderer.words(request)
        self.trail = CaseTrail(web.audit, principal, self.team)
        self.showing = CaseShowing(web.office, self.words, self.now)
        self._renderer = renderer

    @property
    def office(self) -> CaseOffice:
        """Where the cases are."""
        return self.web.casework

    @property
    def case(self) -> str:
        """The case that the address names; empty where it names none."""
        return str(self.request.path_params.get("case", ""))

    @property
    def path(self) -> str:
        """Where the case's page is, or that of all."""
        return f"/team/{self.team}/case/{self.case}" if self.case else f"/team/{self.team}/cases"

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page of cases; it can be come back to at the case's own, or the list's."""
        common = {
            "current_team": self.team, "team": self.web.teams[self.team].title, "here": self.path, "path": self.path,
            "cases": f"/team/{self.team}/cases", "sig": self.cooperation is Cooperation.SIG,
            "kind": self.cooperation.value.upper(),
        }  # fmt: skip
        return self._renderer.page(
            self.request, f"cases/{template}.html", self.principal, status=status, **{**common, **values}
        )  # fmt: skip

    def message(self, heading: str, text: str, status: int) -> Response:
        """A page that says one thing."""
        cases = f"/team/{self.team}/cases"
        return self._renderer.message(self.request, heading, text, status, here=cases, back=mark("Back to the cases"))


def visit_of(web: Web, renderer: Renderer, request: Request, principal: Principal) -> CaseVisit | Response:
    """The visit; or a page that says that this team keeps no cases."""
    team = web.office.teams.get(request.path_params["team"])
    if team is None or not team.cases:
        text = mark("This team keeps no cases. Whoever runs the hub can change that: cases in teams.yaml.")
        return renderer.message(request, mark("No such page"), text, 404)
    return CaseVisit(web, renderer, request, principal, team.cooperation)


def no_case(visit: CaseVisit) -> Response:
    """There is none of that number for this team."""
    return visit.message(mark("No such case"), mark("There is no case of that number for this team."), 404)
