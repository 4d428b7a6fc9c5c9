"""Offers to associations, from the team's side: made, taken back, and reported for whoever cannot by herself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.audit.actions import Action as Logged
from hub.audit.entries import SubjectKind
from hub.errors import RejectedError
from hub.web.forms import field, fields
from hub.web.presence.forms import ReportForm
from hub.web.presence.room import Room, seen_version
from hub.web.presence.visit_pages import DAYS, NOTHING_FILLED, Filled, VisitPages
from hub.web.rendering import Renderer, Web

__all__ = ["OfferPages"]


class OfferPages:
    """Views behind guarded doors; what is wrong is told on the presence's own page."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._room = Room(web, renderer)
        self._web = web
        self._pages = VisitPages(web, renderer)

    def make(self, request: Request, principal: Principal) -> Response:
        """Offer it to those chosen."""
        chosen, places = tuple(fields(request).get("agreements", ())), field(request, "places")
        days = int(field(request, "days")) if field(request, "days") in {str(day) for day in DAYS} else DAYS[0]
        visit = str(request.path_params["visit"])

        def deed(record: Callable[[], object]) -> None:
            starts_at = self._room.desk.plan.one(visit).starts_at
            self._room.desk.offers.make(
                visit, chosen, places=int(places) if places.isascii() and places.isdigit() and len(places) < 4 else 0,
                answer_by=min(starts_at, self._web.clock.now() + timedelta(days=days)), account=principal.account, record=record,
            )  # fmt: skip

        filled = Filled("offer", chosen=chosen, places=places[:4])
        return self._done(request, principal, deed, (Logged.PRESENCE_OFFERED, visit, "offered"), told="offered", filled=filled)

    def withdraw(self, request: Request, principal: Principal) -> Response:
        """The team takes it back."""
        offer = str(request.path_params["offer"])

        def deed(record: Callable[[], object]) -> None:
            self._room.desk.offers.withdraw(offer, principal.account, seen=seen_version(request), record=record)

        return self._done(request, principal, deed, (Logged.PRESENCE_OFFERED, offer, "withdrawn"), told="withdrawn")

    def report(self, request: Request, principal: Principal) -> Response:
        """How it went, for the association."""
        offer, form = str(request.path_params["offer"]), ReportForm.of_request(request)

        def deed(record: Callable[[], object]) -> None:
            self._room.desk.offers.report(offer, form.report(), principal.account, seen=seen_version(request), record=record)

        filled = Filled(offer, report=form)
        return self._done(request, principal, deed, (Logged.PRESENCE_REPORTED, offer, ""), told="reported", filled=filled)

    def reopen(self, request: Request, principal: Principal) -> Response:
        """What was told was a mistake."""
        offer = str(request.path_params["offer"])

        def deed(record: Callable[[], object]) -> None:
            self._room.desk.offers.unreport(offer, principal.account, seen=seen_version(request), record=record)

        return self._done(request, principal, deed, (Logged.PRESENCE_REPORTED, offer, "reopened"), told="cleared")

    def _done(
        self,
        request: Request,
        principal: Principal,
        deed: Callable[[Callable[[], object]], None],
        logged: tuple[Logged, str, str],
        *,
        told: str,
        filled: Filled = NOTHING_FILLED,
    ) -> Response:
        action, number, purpose = logged

        def view() -> Response:
            try:
                deed(self._room.record(principal, action, SubjectKind.PRESENCE, number, purpose=purpose))
            except RejectedError as error:
                self._room.refused(principal, action, SubjectKind.PRESENCE, number, error.code)
                return self._pages.again(request, principal, error, filled)
            return RedirectResponse(f"{self._room.base}/visit/{request.path_params['visit']}?done={told}", status_code=303)

        return self._room.answered(request, principal, view)
