"""Pages from templates, in the visitor's language. Everything is escaped; a name that a template misses is an error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hub.access.four_eyes import FourEyes
from hub.access.roles import Action, Principal, may_somewhere, teams_where
from hub.audit.log import AuditLog
from hub.beats import Beats
from hub.clock import Clock
from hub.contract.models import Cooperation
from hub.delivery.answering import Answering
from hub.delivery.notes import Notes
from hub.delivery.routing import TakesPresence, presence_place
from hub.delivery.worklist import Worklist
from hub.web.consents.office import Office
from hub.web.form_tokens import token_field
from hub.web.forms import field as sent
from hub.web.language import LANGUAGE_NAMES, Words, mark, words
from hub.web.paths import own_path
from hub.web.presenting import Presenter, moment
from hub.web.principal import Login, Visitors

if TYPE_CHECKING:
    from hub.audit.entries import Actor
    from hub.audit.sealed import SealedVault
    from hub.coding.desk import CodingDesk
    from hub.core.rule_set import RuleSet
    from hub.presence.desk import PresenceDesk
    from hub.registry.revealing import Revealing
    from hub.registry.rule_sets import RuleSets
    from hub.statutory.desk import CaseDesk, ReportDesk
    from hub.web.cases.office import CaseOffice
    from hub.web.observations.senders import Observing
    from hub.web.operations.console import Console
    from hub.web.orders.office import OrderOffice

__all__ = ["KEYS_COOKIE", "LANGUAGE_COOKIE", "Renderer", "TeamTitle", "Web"]

LANGUAGE_COOKIE = "hub_language"
KEYS_COOKIE = "hub_keys"
"""`off`: no single letter is a shortcut, for whom speech or a slip of the hand types them (WCAG 2.2, 2.1.4)."""
_AMISS = frozenset({400, 409, 422})
"""Answers that show a form again because something in it is wrong: the title says so first."""


# What stands beside the teams, for those whose role permits it.
_MENU = (
    (Action.CONSENT_SEE, "/consents", mark("Consents")),
    (Action.ERASURE_SEE, "/erasures", mark("Withdrawals")),
    (Action.RULE_SEE, "/rules", mark("Rules")),
    (Action.PROTECTED_READ, "/protected", mark("Protected cases")),
    (Action.STATUTORY_READ, "/reports", mark("Reports of concern")),
    (Action.AUDIT_REVIEW, "/audit/review", mark("Access review")),
    (Action.APPROVAL_SEE, "/approvals", mark("Four eyes")),
    (Action.OPERATIONS_SEE, "/sources", mark("Sources")),
    (Action.OPERATIONS_SEE, "/sinks", mark("Receivers")),
    (Action.NOTICE_CODE, "/notices", mark("Notices to code")),
    (Action.LETTER_SEE, "/letters", mark("Dead letters")),
    (Action.JOURNAL_SEE, "/journal", mark("Journal")),
    (Action.OBSERVATION_REPORT, "/observations", mark("Observation")),
)


class TeamTitle(TakesPresence, Protocol):
    """What the pages need of a team."""

    @property
    def title(self) -> str:
        """What the team calls itself."""
        ...

    @property
    def sinks(self) -> Collection[str]:
        """Its own systems that are told of its tasks."""
        ...

    @property
    def cases(self) -> bool:
        """Whether it keeps the cases of its cooperation."""
        ...

    @property
    def takes_orders(self) -> bool:
        """Whether it gives what can be ordered without a person."""
        ...

    @property
    def cooperation(self) -> Cooperation:
        """The one that it stands under."""
        ...


@dataclass(frozen=True, slots=True)
class Web:
    """What the pages are built from.

    `url` is where people reach them: its host is the only one answered to besides loopback, and with https cookies are sent
    over nothing else. `default_language` is used until a visitor chooses another. `revealing` opens the registry when somebody
    first asks who a task is about, `console` and `notices` load what connectors need when an operator or a statutory
    officer first looks, `reports` and `cases` their stores when one of their officers does; so do `rules`, which rules are in
    force, for one actor, and `presence`, who is to be in which area. `receivers`: what those who take reports over are called,
    by code. `fits` raises ConfigError where a rule of a set, by its id, does not fit the installation's files as they are now.
    At `beats` is answered what nobody may time. Once `stopping` is set no stream goes on.
    """

    worklist: Worklist
    answering: Answering
    notes: Notes
    teams: Mapping[str, TeamTitle]
    login: Login
    four_eyes: FourEyes
    presenter: Presenter
    audit: AuditLog
    clock: Clock
    url: str
    default_language: str
    office: Office
    revealing: Callable[[], Revealing]
    sealed: Callable[[], SealedVault]
    console: Callable[[], Console]
    casework: CaseOffice
    orders: OrderOffice
    notices: Callable[[], CodingDesk]
    presence: Callable[[], PresenceDesk]
    reports: Callable[[], ReportDesk]
    cases: Callable[[], CaseDesk]
    receivers: Mapping[str, str]
    observing: Observing
    beats: Beats
    rules: Callable[[Actor], RuleSets]
    fits: Callable[[RuleSet, str], None]
    stopping: Event = field(default_factory=Event)

    @property
    def presence_team(self) -> str:
        """Who plans presence in areas, by code."""
        return presence_place(self.teams).team


class Renderer:
    """One per application."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.visitors = Visitors(web.login.sessions, web.url)
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
            "menu": [(path, title) for action, path, title in _MENU if principal and may_somewhere(principal, action)],
            "here": request.url.path, "section": "", "current_team": None, "printed": moment(now, shown, now),
            "keys_off": request.cookies.get(KEYS_COOKIE) == "off", "title_amiss": status in _AMISS or bool(values.get("alert")),
            "team": "", "form_token": token_field(self.visitors.new_form_secret(request)),
        }  # fmt: skip
        text = self._templates.get_template(template).render(**{**common, **values})
        return HTMLResponse(text, status_code=status)

    def message(
        self,
        request: Request,
        heading: str,
        text: str,
        status: int,
        *,
        here: str = "",
        back: str = mark("Back to the task"),
        **values: Any,
    ) -> HTMLResponse:
        """A page that says one thing. `heading`, `text` and `back` are messages of the catalogue, `values` what they name.

        `here` leads back after a change of language, where the request's own path would not; `back` is what its link says.
        """
        principal = self.visitors.principal(request)
        word = self.words(request).text
        return self.page(
            request,
            "message.html",
            principal,
            status=status,
            heading=word(heading),
            text=word(text, **values),
            back=here,
            back_says=word(back, **values),
            here=here or request.url.path,
        )

    def entrance(self, request: Request, *, text: str = "", status: int = 200, choosing: str = "") -> HTMLResponse:
        """The page to sign in at, with every way in that there is; `text` says why one stands here, or what went wrong.

        `choosing` is the user name of somebody who must choose a password first: then that is the only form.
        """
        login = self._web.login
        onward = own_path(request.url.path if request.method == "GET" else sent(request, "next"))
        onward = "/" if onward.startswith("/sign-") else onward
        return self.page(
            request, "sign_in.html", None, status=status, text=self.words(request).text(text) if text else "", choosing=choosing,
            named=sent(request, "username")[:64] if request.method == "POST" else "",
            alert=status >= 400 and request.url.path.startswith("/sign-in"), onward=onward, by_code=login.codes is not None,
            by_password=login.accounts is not None and login.accounts.any(), provider=login.provider is not None,
            here=request.url.path if request.method == "GET" else "/sign-in",
        )  # fmt: skip
