"""Four eyes on a page: what waits for a second person, and what became of one's own requests."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.matters import Request as Asked
from hub.access.roles import Action, Principal, known_roles, may_somewhere
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry
from hub.errors import RejectedError
from hub.web.forms import field
from hub.web.language import Words, mark
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web
from hub.web.role_titles import MATTERS, PURPOSES, ROLE_TITLES, SEARCH_TITLE, STATES

__all__ = ["Approvals"]

_TEXTS = {
    "own_request": mark("Another person has to approve what you asked for."),
    "not_waiting": mark("The request has been decided already."),
    "no_person": mark("It is not known which person your account is. Whoever keeps the accounts can say so."),
    "lapsed": mark("The time for it has passed. It has to be asked for again."),
}


class Approvals:
    """Views behind guarded doors; `FourEyes` decides and keeps the audit log."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def page(self, request: Request, principal: Principal, *, text: str = "", status: int = 200) -> Response:
        """What others ask and this person may decide; below, this person's own requests. In the audit log first."""
        words, eyes = self._renderer.words(request), self._web.four_eyes
        self._web.audit.append(Entry(actor_of(principal, Action.APPROVAL_SEE), Logged.APPROVAL_LISTED))
        return self._renderer.page(
            request, "approvals.html", principal, status=status, text=words.text(text) if text else "",
            waiting=[self._row(one, words) for one in eyes.waiting_for(principal)],
            own=[self._row(one, words) for one in eyes.own(principal)], here="/approvals",
            may_ask=may_somewhere(principal, Action.SEALED_REQUEST),
        )  # fmt: skip

    def decide(self, request: Request, principal: Principal) -> Response:
        """Approve or refuse one; take one's own back."""
        decide = self._web.four_eyes.approve if field(request, "decision") == "approve" else self._web.four_eyes.refuse
        try:
            decide(principal, field(request, "request"))
        except RejectedError as error:
            text = _TEXTS.get(error.code, mark("There is no such request for you."))
            return self.page(request, principal, text=text, status=409)
        return RedirectResponse("/approvals", status_code=303)

    def _row(self, asked: Asked, words: Words) -> dict[str, object]:
        now = self._web.login.sessions.now()
        team = self._web.teams.get(asked.team)
        matter = SEARCH_TITLE if asked.item.startswith("search:") else MATTERS[asked.matter]
        purpose = words.text(PURPOSES[asked.purpose]) if asked.purpose in PURPOSES else asked.purpose
        return {
            "id": asked.request_id, "matter": words.text(matter), "purpose": purpose,
            "who": asked.requester_name, "team": team.title if team else "", "asked": moment(asked.asked_at, words, now),
            "until": moment(asked.until, words, now), "state": words.text(STATES[asked.state]), "decider": asked.decider_name,
            "ground": asked.legal_ground, "case": asked.case_reference,
            "role": _role(asked.requester_role, words), "decider_role": _role(asked.decider_role, words),
            "waiting": asked.state == "waiting",
        }  # fmt: skip


def _role(code: str, words: Words) -> str:
    """What a role is called; that of the command line or of another version of the hub is left out."""
    return next((words.text(ROLE_TITLES[role]) for role in known_roles([code])), "")
