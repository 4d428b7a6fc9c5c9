"""The names on a consent's form: opened for whoever gives the person's own number, and written down as that."""

from __future__ import annotations

from typing import Final

from hub.audit.actions import Action as Logged
from hub.contract.identifiers import UnresolvedIdentifierError
from hub.errors import RejectedError
from hub.registry.cases import ConsentCase, Named
from hub.web.consents.desk import Visit
from hub.web.consents.shapes import Error

__all__ = ["open_names"]

_FIELD: Final = "identifier"


def open_names(visit: Visit, case: ConsentCase, logged: Logged) -> tuple[Named | None, Error | None]:
    """Who a consent is about, by the number that was sent; else what is wrong with it. `logged`: what they are opened for.

    Of another person's number and of somebody's whose data are protected alike it says that it is not this person's.
    """
    try:
        return visit.casework.named(visit.who, case.consent_id, visit.field(_FIELD), logged), None
    except UnresolvedIdentifierError as wrong:
        return None, Error(_FIELD, f"{wrong.told(visit.words.language)}.")
    except RejectedError as refused:
        if refused.code not in {"another_person", "manual_handling"}:
            raise
        return None, Error(_FIELD, visit.words.text("That is not the number of the person of this consent."))
