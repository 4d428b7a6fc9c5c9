"""What the views of the consent pages share: the office, the drafts, and how a page is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Principal
from hub.web.consents.drafts import Drafts
from hub.web.consents.office import Office
from hub.web.consents.showing import Showing
from hub.web.forms import field
from hub.web.language import Words
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web
from hub.web.shown import Moment

if TYPE_CHECKING:
    from hub.registry.casework import Casework

__all__ = ["Desk", "Visit"]


class Desk:
    """One per application."""

    def __init__(self, web: Web, renderer: Renderer, office: Office) -> None:
        self.web = web
        self.renderer = renderer
        self.office = office
        self.drafts = Drafts()

    @property
    def casework(self) -> Casework:
        """The registry, opened when it is first needed."""
        return self.office.casework()

    def now(self) -> datetime:
        """The present instant, UTC."""
        return self.web.clock.now()

    def view(self, answer: Callable[[Visit], Response]) -> Callable[[Request, Principal], Response]:
        """A view as a door takes it, made of one that takes a visit."""
        return lambda request, principal: answer(Visit(self, request, principal))


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the desk with one request."""

    desk: Desk
    request: Request
    who: Principal

    @property
    def casework(self) -> Casework:
        """The registry, opened when it is first needed."""
        return self.desk.casework

    @property
    def office(self) -> Office:
        return self.desk.office

    @property
    def words(self) -> Words:
        """The visitor's language."""
        return self.desk.renderer.words(self.request)

    @property
    def showing(self) -> Showing:
        """The words for what the registry says."""
        return Showing(self.office, self.words, self.now)

    @property
    def now(self) -> datetime:
        """The present instant, UTC."""
        return self.desk.now()

    @property
    def posted(self) -> bool:
        return self.request.method == "POST"

    def field(self, name: str) -> str:
        """One field of the form that was sent; empty when it was not."""
        return field(self.request, name) if self.posted else ""

    def moment(self, instant: datetime) -> Moment:
        """An instant in the visitor's words."""
        return moment(instant, self.words, self.now)

    def maybe(self, instant: datetime | None) -> Moment | None:
        """The same for what may not have been."""
        return None if instant is None else self.moment(instant)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page of the consent office; on paper it bears the unit's name."""
        common = {"unit": self.office.unit, "section": "/consents"}
        return self.desk.renderer.page(self.request, template, self.who, status=status, **{**common, **values})
