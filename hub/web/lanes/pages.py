"""Two officers' pages: reports of concern with their legal clocks, and the cases of protected persons.

No address holds anything but an entry's number, which is a digest. What happens, and its record, are `hub.statutory.desk`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.entries import Actor
from hub.errors import ConfigError, ContractError, RejectedError, RetriableError
from hub.logs import get_logger
from hub.statutory.case_numbers import is_case_number
from hub.statutory.desk import CaseDesk, Listed, Opened, ReportDesk
from hub.statutory.handing_over import AlreadySaidError, CaseOutcome, Correction
from hub.web.consents.showing import day
from hub.web.forms import field
from hub.web.lanes.showing import clock, due, facts
from hub.web.lanes.titles import (
    ANOTHER_IS_SEALED,
    ANOTHER_STANDS,
    CORRECTIONS,
    HALF_SAID,
    NOT_SAID,
    OUTCOMES,
    REFUSED,
    STAGES,
    WRONG,
)
from hub.web.language import Words, mark
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["CasePages", "ReportPages"]

_LOG = get_logger(__name__)
_RECORDING: Final = ("/done", "/correct")
_MOST: Final = 200
_SHOWN_DONE: Final = 20
_NO_KEY: Final = mark("Nothing is opened on this machine: the private key is kept elsewhere. Use the commands there.")


class _Pages:
    """Views behind guarded doors; both lanes' lists and pages are laid out alike."""

    path: str
    templates: str
    action: Action
    back: str
    back_to_one: str

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    @property
    def desk(self) -> ReportDesk | CaseDesk:
        """Where it is read and decided."""
        raise NotImplementedError

    def listed(self, request: Request, principal: Principal) -> Response:
        """What waits, the oldest first, and what was done last."""

        def view() -> Response:
            words = self._renderer.words(request)
            found = self.desk.list(self._actor(principal))
            waiting = [one for one in found if not one.is_done]
            done = sorted((one for one in found if one.is_done), key=lambda one: one.standing.since or one.arrived_at)
            return self._page(
                request, "list", principal, waiting=[self._row(one, words) for one in waiting[:_MOST]],
                more=max(0, len(waiting) - _MOST), done=[self._row(one, words) for one in done[: -_SHOWN_DONE - 1 : -1]],
                told=request.query_params.get("done", ""),
            )  # fmt: skip

        return self._answered(request, view)

    def one(self, request: Request, principal: Principal) -> Response:
        """One, unopened."""

        def view() -> Response:
            listed = self.desk.one(self._actor(principal), _entry(request))
            return self._one(request, principal, listed)

        return self._answered(request, view)

    def _one(self, request: Request, principal: Principal, listed: Listed, *, wrong: str = "", **values: Any) -> Response:
        words = self._renderer.words(request)
        told = words.text(WRONG[wrong]) if wrong else ""
        shown = {"opened": None, "typed": "", "outcome": "", "outcomes": []} | values
        return self._page(
            request, "one", principal, status=400 if wrong else 200, row=self._row(listed, words), wrong=told,
            wrong_field="outcome" if wrong == "no_outcome" else "number", **shown,
        )  # fmt: skip

    def _row(self, one: Listed, words: Words) -> Mapping[str, Any]:
        now, standing = self._web.clock.now(), one.standing
        receivers = self._web.receivers
        receiver = receivers.get(standing.receiver, standing.receiver)
        return {
            "entry": one.entry, "short": one.entry[:8], "done": one.is_done, "arrived": moment(one.arrived_at, words, now),
            "protect": clock(day(one.clocks.protect_by, words), one.clocks.protect(now), one, words),
            "decide": clock(day(one.clocks.decide_by, words), one.clocks.decide(now), one, words),
            "stage": words.text(STAGES[standing.stage], receiver=receiver) if receiver else words.text(STAGES[None]),
            "since": moment(standing.since, words, now) if standing.since else None,
            "escalated": moment(standing.escalated_at, words, now) if standing.escalated_at else None,
            "due": due(one.due_at, now, words, done=one.is_done),
        }  # fmt: skip

    def _page(self, request: Request, name: str, principal: Principal, **values: Any) -> Response:
        here = self.path if name == "list" else f"{self.path}/{_entry(request)}"
        return self._renderer.page(
            request, f"lanes/{self.templates}_{name}.html", principal, section=self.path, here=here, **values
        )

    def _answered(self, request: Request, view: Callable[[], Response]) -> Response:
        """The view's answer, or a page that says why there is none."""
        try:
            return view()
        except AlreadySaidError as error:
            words = self._renderer.words(request)
            came = words.text(OUTCOMES[CaseOutcome(error.stands["outcome"])]) if "outcome" in error.stands else ""
            stands = ", ".join(part for part in (came, error.stands.get("registered_as", "")) if part)
            text = ANOTHER_STANDS if stands else ANOTHER_IS_SEALED
            here = f"{self.path}/{_entry(request)}"
            heading = mark("It was recorded before")
            return self._renderer.message(request, heading, text, 409, here=here, back=self.back_to_one, stands=stands)
        except (RejectedError, ContractError) as error:
            status, text = REFUSED.get(error.code, REFUSED["will_not_open"])
            return self._says(request, mark("It could not be done"), text, status)
        except ConfigError as error:
            if error.code != "no_private_key":
                raise
            return self._says(request, mark("It could not be done"), _NO_KEY, 409)
        except RetriableError as error:
            if not request.url.path.endswith(_RECORDING):
                raise
            _LOG.error("not_recorded", error=type(error).__name__, code=error.code)
            return self._says(request, *(NOT_SAID if error.code == "audit" else HALF_SAID), 503)

    def _says(self, request: Request, heading: str, text: str, status: int, **values: str) -> Response:
        return self._renderer.message(request, heading, text, status, here=self.path, back=self.back, **values)

    def _actor(self, principal: Principal) -> Actor:
        return actor_of(principal, self.action)


