"""What an association sees through its link: place and time, yes or no, and afterwards how it went. No account, no login.

A GET shows and changes nothing, so that whatever reads a message ahead answers for nobody; an answer is a POST. Guesses at links
are counted by address and have to wait (`hub.access.attempts`); a genuine one is counted for nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.errors import RejectedError, RetriableError
from hub.presence.desk import PresenceDesk
from hub.presence.links import LinkPurpose
from hub.presence.offers import Offering
from hub.web.calendars import calendar_behind
from hub.web.entrance import address_of
from hub.web.forms import field
from hub.web.language import mark
from hub.web.presence.forms import ReportForm
from hub.web.presence.showing import clocks, pairs
from hub.web.presence.titles import LINKS, NOT_DONE, NOTES, WRONG
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["LinkPages"]

_ASSOCIATION: Final = Actor("link", role="association")
_FIELDS: Final = ("outcome", "day", "hours", "adults", "youths", "note", "reason")


class LinkPages:
    """Views that are open to everybody: the link is what permits them."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    @property
    def _desk(self) -> PresenceDesk:
        return self._web.presence()

    def offer(self, request: Request) -> Response:
        """Where and when, and the question."""
        return self._through(request, lambda token: self._offered(request, self._desk.offers.read(LinkPurpose.ANSWER, token)))

    def answer(self, request: Request) -> Response:
        """Yes or no, once; a yes leads to the link by which to report."""

        def view(token: str) -> Response:
            said = field(request, "answer")
            if said not in {"yes", "no"}:
                return self._offered(request, self._desk.offers.read(LinkPurpose.ANSWER, token), wrong=True)
            purpose = "accepted" if said == "yes" else "refused"
            record = self._recording(Logged.PRESENCE_ANSWERED, purpose)
            found = self._desk.offers.answer(token, record, accept=said == "yes")
            if said == "yes":
                return RedirectResponse(f"/presence/report/{found.offer.report_link}?done=accepted", status_code=303)
            text = mark("Thank you for answering. You need not do anything more.")
            return self._told(request, mark("You have said no"), text, 200)

        return self._through(request, view)

    def report(self, request: Request) -> Response:
        """Before it has begun what was agreed; from then on the form."""

        def view(token: str) -> Response:
            found = self._desk.offers.read(LinkPurpose.REPORT, token)
            return self._reporting(request, found, ReportForm.of_visit(found.visit))

        return self._through(request, view)

    def reported(self, request: Request) -> Response:
        """How it went, once."""

        def view(token: str) -> Response:
            form = ReportForm.of_request(request)
            try:
                self._desk.offers.report_by_link(token, form.report(), self._recording(Logged.PRESENCE_REPORTED, ""))
            except RejectedError as error:
                name = ReportForm.field_of(error.code)
                if not name:
                    raise
                found = self._desk.offers.read(LinkPurpose.REPORT, token)
                return self._reporting(request, found, form, {name: error.code})
            text = mark("Thank you. The municipality has your report. You need not do anything more.")
            return self._told(request, mark("The report has arrived"), text, 200)

        return self._through(request, view)

    def calendar(self, request: Request) -> Response:
        """A team's times for somebody's telephone; an address that holds no more gets 404."""

        def view(token: str) -> Response:
            return Response(calendar_behind(self._web, token), media_type="text/calendar; charset=utf-8")

        return self._through(request, view)

    def _through(self, request: Request, view: Callable[[str], Response]) -> Response:
        """The view's answer, or a page that says plainly why the link leads to nothing."""
        token = str(request.path_params["token"])[:400]
        guessed, address = f"link-{hashlib.sha256(token.encode()).hexdigest()[:32]}", address_of(request)
        try:
            wait = self._desk.attempts.take(guessed, address)
            if wait is not None:
                return self._wait(request, wait)
            try:
                answer = view(token)
            except RejectedError as error:
                if error.code not in LINKS:
                    raise
                return self._none(request, error.code, guessed, address)
            self._desk.attempts.succeeded(guessed, address)
        except RetriableError:
            text = mark("Nothing was changed. Try again in a minute.")
            return self._told(request, mark("Not just now"), text, 503)
        return answer

    def _none(self, request: Request, code: str, guessed: str, address: str) -> Response:
        if code != "bad_link":
            self._desk.attempts.succeeded(guessed, address)
            if request.method == "POST":
                entry = Entry(_ASSOCIATION, Logged.PRESENCE_ANSWERED, outcome=Outcome.DENY, rule=code)
                self._web.audit.append(entry)
        status, heading, text = LINKS[code]
        return self._told(request, heading, text, status)

    def _wait(self, request: Request, wait: timedelta) -> Response:
        text = mark("Too many links that do not work came from here. Wait a quarter of an hour, then try again.")
        answer = self._told(request, mark("Wait a little"), text, 429)
        answer.headers["Retry-After"] = str(max(1, int(wait.total_seconds())))
        return answer

    def _told(self, request: Request, heading: str, text: str, status: int) -> Response:
        """A page that says one thing, in the municipality's name: whoever holds a link knows of no tasks."""
        said = self._renderer.words(request).text
        return self._renderer.page(
            request, "presence/link_told.html", None, status=status, heading=said(heading), text=said(text),
            unit=self._web.office.unit, title_amiss=False,
        )  # fmt: skip

    def _recording(self, logged: Logged, purpose: str) -> Callable[[str], object]:
        return lambda number: self._web.audit.append(
            Entry(_ASSOCIATION, logged, item=Subject(SubjectKind.PRESENCE, number), purpose=purpose)
        )

    def _offered(self, request: Request, found: Offering, *, wrong: bool = False) -> Response:
        return self._page(
            request, "link_offer", found, status=400 if wrong else 200,
            by=moment(found.offer.answer_by, self._renderer.words(request), self._web.clock.now()), wrong=wrong,
        )  # fmt: skip

    def _reporting(self, request: Request, found: Offering, form: ReportForm, wrong: dict[str, str] | None = None) -> Response:
        said = self._renderer.words(request)
        told = {name: said.text(WRONG[code]) for name, code in (wrong or {}).items()}
        return self._page(
            request, "link_report", found, status=400 if told else 200, report=asdict(form),
            begun=self._web.clock.now() >= found.visit.starts_at, accepted=request.query_params.get("done") == "accepted",
            reasons=pairs(NOT_DONE, said), notes=pairs(NOTES, said), wrong=dict.fromkeys(_FIELDS, "") | told,
            errors=[{"field": f"{name}-link", "text": text} for name, text in told.items()],
        )  # fmt: skip

    def _page(self, request: Request, template: str, found: Offering, *, status: int, **values: Any) -> Response:
        visit, said = found.visit, self._renderer.words(request)
        return self._renderer.page(
            request, f"presence/{template}.html", None, status=status, area=self._web.office.places.title(visit.area),
            when=clocks(visit, said), association=found.offer.association, path=request.url.path,
            unit=self._web.office.unit, **values,
        )  # fmt: skip
