"""What a team does with a case: each an act (POST), in the audit log before it holds, and shown again when amiss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.audit.actions import Action as Logged
from hub.cases import moves
from hub.cases.content import WORRIES, Content, Domain, Numbers
from hub.cases.moves import CaseMove
from hub.cases.store import Deed
from hub.cases.views import CaseView
from hub.clock import stockholm_date
from hub.contract.models import Cooperation
from hub.errors import RejectedError
from hub.web.cases.closing import Weighed
from hub.web.cases.filled import chosen, day_in, kinds_in, moment_in, number_in, wrong_with
from hub.web.cases.office import numbers_now
from hub.web.cases.pages import show_case
from hub.web.cases.titles import REFUSED
from hub.web.cases.visit import CaseVisit, no_case, visit_of
from hub.web.consents.showing import Showing
from hub.web.forms import field, fields
from hub.web.language import mark
from hub.web.rendering import Renderer, Web

__all__ = ["CaseDeeds"]

_TYPED: Final = ("day", "time", "place", "who", "what", "due", "domain", "worry")
_TICKED: Final[Mapping[CaseMove, str]] = MappingProxyType({CaseMove.PLAN: "summoned", CaseMove.CLOSE: "throughout"})
_MOST_TYPED: Final = 400


class CaseDeeds:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def invite(self, request: Request, principal: Principal) -> Response:
        """Who takes part from now on."""

        def deed(view: CaseView, content: Content) -> Content:
            return moves.invite(content, chosen(request, "parties"), named=view.named)

        return self._done(request, principal, CaseMove.INVITE, deed)

    def plan(self, request: Request, principal: Principal) -> Response:
        """A meeting to come."""

        def deed(view: CaseView, content: Content) -> Content:
            at, summoned = moment_in(request), chosen(request, "summoned")
            able = [one for one in content.parties if view.takes_part(one)]
            return moves.plan(content, at, field(request, "place"), summoned, named=able, now=self._web.clock.now())

        return self._done(request, principal, CaseMove.PLAN, deed)

    def cancel(self, request: Request, principal: Principal) -> Response:
        """A meeting that will not be."""
        number = number_in(request, "meeting") or 0
        return self._done(request, principal, CaseMove.CANCEL, lambda _view, content: moves.cancel(content, number))

    def hold(self, request: Request, principal: Principal) -> Response:
        """Who was at a meeting."""
        number, present = number_in(request, "meeting") or 0, chosen(request, "present")

        def deed(_view: CaseView, content: Content) -> Content:
            return moves.hold(content, number, present, now=self._web.clock.now())

        return self._done(request, principal, CaseMove.HOLD, deed)

    def commit(self, request: Request, principal: Principal) -> Response:
        """Something that somebody undertakes."""
        domain = next((one for one in Domain if one.value == field(request, "domain")), None)

        def deed(view: CaseView, content: Content) -> Content:
            if not field(request, "who"):
                raise RejectedError("who: nobody is chosen", code="no_who")
            able = content.model_copy(update={"parties": tuple(one for one in content.parties if view.takes_part(one))})
            after = moves.commit(
                able, field(request, "who"), field(request, "what"), day_in(request, "due"), domain,
                cooperation=view.cooperation, today=stockholm_date(self._web.clock.now()),
            )  # fmt: skip
            return content.model_copy(update={"commitments": after.commitments})

        return self._done(request, principal, CaseMove.COMMIT, deed)

    def settle(self, request: Request, principal: Principal) -> Response:
        """What became of a commitment; or that this is taken back."""
        number, became = number_in(request, "commitment") or 0, field(request, "became")

        def deed(_view: CaseView, content: Content) -> Content:
            if became == "open":
                return moves.unsettle(content, number)
            return moves.settle(content, number, done=became == "done", today=stockholm_date(self._web.clock.now()))

        return self._done(request, principal, CaseMove.SETTLE, deed)

    def close(self, request: Request, principal: Principal) -> Response:
        """The case ends; of SSPF with the worry now, and the numbers of the last days."""
        worry = number_in(request, "worry")

        def measured(visit: CaseVisit) -> Deed:
            after = self._numbers(visit) if worry in WORRIES else Numbers()
            return lambda view, content: moves.close(content, worry, after, cooperation=view.cooperation)

        return self._done(request, principal, CaseMove.CLOSE, measured=measured)

    def weigh(self, request: Request, principal: Principal) -> Response:
        """How an SSPF case would end if it were closed now: its outcomes, and whether they suggest it. Nothing is changed."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        if visit.cooperation is Cooperation.SIG:
            return no_case(visit)
        worry = number_in(request, "worry")
        if worry is None or worry not in WORRIES:
            return _again(visit, CaseMove.CLOSE, "no_worry")
        try:
            weighed = Weighed(worry, self._numbers(visit))
        except RejectedError as error:
            return _again(visit, CaseMove.CLOSE, error.code)
        return show_case(visit, typed=_typed(request, CaseMove.CLOSE), weighed=weighed)

    def _numbers(self, visit: CaseVisit) -> Numbers:
        """As they are now; read before the deed, because nobody else can write while that is under way."""
        view = visit.office.cases.read(visit.case, visit.team)
        if view.content is None or view.youth_ref is None:
            return Numbers()
        return numbers_now(
            self._web.office, view.youth_ref, view.team, view.cooperation, at=visit.now,
            span_days=view.content.span_days, throughout=kinds_in(visit.request),
        )  # fmt: skip

    def identity(self, request: Request, principal: Principal) -> Response:
        """Whom the case is about: consent is decided anew, and the log has it before anything is opened."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        try:
            found = self._web.revealing().in_task(principal, visit.case, visit.team)
        except RejectedError as error:
            text = mark(
                "Who this is cannot be shown here: no consent permits it now, or the case has ended. The attempt is recorded."
            )
            status = 404 if error.code == "not_your_task" else 409
            return visit.message(mark("Who it is cannot be shown"), text, status)
        showing = Showing(self._web.office, visit.words, visit.now)
        people = found.parties.parties if found.parties else ()
        return visit.page(
            "identity", back=visit.path, name=found.parties.name if found.parties else "",
            numbers=[f"{one[:8]}-{one[8:]}" for one in found.identifiers],
            people=[(showing.role(one.role.value), one.name, one.contacts) for one in people],
        )  # fmt: skip

    def _done(
        self,
        request: Request,
        principal: Principal,
        move: CaseMove,
        deed: Deed | None = None,
        *,
        measured: Callable[[CaseVisit], Deed] | None = None,
    ) -> Response:
        """`measured` makes the deed where something has to be looked up first."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        seen, record = number_in(request, "version"), visit.trail.deed(visit.case, move)
        try:
            do = measured(visit) if measured else deed
            assert do is not None, "a deed, or what makes it"
            visit.office.cases.change(
                visit.case, visit.team, move, do, principal.account, seen=-1 if seen is None else seen, record=record
            )
        except RejectedError as error:
            logged = Logged.CASE_CLOSED if move is CaseMove.CLOSE else Logged.CASE_CHANGED
            visit.trail.refused(logged, visit.case, error.code, purpose=move.value)
            return _again(visit, move, error.code)
        return RedirectResponse(f"{visit.path}?done={move.value}", status_code=303)


def _again(visit: CaseVisit, move: CaseMove, code: str) -> Response:
    """The case as it stands now, with what was typed and why nothing was done."""
    if code == "unknown_case":
        return no_case(visit)
    request = visit.request
    held = f"-{field(request, 'meeting')[:4]}" if move is CaseMove.HOLD else ""
    if code == "no_party" and held:
        wrong = {f"present{held}": wrong_with(code, visit.words)["summoned"]}
    else:
        wrong = wrong_with(code, visit.words)
    alert = "" if wrong else visit.words.text(REFUSED[code])
    return show_case(visit, alert=alert, wrong=wrong, typed=_typed(request, move), status=400 if wrong else 409)


def _typed(request: Request, move: CaseMove) -> dict[str, str]:
    typed = {name: field(request, name)[:_MOST_TYPED] for name in _TYPED if name in fields(request)}
    if move in _TICKED:  # boxes that nobody ticked are not sent: without this all would come back as they were at first
        typed[_TICKED[move]] = " ".join(chosen(request, _TICKED[move]))[:_MOST_TYPED]
    return typed
