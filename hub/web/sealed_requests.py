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
from hub.web.language import Words, mark
from hub.web.rendering import Renderer, Web
from hub.web.role_titles import PURPOSES

__all__ = ["SealedRequests"]

_PURPOSES: Final = ("supervision", "damages", "appeal", "authority")
_KEPT: Final = ("document", "purpose", "ground", "case")  # never the number: it is typed anew
_TEXTS: Final = {
    "no_purpose": ("purpose", mark("Choose what it is for.")),
    "no_document": ("document", mark("Give either a document's number or a person's number.")),
    "no_such_document": ("document", mark("The vault has no such document.")),
    "no_ground": ("ground", mark("Say which provision permits it, in 2 to 120 characters.")),
    "no_case": ("case", mark("Give the number of the case, in 2 to 80 characters.")),
    "names_somebody": ("case", mark("Legal ground and case must hold no person's number.")),
    "no_person": ("", mark("It is not known which person your account is. Whoever keeps the accounts can say so.")),
    "too_many": ("", mark("You have five requests open already. Use one, or take one back, first.")),
}


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
        try:
            self._ask(request, principal)
        except UnresolvedIdentifierError as error:
            return self.page(request, principal, wrong={"identifier": error.told(words.language)})
        except RejectedError as error:
            named = error.code == "names_somebody"  # then nothing of it is shown again
            return self.page(request, principal, wrong=_wrong(error.code, words), kept=_KEPT[:2] if named else _KEPT)
        return RedirectResponse("/approvals", status_code=303)

    def _ask(self, request: Request, principal: Principal) -> None:
        from hub.registry.unsealing import ask_to_open, ask_to_search  # noqa: PLC0415 - loads cryptography, when first needed

        purpose, ground = field(request, "purpose"), Ground(field(request, "ground"), field(request, "case")).checked()
        document, identifier = field(request, "document").strip(), field(request, "identifier").strip()
        if purpose not in _PURPOSES:
            raise RejectedError("no such purpose", code="no_purpose")
        if bool(document) is bool(identifier):
            raise RejectedError("a document or a person", code="no_document")
        eyes, vault = self._web.four_eyes, self._web.sealed()
        if document:
            ask_to_open(vault, eyes, principal, document, purpose=purpose, ground=ground)
            return
        canonical = canonical_identifier(identifier, today=stockholm_date(self._web.clock.now()))
        ask_to_search(vault, eyes, principal, canonical, purpose=purpose, ground=ground)


def _wrong(code: str, words: Words) -> dict[str, str]:
    where, text = _TEXTS.get(code, ("", mark("Your role does not include this. Whoever gives out the roles can change that.")))
    return {where: words.text(text)}
