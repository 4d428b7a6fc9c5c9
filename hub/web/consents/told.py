"""What any role may do and see: take a withdrawal by word of mouth, and (who may) the list of withdrawals and their erasure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from hub.access.roles import Action, may_somewhere
from hub.contract.identifiers import UnresolvedIdentifierError
from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.registry.cases import ErasingPlace
from hub.web.consents.desk import Visit
from hub.web.consents.shapes import Error
from hub.web.consents.titles import COMPONENTS, PLACES, SIGNATORIES
from hub.web.shown import Moment

__all__ = ["erasures", "withdrawal"]

_LIST_LIMIT: Final = 200


def withdrawal(visit: Visit) -> Response:
    """Somebody says that a consent ends. What there was is told to nobody: the answer is always the same."""
    errors: list[Error] = []
    if visit.posted:
        try:
            _withdraw(visit)
        except UnresolvedIdentifierError as wrong:
            errors = [Error("identifier", f"{wrong.told(visit.words.language)}.")]
        else:
            return visit.page("consents/withdrawal_taken.html")
    return visit.page(
        "consents/withdrawal.html", status=422 if errors else 200, errors=errors,
        signers=[(role, visit.words.text(title)) for role, title in SIGNATORIES.items()],
        typed=visit.field("identifier"), back=_back(visit),
    )  # fmt: skip


def erasures(visit: Visit) -> Response:
    """Every withdrawal of a reference, and who still has to answer; without any tie to a person. Places to an auditor only."""
    text = visit.words.text
    rows = [
        (
            one.number[:8],
            visit.moment(one.requested_at),
            [text(COMPONENTS.get(part.component, part.component)) for part in one.parts if part.answered_at is None],
            None if one.effect_at is None else max(0, round((one.effect_at - one.requested_at).total_seconds())),
            None if one.places is None else _places(visit, one.places),
        )
        for one in visit.casework.erasures(visit.who)
    ]
    return visit.page(
        "consents/erasures.html", rows=rows, cut=len(rows) == _LIST_LIMIT, retention_days=visit.office.retention_days,
        places=any(row[-1] is not None for row in rows), back=_back(visit), section="/erasures",
    )  # fmt: skip


def _places(visit: Visit, places: Sequence[ErasingPlace]) -> list[tuple[str, Moment, Moment | None]]:
    """Each place, by when nothing may lie there any more, and since when nothing does."""
    text = visit.words.text
    return [(text(PLACES.get(one.name, one.name)), visit.moment(one.due_at), visit.maybe(one.done_at)) for one in places]


def _withdraw(visit: Visit) -> None:
    cooperation, by = visit.field("cooperation"), visit.field("by")
    visit.casework.withdraw_of(
        visit.who,
        visit.field("identifier"),
        cooperation if cooperation in set(Cooperation) else None,
        Signatory(by) if by in set(Signatory) else None,
    )


def _back(visit: Visit) -> str:
    return "/consents" if may_somewhere(visit.who, Action.CONSENT_SEE) else "/"
