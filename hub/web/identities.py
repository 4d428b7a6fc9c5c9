"""Whom a task is about: shown by an act of the team that answers for it, never by an address, and in the audit log first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Principal
from hub.errors import RejectedError
from hub.web.consents.showing import Showing
from hub.web.language import mark
from hub.web.rendering import Renderer, Web

__all__ = ["Identities"]

_TEXTS = {
    "not_your_task": mark(
        "This is not an open task of your team that consent lets you see now. Go back to the task: it says why."
    ),
    # Withdrawn, suspended and protected are told alike: nobody learns here that somebody's data are protected.
    "no_identity": mark(
        "Who this is cannot be shown here. Turn to the consent officer of the cooperation; what concerns protected personal data "
        "is taken care of by the protected-cases officer. The attempt is recorded."
    ),
}
_STATUS = {"not_your_task": 404, "no_identity": 409}


class Identities:
    """A view behind a guarded door. `Revealing` decides consent anew as of now, and keeps the audit log."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def of_task(self, request: Request, principal: Principal) -> Response:
        """The person of one task: name, number, and who stands on the consent form and how to reach them."""
        team, number = request.path_params["team"], str(request.path_params["task"])
        task = f"/team/{team}/task/{number}"
        try:
            found = self._web.revealing().in_task(principal, number, team)
        except RejectedError as error:
            text = _TEXTS.get(error.code, mark("Your role does not include this. Whoever gives out the roles can change that."))
            heading = mark("Who it is cannot be shown")
            return self._renderer.message(request, heading, text, _STATUS.get(error.code, 403), here=task)
        words = self._renderer.words(request)
        showing = Showing(self._web.office, words, self._web.clock.now())
        people = found.parties.parties if found.parties else ()
        return self._renderer.page(
            request, "identity.html", principal, current_team=team, team=self._web.teams[team].title, back=task, here=task,
            name=found.parties.name if found.parties else "",
            numbers=[f"{one[:8]}-{one[8:]}" for one in found.identifiers],
            people=[(showing.role(one.role.value), one.name, one.contacts) for one in people],
        )  # fmt: skip