class ReportPages(_Pages):
    """Reports of concern, for the statutory officer."""

    path, templates, action = "/reports", "report", Action.STATUTORY_READ
    back, back_to_one = mark("Back to the reports"), mark("Back to the report")

    @property
    def desk(self) -> ReportDesk:
        return self._web.reports()

    def opened(self, request: Request, principal: Principal) -> Response:
        """The original, byte for byte, as a file: what came in may be anything, and no browser is to interpret it."""

        def view() -> Response:
            found = self.desk.open(self._actor(principal), _entry(request))
            headers = {
                "content-disposition": f'attachment; filename="{found.listed.entry}"',
                "x-content-type-options": "nosniff",
                "cache-control": "no-store",
            }
            return Response(found.content, media_type="application/octet-stream", headers=headers)

        return self._answered(request, view)

    def done(self, request: Request, principal: Principal) -> Response:
        """The case system has it."""

        def view() -> Response:
            typed = field(request, "number").strip()
            try:
                self.desk.register(self._actor(principal), _entry(request), typed)
            except RejectedError as error:
                if error.code not in WRONG:
                    raise
                listed = self.desk.one(self._actor(principal), _entry(request))
                return self._one(request, principal, listed, wrong=error.code)
            return RedirectResponse(f"{self.path}?done=1", status_code=303)

        return self._answered(request, view)

    def correct(self, request: Request, principal: Principal) -> Response:
        """The number that stands, as an act of its own, with what puts it right; and then that it is put right."""

        def view() -> Response:
            entry, typed = _entry(request), field(request, "number").strip()
            stands, why = field(request, "stands"), field(request, "why")
            wrong = "" if why in set(Correction) else "no_reason"
            sent = field(request, "deed") == "correct"
            if sent and not wrong:
                try:
                    reason = Correction(why)
                    self.desk.correct(self._actor(principal), entry, instead_of=stands, registered_as=typed, why=reason)
                    return RedirectResponse(f"{self.path}?done=corrected", status_code=303)
                except RejectedError as error:
                    if error.code not in WRONG:
                        raise
                    wrong = error.code
            return self._correction(request, principal, wrong if sent else "", why, typed if wrong == "no_reason" else "")

        return self._answered(request, view)

    def _correction(self, request: Request, principal: Principal, wrong: str, why: str, typed: str) -> Response:
        words, now = self._renderer.words(request), self._web.clock.now()
        found = self.desk.registered(self._actor(principal), _entry(request))

        def shown(said: Mapping[str, str]) -> Mapping[str, Any]:
            reason = words.text(CORRECTIONS[Correction(said["why"])]) if said.get("why") in set(Correction) else ""
            at = moment(datetime.fromisoformat(said["at"]), words, now)
            return {"number": said["registered_as"], "at": at, "why": reason}

        return self._page(
            request, "correct", principal, status=400 if wrong else 200, row=self._row(found.listed, words),
            stands=shown(found.stands), before=[shown(one) for one in found.before], why=why,
            typed=typed if is_case_number(typed) else "",
            reasons=[{"value": one.value, "label": words.text(title), "hint": ""} for one, title in CORRECTIONS.items()],
            wrong=words.text(WRONG[wrong]) if wrong else "", wrong_field="why" if wrong == "no_reason" else "number",
        )  # fmt: skip


class CasePages(_Pages):
    """Cases of protected persons, for the protected-cases officer alone."""

    path, templates, action = "/protected", "case", Action.PROTECTED_READ
    back, back_to_one = mark("Back to the cases"), mark("Back to the case")

    @property
    def desk(self) -> CaseDesk:
        return self._web.cases()

    def opened(self, request: Request, principal: Principal) -> Response:
        """What the case holds, and the form for what came of it."""

        def view() -> Response:
            found = self.desk.open(self._actor(principal), _entry(request))
            return self._form(request, principal, found)

        return self._answered(request, view)

    def done(self, request: Request, principal: Principal) -> Response:
        """What came of it."""

        def view() -> Response:
            chosen, typed = field(request, "outcome"), field(request, "number").strip()
            wrong = "" if chosen in set(CaseOutcome) else "no_outcome"
            if not wrong:
                try:
                    self.desk.conclude(self._actor(principal), _entry(request), CaseOutcome(chosen), typed)
                    return RedirectResponse(f"{self.path}?done=1", status_code=303)
                except RejectedError as error:
                    if error.code not in WRONG:
                        raise
                    wrong = error.code
            found = self.desk.open(self._actor(principal), _entry(request))
            return self._form(request, principal, found, wrong=wrong, chosen=chosen)

        return self._answered(request, view)

    def _form(self, request: Request, principal: Principal, found: Opened, *, wrong: str = "", chosen: str = "") -> Response:
        words = self._renderer.words(request)
        outcomes = [{"value": one.value, "label": words.text(title), "hint": ""} for one, title in OUTCOMES.items()]
        said = dict(found.said)
        came = words.text(OUTCOMES[CaseOutcome(said["outcome"])]) if said.get("outcome") in set(CaseOutcome) else ""
        return self._one(
            request, principal, found.listed, wrong=wrong, opened=facts(found.content, words), outcomes=outcomes, outcome=chosen,
            came=came, registered_as=said.get("registered_as", ""),
        )  # fmt: skip


def _entry(request: Request) -> str:
    return str(request.path_params["entry"])
