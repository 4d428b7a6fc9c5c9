"""One presence: who goes, to whom it is offered, how it went, and its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.audit.actions import Action as Logged
from hub.audit.entries import SubjectKind
from hub.clock import stockholm_date
from hub.errors import RejectedError
from hub.presence.agreements import Agreement
from hub.presence.codes import OfferState, VisitState
from hub.presence.offers import Offer
from hub.presence.plan import Deed, Visit
from hub.presence.planned import called_off
from hub.web.forms import field
from hub.web.language import Words, mark
from hub.web.presence.forms import OUTCOMES, ReportForm
from hub.web.presence.room import Room, seen_version
from hub.web.presence.showing import clocks, pairs, report_lines
from hub.web.presence.titles import DEEDS, DONE, GROUNDS, NOT_DONE, NOTES, OFFERS, STATES, WRONG
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["DAYS", "NOTHING_FILLED", "Filled", "VisitPages"]

DAYS: Final = (1, 2, 3, 7)
"""Within how many days an association may be asked to answer."""
_FIELDS: Final = {
    "no_who": "who", "bad_places": "places", "begun": "places", "nobody_chosen": "agreements", "not_covered": "agreements",
}  # fmt: skip
_ALL: Final = ("outcome", "day", "hours", "adults", "youths", "note", "reason", "who", "places", "agreements")
_SUBJECT: Final = mark("An offer to be present in {area}, {when}")
_BODY: Final = mark(
    "The municipality asks whether your association can be present in {area}, {when}. Answer here by {by}: {link}"
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form of the page that is shown again: which one (`visit`, `offer` or an offer's number), and what is wrong by field."""

    which: str = ""
    report: ReportForm | None = None
    chosen: tuple[str, ...] = ()
    places: str = "1"
    wrong: tuple[tuple[str, str], ...] = ()


NOTHING_FILLED: Final = Filled()
"""A page on which nobody has filled in anything."""


