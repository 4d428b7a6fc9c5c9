"""From the rows of one youth to the consent record on the bus. Pure: time is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from hub.clock import stockholm_date
from hub.contract.models import ConsentRecord, ConsentStatus
from hub.core.consent_facts import Rule
from hub.core.consent_scopes import Account, shown_scopes
from hub.registry.tables import Consent

__all__ = ["build_record", "coarse_age", "withdrawn_record"]


def coarse_age(born: date, today: date) -> tuple[int, date]:
    """Age in years as it is published, and the date from which it no longer holds.

    It changes on the first day of the month after the birthday: an exact date next to an age would be a birth date, and
    a consent record holds none.
    """
    year, month = (born.year, born.month + 1) if born.month < 12 else (born.year + 1, 1)
    turned = today.month >= month
    age = today.year - year if turned else today.year - year - 1
    return max(age, 0), date(today.year + 1 if turned else today.year, month, 1)


def build_record(
    youth_ref: str, version: int, consents: Sequence[tuple[Consent, Account]], born: date, now: datetime
) -> ConsentRecord:
    """The cumulative record of a reference that stands, from every consent under it and how it stands."""
    rows = sorted(consents, key=lambda row: (row[0].created_at, row[0].consent_id))
    in_force = [consent for consent, one in rows if one.standing.rule is Rule.IN_FORCE]
    held = [consent for consent, one in rows if one.held_still]
    leading = in_force or held
    age, valid_until = coarse_age(born, stockholm_date(now))
    return ConsentRecord(
        youth_ref=youth_ref,
        version=version,
        status=ConsentStatus.IN_FORCE if in_force else ConsentStatus.SUSPENDED,
        age_years=age,
        age_valid_until=valid_until,
        area=_area_of_all(leading),
        legal_basis=leading[-1].legal_basis,
        scopes=shown_scopes([one for _, one in rows]),
        recorded_at=now,
    )


def _area_of_all(leading: Sequence[Consent]) -> str | None:
    """The area that every cooperation's latest consent says. The record's one area goes into the tasks of all of them, so what
    stands on one cooperation's form alone is told to none.
    """
    latest: dict[str, str | None] = {}
    for consent in leading:
        latest[consent.cooperation] = consent.area or latest.get(consent.cooperation)
    areas = set(latest.values())
    return areas.pop() if len(areas) == 1 else None


def withdrawn_record(youth_ref: str, version: int, legal_basis: str, now: datetime) -> ConsentRecord:
    """The last record of a reference; permanent."""
    return ConsentRecord(
        youth_ref=youth_ref,
        version=version,
        status=ConsentStatus.WITHDRAWN,
        age_years=None,
        age_valid_until=None,
        area=None,
        legal_basis=legal_basis,
        scopes=(),
        recorded_at=now,
    )
