"""What the pages of cases are built from, beside what every page is; and the look at a youth's numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hub.cases.content import Numbers
from hub.cases.measuring import measure
from hub.cases.results import Results
from hub.cases.store import Cases
from hub.contract.models import Cooperation, InfoKind
from hub.errors import ConfigError, FatalError, RejectedError, RetriableError
from hub.web.consents.office import Office

__all__ = ["CaseOffice", "numbers_now"]

_NOTHING_HELD = frozenset({"unknown_reference"})


@dataclass(frozen=True, slots=True)
class CaseOffice:
    """`span_days`: of how many days an SSPF case's numbers are."""

    cases: Cases
    results: Results
    span_days: int


def numbers_now(
    office: Office,
    youth_ref: str,
    team: str,
    cooperation: Cooperation,
    *,
    at: datetime,
    span_days: int,
    throughout: Collection[InfoKind],
) -> Numbers:
    """The numbers of the days before the present instant `at`; unknown where nothing is held, or nobody says that it was told of.

    Raises RejectedError `busy` while what is held cannot be read: ask again in a moment.
    """
    if cooperation is Cooperation.SIG or not throughout:
        return Numbers()
    try:
        found = office.held.at(youth_ref)
    except RejectedError as error:
        if error.code in _NOTHING_HELD:
            return Numbers()
        raise
    except (ConfigError, FatalError):  # the counting has never run here: it holds nothing
        return Numbers()
    except RetriableError:
        raise RejectedError("what is held cannot be read now", code="busy") from None
    carries = {code: agency.kinds for code, agency in office.agencies.items()}
    measured = measure(
        found.state, found.rules.longest_ms, team, cooperation, at=at, span_days=span_days, throughout=throughout, carries=carries
    )
    return Numbers.of(measured)
