"""The consent officer's lists: what waits for whom, what ends soon, what is suspended; and finding a consent or a person's."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, may_somewhere
from hub.contract.identifiers import UnresolvedIdentifierError
from hub.registry.cases import ConsentCase
from hub.web.consents.desk import Visit
from hub.web.consents.shapes import Error
from hub.web.consents.showing import EXPIRES_SOON

__all__ = ["find", "listed"]

# Six to eight places, or eight and a dash and more: no personal number has this form, for a dash stands there at nine places.
_NUMBER: Final = re.compile(r"[0-9a-f]{6,8}|[0-9a-f]{8}-[0-9a-f]{4}(-[0-9a-f-]{0,22})")


def listed(visit: Visit, error: Error | None = None) -> Response:
    """Open consents of the officer's teams, in the order that asks for work."""
    cases, showing = visit.casework.listed(visit.who), visit.showing
    soon = [case for case in cases if case.state == "in_force" and case.ends_at - visit.now <= EXPIRES_SOON]
    groups = {
        "waiting": [case for case in cases if case.state in {"waiting", "disputed"}],
        "suspended": [case for case in cases if case.state in {"suspended", "blocked"}],
        "soon": sorted(soon, key=lambda case: case.ends_at),
        "others": [case for case in cases if case.state == "in_force" and case not in soon],
    }
    return visit.page(
        "consents/list.html", status=422 if error else 200, error=error, here="/consents",
        groups={name: [showing.row(case) for case in found] for name, found in groups.items()},
        may_register=may_somewhere(visit.who, Action.CONSENT_REGISTER),
    )  # fmt: skip


def find(visit: Visit) -> Response:
    """By a consent's number, or by a person's whole number; the latter answers alike whether there is anything or not.

    Sent as a form, so that neither stands in an address, a history or a log.
    """
    sought, words = visit.field("sought").strip(), visit.words
    if _NUMBER.fullmatch(sought.lower()):
        found = visit.casework.find(visit.who, sought.lower())
        return RedirectResponse(f"/consents/{found[0]}", status_code=303) if len(found) == 1 else _found(visit, [])
    try:
        return _found(visit, visit.casework.of_person(visit.who, sought))
    except UnresolvedIdentifierError as wrong:
        told = words.text("Give a consent's number (at least its first six characters) or a whole personal number.")
        told = f"{wrong.told(words.language)}." if sum(map(str.isdigit, sought)) >= 8 else told
        return listed(visit, Error("sought", told))


def _found(visit: Visit, cases: list[ConsentCase]) -> Response:
    return visit.page(
        "consents/found.html", rows=[visit.showing.row(case) for case in cases], here="/consents",
        may_register=may_somewhere(visit.who, Action.CONSENT_REGISTER),
    )  # fmt: skip
