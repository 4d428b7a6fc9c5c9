"""Opening a case: from a task that the team has accepted, or by hand, by the number of a consent that names the team.

Somebody who is leaving crime (avhoppare) gets no case here: the page leads to the manual lane, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Principal
from hub.audit.actions import Action as Logged
from hub.cases.content import Content, Numbers
from hub.cases.moves import begin
from hub.cases.store import Source
from hub.contract.models import Cooperation
from hub.errors import RejectedError
from hub.web.cases.filled import kinds_in, number_in, wrong_with
from hub.web.cases.office import numbers_now
from hub.web.cases.pages import kind_options, worry_options
from hub.web.cases.titles import REFUSED
from hub.web.cases.visit import CaseVisit, visit_of
from hub.web.forms import field
from hub.web.language import mark
from hub.web.rendering import Renderer, Web

__all__ = ["CaseOpening"]

_EXIT: Final = mark(
    "No case was opened, and nothing was kept. Somebody who is leaving crime is taken care of by named handlers, outside what "
    "the hub counts, tells of or lists. Turn to the protected-cases officer: by telephone or in person, not by e-mail."
)


class CaseOpening:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def new(self, request: Request, principal: Principal) -> Response:
        """The form; `?task=`: for whom a task of the team is about."""
        visit = visit_of(self._web, self._renderer, request, principal)
        return visit if isinstance(visit, Response) else self._form(visit, task=request.query_params.get("task", "")[:36])

    def open(self, request: Request, principal: Principal) -> Response:
        """Open it, or show the form again with what is wrong."""
        visit = visit_of(self._web, self._renderer, request, principal)
        if isinstance(visit, Response):
            return visit
        leaving = field(request, "exit")
        if visit.cooperation is Cooperation.SIG and leaving != "no":
            if leaving == "yes":
                return visit.message(mark("This is for the manual lane"), _EXIT, 200)
            return self._again(visit, "exit_unanswered")
        task = field(request, "task")[:36]
        source = Source(task_id=task) if task else Source(consent=field(request, "consent").strip().lower()[:64])
        try:
            case = self._opened(visit, source)
        except RejectedError as error:
            visit.trail.refused(Logged.CASE_OPENED, "", error.code)
            return self._again(visit, error.code)
        return RedirectResponse(f"/team/{visit.team}/case/{case}?done=open", status_code=303)

    def _opened(self, visit: CaseVisit, source: Source) -> str:
        cases, office, request = visit.office.cases, visit.office, visit.request
        youth_ref = cases.subject_for(source, visit.team, visit.cooperation)
        before = numbers_now(
            self._web.office, youth_ref, visit.team, visit.cooperation, at=visit.now, span_days=office.span_days,
            throughout=kinds_in(request),
        )  # fmt: skip
        begun = partial(self._begun, visit, number_in(request, "worry"), before)
        return cases.open(source, visit.team, visit.cooperation, begun, visit.principal.account, record=visit.trail.opened)

    @staticmethod
    def _begun(visit: CaseVisit, worry: int | None, before: Numbers, named: Sequence[str]) -> Content:
        """At first all whom the consent names take part, but the team itself."""
        others = [one for one in visit.showing.once(named) if one != visit.team]
        return begin(visit.cooperation, others, worry, before, span_days=visit.office.span_days, named=named)

    def _again(self, visit: CaseVisit, code: str) -> Response:
        request, task = visit.request, field(visit.request, "task")[:36]
        if code == "no_consent" and task:  # there is no field to mend
            text = mark("No case was opened: no consent that is in force now names your team for the one whom the task is about.")
            return self._form(visit, task=task, alert=visit.words.text(text), status=409)
        wrong = wrong_with(code, visit.words)
        alert = "" if wrong else visit.words.text(REFUSED[code])
        typed = {
            "consent": field(request, "consent")[:64], "worry": field(request, "worry"), "exit": field(request, "exit"),
            "throughout": " ".join(kinds_in(request)),
        }  # fmt: skip
        return self._form(visit, task=task, wrong=wrong, typed=typed, alert=alert, status=400 if wrong else 409)

    @staticmethod
    def _form(
        visit: CaseVisit,
        *,
        task: str,
        wrong: dict[str, str] | None = None,
        typed: dict[str, str] | None = None,
        alert: str = "",
        status: int = 200,
    ) -> Response:
        amiss = wrong or {}
        return visit.page(
            "new", status=status, task=task, wrong=amiss, typed=typed or {}, alert=alert, here=f"/team/{visit.team}/cases/new",
            errors=[{"field": name, "text": text} for name, text in amiss.items()], worries=worry_options(visit.words),
            kinds=kind_options(visit.words), span_days=visit.office.span_days,
        )  # fmt: skip
