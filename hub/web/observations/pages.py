"""The observation form: first whether a child is being harmed, then coded fields, and nothing that stays with the sender.

Whoever says yes is led to the report of concern, and nothing was asked before. A number stands in no address and on no page that
is shown again. Whether somebody has a consent is told to nobody: one answer, given when the intake gives it.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome
from hub.clock import stockholm_date
from hub.contract.identifiers import UnresolvedIdentifierError, canonical_identifier
from hub.contract.models import RiskConcern
from hub.errors import ConfigError, HubError, InDoubtError, RejectedError, RetriableError
from hub.logs import get_logger
from hub.web.consents.field_titles import CODES
from hub.web.forms import field
from hub.web.observations.form import FormNumber, KeptForm, KeptForms, ObservationForm, new_number, number_in
from hub.web.observations.senders import Observation, Sender
from hub.web.observations.titles import AGAIN, IN_DOUBT, NO_ANSWER, NOT_SENT, NOT_SET_UP, NOT_TAKEN, WRONG
from hub.web.rendering import Renderer, Web

__all__ = ["Observations"]

_LOG = get_logger(__name__)
_PAGE = "/observations"
_YES, _NO = "yes", "no"
_ASKED: Final = ("sender", "concern", "area", "day", "person")
_CONCERNS: Final = CODES[RiskConcern]


class Observations:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer, kept: KeptForms) -> None:
        self._web = web
        self._renderer = renderer
        self._kept = kept

    def question(self, request: Request, principal: Principal) -> Response:
        """Is a child being harmed? Where nobody can send, what would have to be set, and the way to a report all the same."""
        return self._page(request, "question", principal, wrong="", able=bool(self._senders(principal)))

    def answered(self, request: Request, principal: Principal) -> Response:
        """Yes: to the report of concern. No: to the form, at an address that only this answer gives."""
        answer = field(request, "harmed")
        if answer == _YES:
            return RedirectResponse(f"{_PAGE}/harm", status_code=303)
        if not self._senders(principal):
            return RedirectResponse(_PAGE, status_code=303)
        if answer == _NO:
            return RedirectResponse(f"{_PAGE}/form/{new_number(self._secret(request))}", status_code=303)
        said = self._renderer.words(request).text(NO_ANSWER)
        return self._page(request, "question", principal, status=422, wrong=said, able=True)

    def harm(self, request: Request, principal: Principal) -> Response:
        """How to make a report of concern now. Nothing was taken."""
        return self._page(request, "harm", principal)

    def sent(self, request: Request, principal: Principal) -> Response:
        """The same for everybody, whatever became of it."""
        return self._page(request, "sent", principal)

    def form(self, request: Request, principal: Principal) -> Response:
        """Empty fields under a number of their own, so that whoever goes back after sending begins another observation.

        After a form that was not sent: what was coded in it, its number, and everything that is wrong; once. After one that may
        have been sent the number stays, as often as the page is seen; whoever goes back from it is shown the way to it.
        """
        said, senders = request.path_params["said"], self._senders(principal)
        if number_in(self._secret(request), said) is None or not senders:
            return RedirectResponse(_PAGE, status_code=303)
        words, kept = self._renderer.words(request), self._kept.take(said)
        if kept is None:
            kept, wrong = KeptForm(ObservationForm(), FormNumber.new(), {}), dict[str, str]()
        else:
            wrong = {name: words.text(WRONG[code]) for name, code in kept.wrong.items()}
            if kept.rule is not None:
                wrong["person"] = f"{UnresolvedIdentifierError(kept.rule).told(words.language)}."
            wrong.setdefault("person", words.text(AGAIN))
        errors = [{"field": "", "text": words.text(text)} for text in _notices(kept)]
        errors += [{"field": name, "text": wrong[name]} for name in _ASKED if name in wrong]
        today = stockholm_date(self._web.clock.now()).isoformat()
        shown = kept.form if kept.form != ObservationForm() else ObservationForm(day=today)
        areas = sorted(((code, area.title) for code, area in self._web.office.places.areas.items()), key=lambda pair: pair[1])
        return self._page(
            request, "form", principal, form=shown, number=kept.number.signed(self._secret(request)), errors=errors,
            left=[f"{_PAGE}/form/{one}" for one in self._kept.doubts_from(said)],
            areas=areas, wrong=dict.fromkeys(_ASKED, "") | wrong, today=today, in_doubt=kept.number.in_doubt,
            concerns=[{"value": one.value, "label": words.text(title), "hint": ""} for one, title in _CONCERNS.items()],
            senders=[{"value": one.name, "label": one.title, "hint": ""} for one in senders],
        )  # fmt: skip

    def send(self, request: Request, principal: Principal) -> Response:
        """Send it; what was not sent, or may not have been, is shown again at an address of its own, without the person."""
        said, senders = request.path_params["said"], {one.name: one for one in self._senders(principal)}
        number = FormNumber.of_field(self._secret(request), field(request, "number"))
        if number is None or number_in(self._secret(request), said) is None or not senders:
            return RedirectResponse(_PAGE, status_code=303)
        form, now = ObservationForm.of_request(request), self._web.clock.now()
        wrong, at = form.wrong(senders, self._web.office.places.areas, now), form.observed_at
        person, rule, notice = "", None, ""
        try:
            person = canonical_identifier(form.person, today=stockholm_date(now))
        except UnresolvedIdentifierError as error:
            wrong["person"], rule = "no_person", error.rule if form.person else None
        if not wrong and at is not None:
            observation = Observation(number.number, person, form.kind, form.area, at.astimezone(UTC), number.showing)
            notice = self._sent(principal, senders[form.sender], observation)
            if not notice:
                self._kept.taken(number.number)
                return RedirectResponse(f"{_PAGE}/sent", status_code=303)
            number = number.shown_again(in_doubt=notice == IN_DOUBT)
        again = new_number(self._secret(request))
        self._kept.put(again, KeptForm(form, number, wrong, rule, notice, began=said))
        return RedirectResponse(f"{_PAGE}/form/{again}", status_code=303)

    def _sent(self, principal: Principal, sender: Sender, observation: Observation) -> str:
        """Nothing when it is safe, else what to say. Its entry is written first, and one more when it is not known to be safe."""
        actor = actor_of(principal, Action.OBSERVATION_REPORT, sender.name)
        try:
            self._web.audit.append(Entry(actor, Logged.OBSERVATION_SENT))
        except RetriableError:
            return NOT_SENT
        try:
            self._web.observing.intake().push(sender, observation)
        except (RetriableError, RejectedError, ConfigError) as error:
            # What may have gone out was not refused: the log must not say that it was.
            outcome = Outcome.PERMIT if isinstance(error, InDoubtError) else Outcome.DENY
            self._log(Entry(actor, Logged.OBSERVATION_SENT, outcome=outcome, rule=error.code))
            return self._told(sender, error)
        return ""

    def _log(self, entry: Entry) -> None:
        """What became of it; whoever sent it is told that even when it cannot be written."""
        try:
            self._web.audit.append(entry)
        except RetriableError as error:
            _LOG.error("observation_outcome_not_logged", sender=entry.actor.unit, outcome=entry.rule, code=error.code)

    def _told(self, sender: Sender, error: HubError) -> str:
        if isinstance(error, ConfigError):
            _LOG.error("observation_not_sent", sender=sender.name, code=error.code)
            return NOT_SET_UP
        if isinstance(error, RejectedError):
            return NOT_TAKEN
        return IN_DOUBT if isinstance(error, InDoubtError) else NOT_SENT

    def _senders(self, principal: Principal) -> tuple[Sender, ...]:
        """For whom the principal may send."""
        return tuple(one for one in self._web.observing.senders if one.is_for(principal))

    def _secret(self, request: Request) -> str:
        return self._renderer.visitors.form_secret(request)

    def _page(self, request: Request, name: str, principal: Principal, **values: Any) -> Response:
        here = f"{_PAGE}/{name}" if name in {"harm", "sent"} else request.url.path
        given: dict[str, Any] = {"section": _PAGE, "here": here, "reception": self._web.observing.reception} | values
        given |= {"set_up": bool(self._web.observing.senders)}
        return self._renderer.page(request, f"observations/{name}.html", principal, **given)


def _notices(kept: KeptForm) -> list[str]:
    """What is said above the fields. Of a form that is in doubt nothing says that it was not sent."""
    if kept.number.in_doubt:
        return [IN_DOUBT, *(text for text in (kept.notice,) if text in {NOT_TAKEN, NOT_SET_UP})]
    return [kept.notice] if kept.notice else []
