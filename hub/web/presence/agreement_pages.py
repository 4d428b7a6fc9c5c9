"""The register of agreements with associations: what holds, what has ended, and how each came to be as it is."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal, may
from hub.audit.actions import Action as Logged
from hub.audit.entries import SubjectKind
from hub.clock import stockholm_date
from hub.presence.agreements import Agreement, Terms
from hub.web.consents.showing import day
from hub.web.language import Words
from hub.web.presence.forms import TermsForm
from hub.web.presence.room import Room, seen_version
from hub.web.presence.titles import CHANGES, DONE, TERMS, WRONG
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web

__all__ = ["AgreementPages"]

_FIELDS: Final = tuple(TermsForm.__dataclass_fields__)


class AgreementPages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._room = Room(web, renderer)
        self._web = web

    def all(self, request: Request, principal: Principal) -> Response:
        """Those that hold first, then those that begin later or have ended."""

        def view() -> Response:
            words, today = self._room.renderer.words(request), stockholm_date(self._web.clock.now())
            rows = [self._row(one, words) for one in self._room.desk.agreements.all()]
            holds = [row for row in rows if row["from"] <= today <= row["until"]]
            others = [row for row in rows if not row["from"] <= today <= row["until"]]
            return self._room.page(
                request, "agreements", principal, holds=holds, others=others, today=today, may_change=self._may_change(principal),
                here=f"{self._room.base}/agreements",
            )  # fmt: skip

        return self._room.answered(request, principal, view)

    def one(self, request: Request, principal: Principal) -> Response:
        """One of them, with its history."""

        def view() -> Response:
            words, now = self._room.renderer.words(request), self._web.clock.now()
            agreement = self._found(request)
            names = self._web.answering.names(self._web.presence_team)
            history = [
                {
                    "at": moment(one.at, words, now), "what": words.text(CHANGES[one.change]),
                    "who": names.get(one.account) or words.text("a colleague"), "lines": self._lines(one.terms, words),
                }
                for one in self._room.desk.agreements.history(agreement.agreement_id)
            ]  # fmt: skip
            done = DONE.get(request.query_params.get("done", ""), "")
            return self._room.page(
                request, "agreement", principal, agreement=agreement, lines=self._lines(agreement.terms, words),
                history=history, holds=agreement.terms.valid_until >= stockholm_date(now),
                may_change=self._may_change(principal), done=words.text(done) if done else "",
                here=f"{self._room.base}/agreements/{agreement.agreement_id}",
            )  # fmt: skip

        return self._room.answered(request, principal, view)

    def new(self, request: Request, principal: Principal) -> Response:
        """An empty form."""
        return self._room.answered(request, principal, lambda: self._form(request, principal, TermsForm(), None))

    def other(self, request: Request, principal: Principal) -> Response:
        """The form with what is agreed now."""

        def view() -> Response:
            agreement = self._found(request)
            return self._form(request, principal, TermsForm.of_agreement(agreement), agreement)

        return self._room.answered(request, principal, view)

    def add(self, request: Request, principal: Principal) -> Response:
        """A new agreement, or the form again."""

        def view() -> Response:
            form = TermsForm.of_request(request)
            wrong = form.wrong(self._web.office.places.areas)
            if wrong:
                return self._form(request, principal, form, None, wrong)
            agreement = self._room.desk.agreements.add(
                form.terms(), principal.account, lambda number: self._record(principal, number, "added")
            )
            return self._led(agreement, "added")

        return self._room.answered(request, principal, view)

    def change(self, request: Request, principal: Principal) -> Response:
        """Other terms, or the form again."""

        def view() -> Response:
            form, agreement = TermsForm.of_request(request), self._found(request)
            wrong = form.wrong(self._web.office.places.areas)
            if wrong:
                return self._form(request, principal, form, agreement, wrong)
            number = agreement.agreement_id
            changed = self._room.desk.agreements.change(
                number, form.terms(), principal.account, seen=seen_version(request),
                record=lambda: self._record(principal, number, "changed"),
            )  # fmt: skip
            return self._led(changed, "changed")

        return self._room.answered(request, principal, view)

    def end(self, request: Request, principal: Principal) -> Response:
        """It offers nothing any more."""

        def view() -> Response:
            number = self._found(request).agreement_id
            ended = self._room.desk.agreements.end(
                number, principal.account, seen=seen_version(request), record=lambda: self._record(principal, number, "ended")
            )
            return self._led(ended, "ended")

        return self._room.answered(request, principal, view)

    def _found(self, request: Request) -> Agreement:
        return self._room.desk.agreements.one(str(request.path_params["agreement"]))

    def _record(self, principal: Principal, number: str, purpose: str) -> object:
        action = Action.AGREEMENT_CHANGE
        kind = SubjectKind.AGREEMENT
        return self._room.record(principal, Logged.AGREEMENT_CHANGED, kind, number, purpose=purpose, action=action)()

    def _led(self, agreement: Agreement, done: str) -> Response:
        return RedirectResponse(f"{self._room.base}/agreements/{agreement.agreement_id}?done={done}", status_code=303)

    def _form(
        self,
        request: Request,
        principal: Principal,
        form: TermsForm,
        agreement: Agreement | None,
        wrong: dict[str, str] | None = None,
    ) -> Response:
        room, words = self._room, self._room.renderer.words(request)
        told = {name: words.text(WRONG[code]) for name, code in (wrong or {}).items()}
        errors = [{"field": name, "text": f"{words.text(title)}: {told[name]}"} for name, title in TERMS.items() if name in told]
        known = [*room.desk.agreements.activities(), *form.activities]
        at = f"{room.base}/agreements/{agreement.agreement_id}" if agreement else f"{room.base}/agreements"
        return room.page(
            request, "terms", principal, status=400 if told else 200, form=form, agreement=agreement, at=at,
            wrong=dict.fromkeys(_FIELDS, "") | told, errors=errors,
            activities=[{"value": one, "label": one, "hint": ""} for one in dict.fromkeys(known)],
            areas=[{"value": code, "label": title, "hint": ""} for code, title in room.areas()],
            here=f"{at}/change" if agreement else f"{at}/new",
        )  # fmt: skip

    def _row(self, agreement: Agreement, words: Words) -> dict[str, Any]:
        terms = agreement.terms
        return {
            "number": agreement.agreement_id, "association": terms.association, "activities": ", ".join(terms.activities),
            "areas": ", ".join(self._room.title(area) for area in terms.areas), "from": terms.valid_from,
            "until": terms.valid_until, "until_told": day(terms.valid_until, words), "from_told": day(terms.valid_from, words),
        }  # fmt: skip

    def _lines(self, terms: Terms, words: Words) -> list[tuple[str, str]]:
        return [
            (words.text("Activities"), ", ".join(terms.activities)),
            (words.text("Areas"), ", ".join(self._room.title(area) for area in terms.areas)),
            (words.text("Times"), terms.times or "–"),
            (words.text("Goal"), terms.goal or "–"),
            (words.text("The municipality does"), terms.municipality_does or "–"),
            (words.text("The association does"), terms.association_does or "–"),
            (words.text("Valid"), f"{day(terms.valid_from, words)} – {day(terms.valid_until, words)}"),
        ]

    def _may_change(self, principal: Principal) -> bool:
        return may(principal, Action.AGREEMENT_CHANGE, self._web.presence_team)
