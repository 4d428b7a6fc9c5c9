"""What every page of the outreach team's plan shares: whose it is, who did what, and a page for what cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
from hub.errors import RejectedError
from hub.presence.codes import ASSOCIATIONS, TEAM
from hub.presence.desk import PresenceDesk
from hub.web.forms import field
from hub.web.language import Words, mark
from hub.web.presence.titles import REFUSED
from hub.web.rendering import Renderer, Web

__all__ = ["Room", "seen_version"]


class Room:
    """Views behind guarded doors. Presence is one team's: the paths of others hold none."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self.web = web
        self.renderer = renderer

    @property
    def desk(self) -> PresenceDesk:
        """Loaded when somebody first asks for it."""
        return self.web.presence()

    @property
    def base(self) -> str:
        """Where the plan is."""
        return f"/team/{self.web.presence_team}/presence"

    def title(self, area: str) -> str:
        """An area as people call it."""
        return self.web.office.places.title(area)

    def areas(self) -> list[tuple[str, str]]:
        """Every area with its title, by title."""
        return sorted(((code, area.title) for code, area in self.web.office.places.areas.items()), key=lambda one: one[1])

    def who(self, who: str, names: Mapping[str, str], words: Words) -> str:
        """Who goes, as the team calls her."""
        if who == TEAM:
            return words.text("The whole team")
        if who == ASSOCIATIONS:
            return words.text("Associations alone")
        return names.get(who) or words.text("a colleague")

    def goers(self, words: Words) -> list[tuple[str, str]]:
        """Whom a form offers: (value, title)."""
        colleagues = [(one.account, one.name) for one in self.web.answering.colleagues(self.web.presence_team)]
        return [(TEAM, words.text("The whole team")), *colleagues, (ASSOCIATIONS, words.text("Associations alone"))]

    def page(
        self, request: Request, template: str, principal: Principal, *, here: str = "", status: int = 200, **values: Any
    ) -> Response:
        """A page of presence."""
        return self.renderer.page(
            request, f"presence/{template}.html", principal, status=status, current_team=self.web.presence_team, base=self.base,
            team=self.web.teams[self.web.presence_team].title, section=self.base, here=here or self.base, **values,
        )  # fmt: skip

    def answered(self, request: Request, principal: Principal, view: Callable[[], Response]) -> Response:
        """The view's answer, or a page that says why there is none."""
        if request.path_params["team"] != self.web.presence_team:
            return self.renderer.message(request, mark("No such page"), mark("Presence is planned by another team."), 404)
        try:
            return view()
        except RejectedError as error:
            if error.code not in REFUSED:
                raise
            status, text = REFUSED[error.code]
            words = self.renderer.words(request)
            return self.page(request, "told", principal, status=status, text=words.text(text))

    def record(
        self,
        principal: Principal,
        logged: Logged,
        kind: SubjectKind,
        number: str,
        *,
        purpose: str = "",
        action: Action = Action.PRESENCE_PLAN,
    ) -> Callable[[], object]:
        """What writes that somebody does something: called within the deed, before that holds."""
        entry = Entry(actor_of(principal, action, self.web.presence_team), logged, item=Subject(kind, number), purpose=purpose)
        return lambda: self.web.audit.append(entry)

    def refused(self, principal: Principal, logged: Logged, kind: SubjectKind, number: str, code: str) -> None:
        """A deed that was refused, by the code of why not."""
        actor = actor_of(principal, Action.PRESENCE_PLAN, self.web.presence_team)
        self.web.audit.append(Entry(actor, logged, item=Subject(kind, number), outcome=Outcome.DENY, rule=code))


def seen_version(request: Request) -> int:
    """What the form was answered against; none at all is nobody's."""
    sent = field(request, "version")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1
