"""The pages of a withdrawal while the audit log's database is away: what would be read is not shown, what was decided is done."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from hub.errors import RejectedError, RetriableError
from hub.web.consents.case import withdrawn_by
from hub.web.consents.desk import Visit
from hub.web.language import mark

__all__ = ["though_unlogged"]


def though_unlogged(view: Callable[[Visit], Response]) -> Callable[[Visit], Response]:
    """The same view; without the log a page that says where a withdrawal can be recorded all the same (503).

    Who has pressed the button already is not sent there: the withdrawal is taken, and its entries wait on the disk.
    """

    def shown(visit: Visit) -> Response:
        try:
            return view(visit)
        except RetriableError as error:
            if error.code != "audit":
                raise
            if visit.posted and _takes(visit):
                text = mark("It acts at once. How far the erasure has come can be seen when the log answers again.")
                return visit.desk.renderer.message(visit.request, mark("The withdrawal is taken"), text, 200)
            return visit.page("consents/unlogged.html", status=503)

    return shown


def _takes(visit: Visit) -> bool:
    """Whether it was done. What kept it from being done cannot be told: that would be a look."""
    by, everything = withdrawn_by(visit)
    try:
        visit.casework.withdraw(visit.who, str(visit.request.path_params["consent"]), by, everything=everything)
    except (RejectedError, RetriableError):
        return False
    return True
