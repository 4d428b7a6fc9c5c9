"""The statutory officer's pages: notices without a code, opened by an act, coded, put aside, and taken back until published.

No address holds anything but a notice's number, which is a digest. Decisions and their record are `hub.coding.desk`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.entries import Actor
from hub.coding.desk import CodingDesk, ListedNotice, OpenedNotice
from hub.coding.queue import NoticeState
from hub.contract.identifiers import UnresolvedIdentifierError
from hub.contract.models import PoliceCategory
from hub.errors import ConfigError, RejectedError
from hub.web.consents.field_titles import CODES
from hub.web.consents.showing import day
from hub.web.language import Words, mark
from hub.web.notices.form import CodingForm
from hub.web.notices.titles import OTHER_REASON, REASONS, STATES, WRONG
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["Notices"]

_MOST = 200
_SHOWN_DONE = 20
_PAGE = "/notices"
_CATEGORIES: Final = CODES[PoliceCategory]
_ASKED: Final = ("typed", "category", "day", "area")
_FIELDS: Final = {"no_subject": "typed", "future_time": "day"}
_DONE: Final = {
    "coded": mark("The notice is coded. Until the connector has it you can take it back."),
    "dismissed": mark("The notice was put aside: it is not a matter for the hub. The report itself goes on as before."),
    "undone": mark("The notice waits for a code again."),
}
_REFUSED: Final = {
    "no_such_notice": (404, mark("There is no such notice.")),
    "not_waiting": (409, mark("Nothing was changed: somebody has decided about this notice meanwhile.")),
    "changed_meanwhile": (
        409,
        mark("Nothing was changed: the message has come with another content since you opened it. Open it again and look."),
    ),
    "not_undone": (409, mark("It cannot be taken back: it has gone to the hub, or goes just now.")),
    "no_report": (
        409,
        mark("The report of this notice cannot be opened: whoever runs the hub sees why with hub statutory list."),
    ),
}
_NO_KEY: Final = mark("Reports are not opened on this machine: their key is kept elsewhere. There: hub statutory uncoded")


class Notices:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    @property
    def _desk(self) -> CodingDesk:
        return self._web.notices()

    def listed(self, request: Request, principal: Principal) -> Response:
        """What waits, what is coded and can be taken back, what was decided last."""

        def view() -> Response:
            found = self._desk.list(_actor(principal), most=_MOST)
            words = self._renderer.words(request)
            rows = {state: [self._row(one, words) for one in found if one.notice.state is state] for state in NoticeState}
            ended = rows[NoticeState.DISMISSED] + rows[NoticeState.PUBLISHED]
            ended.sort(key=lambda row: row["changed"].exact, reverse=True)
            done = _DONE.get(request.query_params.get("done", ""), "")
            waiting = rows[NoticeState.WAITING]
            more = max(0, self._desk.waiting() - len(waiting))
            return self._page(
                request, "list", principal, waiting=waiting, more=more, coded=rows[NoticeState.CODED],
                decided=ended[:_SHOWN_DONE], done=words.text(done) if done else "",
            )  # fmt: skip

        return self._answered(request, view)

    def one(self, request: Request, principal: Principal) -> Response:
        """One notice, its report unopened."""

        def view() -> Response:
            listed = self._desk.envelope(_actor(principal), _number(request))
            return self._page(request, "notice", principal, row=self._row(listed, self._renderer.words(request)))

        return self._answered(request, view)

    def opened(self, request: Request, principal: Principal) -> Response:
        """What its report says, and the form: an act that is recorded."""

        def view() -> Response:
            found = self._desk.open(_actor(principal), _number(request))
            return self._form(request, principal, found, CodingForm.of_notice(found), {})

        return self._answered(request, view)

    def code(self, request: Request, principal: Principal) -> Response:
        """Code it, or show the form again with everything that is wrong."""
        words, form = self._renderer.words(request), CodingForm.of_request(request)

        def view() -> Response:
            wrong = {name: words.text(WRONG[code]) for name, code in form.wrong(self._web.office.places.areas).items()}
            if not wrong:
                try:
                    self._desk.code(_actor(principal), _number(request), form.answer(), seen=form.seen)
                    return RedirectResponse(f"{_PAGE}?done=coded", status_code=303)
                except UnresolvedIdentifierError as error:
                    wrong = {"typed": error.told(words.language)}
                except RejectedError as error:
                    if error.code not in _FIELDS:
                        raise
                    wrong = {_FIELDS[error.code]: words.text(WRONG[error.code])}
            found = self._desk.open(_actor(principal), _number(request))
            if found.content != form.seen:  # what was chosen is not of what would stand beside it
                raise RejectedError("the content is another than the one that was read", code="changed_meanwhile")
            return self._form(request, principal, found, form, wrong)

        return self._answered(request, view)

    def dismiss(self, request: Request, principal: Principal) -> Response:
        """Not a matter for the hub."""
        seen = CodingForm.of_request(request).seen
        return self._answered(
            request, lambda: self._done(partial(self._desk.dismiss, seen=seen), request, principal, "dismissed")
        )

    def undo(self, request: Request, principal: Principal) -> Response:
        """Let it wait again."""
        return self._answered(request, lambda: self._done(self._desk.undo, request, principal, "undone"))

    @staticmethod
    def _done(deed: Callable[[Actor, str], object], request: Request, principal: Principal, told: str) -> Response:
        deed(_actor(principal), _number(request))
        return RedirectResponse(f"{_PAGE}?done={told}", status_code=303)

    def _form(
        self, request: Request, principal: Principal, found: OpenedNotice, form: CodingForm, wrong: dict[str, str]
    ) -> Response:
        words, draft = self._renderer.words(request), found.draft
        areas = self._web.office.places.areas
        errors = [{"field": name, "text": text} for name, text in wrong.items()]
        return self._page(
            request, "opened", principal, status=400 if wrong else 200, row=self._row(found.listed, words), form=asdict(form),
            wrong=dict.fromkeys(_ASKED, "") | wrong, errors=errors, draft=draft, found=found,
            people=[(str(one.place), one.identifier, one.readable) for one in found.people],
            categories=[{"value": one.value, "label": words.text(title), "hint": ""} for one, title in _CATEGORIES.items()],
            areas=sorted(((code, area.title) for code, area in areas.items()), key=lambda pair: pair[1]),
        )  # fmt: skip

    def _row(self, listed: ListedNotice, words: Words) -> dict[str, Any]:
        notice, report, now = listed.notice, listed.report, self._web.clock.now()
        clocks = report.clocks if report else None
        return {
            "number": notice.number, "state": notice.state.value, "state_told": words.text(STATES[notice.state]),
            "reason": words.text(REASONS.get(notice.reason, OTHER_REASON)), "source": listed.source, "missing": report is None,
            "arrived": moment(report.envelope.arrived_at if report else notice.found_at, words, now),
            "protect_by": day(clocks.protect_by, words) if clocks else "",
            "decide_by": day(clocks.decide_by, words) if clocks else "",
            "changed": moment(notice.changed_at, words, now), "can_be_undone": notice.can_be_undone,
            "ready": moment(notice.ready_at, words, now) if notice.ready_at else None,
        }  # fmt: skip

    def _page(self, request: Request, name: str, principal: Principal, **values: Any) -> Response:
        here = _PAGE if name == "list" else f"{_PAGE}/{_number(request)}"
        return self._renderer.page(request, f"notices/{name}.html", principal, section=_PAGE, here=here, **values)

    def _answered(self, request: Request, view: Callable[[], Response]) -> Response:
        """The view's answer, or a page that says why there is none."""
        try:
            return view()
        except RejectedError as error:
            if error.code not in _REFUSED:
                raise
            again = f"{_PAGE}/{_number(request)}" if error.code == "changed_meanwhile" else ""
            return self._told(request, *_REFUSED[error.code], again=again)
        except ConfigError as error:
            if error.code != "no_private_key":
                raise
            return self._told(request, 409, _NO_KEY)

    def _told(self, request: Request, status: int, text: str, *, again: str = "") -> Response:
        principal, told = self._renderer.visitors.principal(request), self._renderer.words(request).text(text)
        return self._renderer.page(
            request, "notices/told.html", principal, status=status, text=told, again=again, section=_PAGE, here=_PAGE
        )


def _actor(principal: Principal) -> Actor:
    return actor_of(principal, Action.NOTICE_CODE)


def _number(request: Request) -> str:
    return str(request.path_params["notice"])
