"""What the views of the operator's pages share: who asks, what is at hand, the audit log, and how a page is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal, may
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Subject, SubjectKind
from hub.web.forms import field, fields
from hub.web.language import Words
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web
from hub.web.shown import Moment

if TYPE_CHECKING:
    from hub.web.operations.console import Console

__all__ = ["Watch"]


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody with one request."""

    web: Web
    renderer: Renderer
    request: Request
    who: Principal

    @property
    def console(self) -> Console:
        """Opened when it is first needed."""
        return self.web.console()

    @property
    def words(self) -> Words:
        """The visitor's language."""
        return self.renderer.words(self.request)

    @property
    def now(self) -> datetime:
        """The present instant, UTC."""
        return self.web.clock.now()

    def may(self, action: Action) -> bool:
        """Whether whoever asks may do that everywhere."""
        return may(self.who, action)

    def log(self, action: Action, logged: Logged, letters: Sequence[str] = (), *, purpose: str = "") -> None:
        """Write to the audit log, one entry a letter, before anything is shown or done. Raises RetriableError `audit`."""
        items: list[Subject | None] = [Subject(SubjectKind.LETTER, one) for one in letters]
        actor = actor_of(self.who, action)
        self.web.audit.append_many([Entry(actor, logged, item=item, purpose=purpose) for item in items or [None]])

    def field(self, name: str) -> str:
        """One field of the form that was sent."""
        return field(self.request, name)

    def chosen(self, name: str) -> list[str]:
        """All values of one field of the form, each once."""
        return list(dict.fromkeys(fields(self.request).get(name, ())))

    def asked(self, name: str) -> str:
        """One part of the address' query."""
        return self.request.query_params.get(name, "").strip()

    def moment(self, instant: datetime) -> Moment:
        """An instant in the visitor's words."""
        return moment(instant, self.words, self.now)

    def maybe(self, instant: datetime | None) -> Moment | None:
        """The same for what may not have been."""
        return None if instant is None else self.moment(instant)

    def page(self, template: str, section: str, *, status: int = 200, **values: Any) -> Response:
        """A page of the console; `section` is the place in the menu that it belongs to."""
        return self.renderer.page(self.request, f"operations/{template}", self.who, status=status, section=section, **values)

    def told(self, heading: str, text: str, status: int, back: str, **values: Any) -> Response:
        """A page that says one thing. `heading` and `text` are messages of the catalogue; `back` leads on."""
        word = self.words.text
        return self.page("told.html", back, status=status, heading=word(heading), text=word(text, **values), back=back, here=back)
