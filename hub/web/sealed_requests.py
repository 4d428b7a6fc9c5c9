"""Asking to open a document of the sealed vault, or to search it for one person's: on a page, to be approved by another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.grounds import Ground
from hub.access.roles import Principal
from hub.clock import stockholm_date
from hub.contract.identifiers import UnresolvedIdentifierError, canonical_identifier
from hub.errors import RejectedError
from hub.web.forms import field
from hub.web.language import mark
from hub.web.rendering import Renderer, Web
from hub.web.role_titles import PURPOSES

__all__ = ["SealedRequests"]

_PURPOSES: Final = ("supervision", "damages", "appeal", "authority")
_KEPT: Final = ("document", "purpose", "ground", "case")  # never the number: it is typed anew
_FIELDS: Final = {"no_such_document": "document"}  # what is only known when it is asked for; the rest concerns no one field
_TEXTS: Final = {
    "no_purpose": mark("Choose what it is for."),
    "no_document": mark("Give either a document's number or a person's number."),
    "no_such_document": mark("The vault has no such document."),
    "no_ground": mark("Say which provision permits it, in 2 to 120 characters."),
    "no_case": mark("Give the number of the case, in 2 to 80 characters."),
    "names_somebody": mark("Legal ground and case must hold no person's number."),
    "no_person": mark("It is not known which person your account is. Whoever keeps the accounts can say so."),
    "too_many": mark("You have five requests open already. Use one, or take one back, first."),
}
_NOT_YOURS: Final = mark("Your role does not include this. Whoever gives out the roles can change that.")


class SealedRequests:
    """Views behind a guarded door; four eyes decide and keep the audit log. Whom a search is for is kept as a keyed hash."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def page(
        self, request: Request, principal: Principal, *, wrong: dict[str, str] | None = None, kept: Collection[str] = _KEPT
    ) -> Response:
        """The form; with what is `wrong`, by field, and of what was typed what is `kept`."""
        words = self._renderer.words(request)
        typed = {name: field(request, name) if request.method == "POST" and name in kept else "" for name in _KEPT}
        return self._renderer.page(
            request, "sealed_request.html", principal, status=400 if wrong else 200, wrong=wrong or {}, typed=typed,
            purposes=[(code, words.text(PURPOSES[code])) for code in _PURPOSES], here="/approvals/sealed", section="/approvals",
        )  # fmt: skip

    def ask(self, request: Request, principal: Principal) -> Response:
        """Ask; another person finds the request among what waits for a second one."""
        words = self._renderer.words(request)
        wrong = _missing(request)
        try:
            if not wrong:
                self._ask(request, principal)
        except UnresolvedIdentifierError as error:
            return self.page(request, principal, wrong={"identifier": error.told(words.language)})
        except RejectedError as error:
            wrong = {_FIELDS.get(error.code, ""): error.code}
        if wrong:
            told = {name: words.text(_TEXTS.get(code, _NOT_YOURS)) for name, code in wrong.items()}
            kept = [name for name in _KEPT if wrong.get(name) != "names_somebody"]  # nothing of that is shown again
            return self.page(request, principal, wrong=told, kept=kept)
        return RedirectResponse("/approvals", status_code=303)

    def _ask(self, request: Request, principal: Principal) -> None:
        from hub.registry.unsealing import ask_to_open, ask_to_search  # noqa: PLC0415 - loads cryptography, when first needed

        purpose, ground = field(request, "purpose"), Ground(field(request, "ground"), field(request, "case"))
        eyes, vault, document = self._web.four_eyes, self._web.sealed(), field(request, "document").strip()
        if document:
            ask_to_open(vault, eyes, principal, document, purpose=purpose, ground=ground)
            return
        canonical = canonical_identifier(field(request, "identifier"), today=stockholm_date(self._web.clock.now()))
        ask_to_search(vault, eyes, principal, canonical, purpose=purpose, ground=ground)


def _missing(request: Request) -> dict[str, str]:
    """What is wrong with each field, by a code: all of it at once."""
    wrong = {}
    if bool(field(request, "document").strip()) is bool(field(request, "identifier").strip()):
        wrong["document"] = "no_document"
    if field(request, "purpose") not in _PURPOSES:
        wrong["purpose"] = "no_purpose"
    good = "–" * 2
    for name, ground in (("ground", Ground(field(request, "ground"), good)), ("case", Ground(good, field(request, "case")))):
        try:
            ground.checked()
        except RejectedError as error:
            wrong[name] = error.code
    return wrong
