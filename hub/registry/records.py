"""From the rows of one youth to the consent record on the bus. Pure: time is an argument."""

from __future__ import annotations

from datetime import date, datetime

from hub.clock import stockholm_date
from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, Scope
from hub.registry.states import State
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


def build_record(youth_ref: str, version: int, consents: list[Consent], born: date, now: datetime) -> ConsentRecord:
    """The cumulative record: every scope that was in force under this reference, those withdrawn with the instant it ended.

    A suspended scope is left out beside others in force, because consumers must not act on it; when all that is left is
    suspended, the whole record is.
    """
    consents = sorted(consents, key=lambda consent: (consent.created_at, consent.consent_id))
    in_force = [consent for consent in consents if consent.state == State.IN_FORCE]
    suspended = [consent for consent in consents if consent.state == State.SUSPENDED]
    shown = [c for c in consents if c.in_force_at is not None and (c.state != State.SUSPENDED or not in_force)]
    newest = (in_force or suspended)[-1]
    age, valid_until = coarse_age(born, stockholm_date(now))
    return ConsentRecord(
        youth_ref=youth_ref,
        version=version,
        status=ConsentStatus.IN_FORCE if in_force else ConsentStatus.SUSPENDED,
        age_years=age,
        age_valid_until=valid_until,
        area=next((consent.area for consent in reversed(in_force or suspended) if consent.area), None),
        legal_basis=newest.legal_basis,
        scopes=tuple(map(_scope, shown)),
        recorded_at=now,
    )


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


def _scope(consent: Consent) -> Scope:
    return Scope(
        scope_id=consent.consent_id,
        cooperation=Cooperation(consent.cooperation),
        agencies=tuple(consent.agencies),
        recipients=tuple(consent.recipients),
        kinds=tuple(InfoKind(kind) for kind in consent.kinds),
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
        withdrawn_at=consent.ended_at if consent.state == State.WITHDRAWN else None,
    )