class VisitPages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._room = Room(web, renderer)
        self._web = web

    def one(self, request: Request, principal: Principal) -> Response:
        """The presence as it stands."""
        return self._room.answered(request, principal, lambda: self.shown(request, principal, NOTHING_FILLED))

    def assign(self, request: Request, principal: Principal) -> Response:
        """Somebody else goes."""
        words, who = self._room.renderer.words(request), field(request, "who")

        def deed(visit: str, seen: int, record: Callable[[], object]) -> None:
            if who not in {value for value, _title in self._room.goers(words)}:
                raise RejectedError("who: choose one of the list", code="no_who")
            self._room.desk.plan.assign(visit, who, principal.account, seen=seen, record=record)

        return self._done(request, principal, deed, Logged.PRESENCE_PLANNED, purpose="moved", told="assigned")

    def cancel(self, request: Request, principal: Principal) -> Response:
        """Nobody goes after all."""

        def deed(visit: str, seen: int, record: Callable[[], object]) -> None:
            self._room.desk.plan.cancel(visit, principal.account, seen=seen, record=record)

        return self._done(request, principal, deed, Logged.PRESENCE_PLANNED, purpose="cancelled", told="cancelled")

    def reopen(self, request: Request, principal: Principal) -> Response:
        """It was a mistake."""

        def deed(visit: str, seen: int, record: Callable[[], object]) -> None:
            self._room.desk.plan.reopen(visit, principal.account, seen=seen, record=record)

        return self._done(request, principal, deed, Logged.PRESENCE_PLANNED, purpose="reopened", told="reopened")

    def report(self, request: Request, principal: Principal) -> Response:
        """How it went, by the team."""
        form = ReportForm.of_request(request)

        def deed(visit: str, seen: int, record: Callable[[], object]) -> None:
            self._room.desk.plan.report(visit, form.report(), principal.account, seen=seen, record=record)

        purpose = form.outcome if form.outcome in OUTCOMES else ""
        filled = Filled("visit", report=form)
        return self._done(request, principal, deed, Logged.PRESENCE_REPORTED, purpose=purpose, told="reported", filled=filled)

    def _done(
        self,
        request: Request,
        principal: Principal,
        deed: Callable[[str, int, Callable[[], object]], None],
        logged: Logged,
        *,
        purpose: str,
        told: str,
        filled: Filled = NOTHING_FILLED,
    ) -> Response:
        def view() -> Response:
            visit = str(request.path_params["visit"])
            record = self._room.record(principal, logged, SubjectKind.PRESENCE, visit, purpose=purpose)
            try:
                deed(visit, seen_version(request), record)
            except RejectedError as error:
                self._room.refused(principal, logged, SubjectKind.PRESENCE, visit, error.code)
                return self.again(request, principal, error, filled)
            return RedirectResponse(f"{self._room.base}/visit/{visit}?done={told}", status_code=303)

        return self._room.answered(request, principal, view)

    def again(self, request: Request, principal: Principal, error: RejectedError, filled: Filled) -> Response:
        """The page with what was typed, and what is wrong; what is wrong with no field is the caller's to tell."""
        name = _FIELDS.get(error.code) or ReportForm.field_of(error.code)
        if not name:
            raise error
        wrong = ((name, self._room.renderer.words(request).text(WRONG[error.code])),)
        shown = Filled(filled.which, filled.report, filled.chosen, filled.places, wrong)
        return self.shown(request, principal, shown, status=400)

    def shown(self, request: Request, principal: Principal, filled: Filled, *, status: int = 200) -> Response:
        """The page. Raises RejectedError `unknown_visit`."""
        room, words, number = self._room, self._room.renderer.words(request), str(request.path_params["visit"])
        visit = room.desk.plan.one(number)
        offers = room.desk.offers.of_visits([number]).get(number, [])
        names = self._web.answering.names(self._web.presence_team)
        begun = self._web.clock.now() >= visit.starts_at
        held = {one.agreement_id for one in offers if one.state in {OfferState.OFFERED, OfferState.ACCEPTED}}
        covering = room.desk.agreements.covering(visit.area, stockholm_date(visit.starts_at))
        done, past = DONE.get(request.query_params.get("done", ""), ""), room.desk.plan.history(number)
        return room.page(
            request, "visit", principal, status=status, visit=visit, area=room.title(visit.area), when=clocks(visit, words),
            state=words.text(STATES[visit.state]), ground=words.text(GROUNDS[visit.ground]), begun=begun,
            event_gone=bool(visit.event_id and called_off(room.desk.engine, [(visit.event_id, visit.area)])),
            planned=visit.state is VisitState.PLANNED, who=room.who(visit.who, names, words), goers=room.goers(words),
            offers=[self._offer(one, visit, words) for one in offers], agreements=_choices(covering, held),
            day_options=[(str(one), words.many("{number} day", "{number} days", one)) for one in DAYS],
            lines=report_lines(visit.report, words), history=[self._line(one, offers, words) for one in past],
            reasons=pairs(NOT_DONE, words), notes=pairs(NOTES, words), filled=filled,
            wrong=dict.fromkeys(_ALL, "") | dict(filled.wrong),
            errors=[{"field": _anchor(name, filled), "text": text} for name, text in filled.wrong],
            report=filled.report or ReportForm.of_visit(visit), plain=ReportForm.of_visit(visit),
            done=words.text(done) if done else "", here=f"{room.base}/visit/{number}",
        )  # fmt: skip

    def _offer(self, one: Offer, visit: Visit, words: Words) -> dict[str, Any]:
        now, url = self._web.clock.now(), self._web.url.rstrip("/")
        answerable = one.state is OfferState.OFFERED and now < one.answer_by and visit.state is VisitState.PLANNED
        link = f"{url}/presence/offer/{one.answer_link}" if answerable else ""
        reportable = one.state is OfferState.ACCEPTED and one.report is None and visit.state is not VisitState.CANCELLED
        by = moment(one.answer_by, words, now)
        said = {"area": self._room.title(visit.area), "when": clocks(visit, words), "by": by.when, "link": link}
        mail = f"mailto:?subject={quote(words.text(_SUBJECT, **said))}&body={quote(words.text(_BODY, **said))}"
        expired = one.state is OfferState.OFFERED and now >= one.answer_by
        return {
            "number": one.offer_id, "association": one.association, "version": one.version, "by": by,
            "state": words.text("Did not answer in time") if expired else words.text(OFFERS[one.state]),
            "answered": None if one.answered_at is None else moment(one.answered_at, words, now), "link": link,
            "report_link": f"{url}/presence/report/{one.report_link}" if reportable else "", "mail": mail if link else "",
            "lines": report_lines(one.report, words), "accepted": one.state is OfferState.ACCEPTED,
            "withdrawable": one.state is not OfferState.WITHDRAWN and one.report is None, "reported": one.report is not None,
        }  # fmt: skip

    def _line(self, deed: Deed, offers: list[Offer], words: Words) -> dict[str, Any]:
        associations = {one.offer_id: one.association for one in offers}
        names = self._web.answering.names(self._web.presence_team)
        of = associations.get(deed.detail, "")
        who = (names.get(deed.account) or words.text("a colleague")) if deed.account else of
        return {
            "at": moment(deed.at, words, self._web.clock.now()), "what": words.text(DEEDS[deed.kind]), "who": who,
            "of": of if deed.account else "",
        }  # fmt: skip


def _choices(found: list[Agreement], held: set[str]) -> list[dict[str, str]]:
    """The agreements under which it can be offered, but for those that hold an offer already."""
    return [
        {"value": one.agreement_id, "label": one.terms.association, "hint": ", ".join(one.terms.activities)}
        for one in found
        if one.agreement_id not in held
    ]


def _anchor(name: str, filled: Filled) -> str:
    """Where a field stands on the page: the forms for reports are several."""
    return f"{name}-{filled.which[:8]}" if filled.report is not None else name
