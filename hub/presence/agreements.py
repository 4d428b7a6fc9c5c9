"""The register of agreements with associations. Each change is a version of its own, so that the history is kept.

No person stands in an agreement: who is responsible for what names functions.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import Clock, stockholm_date
from hub.contract.written_numbers import holds_personal_number
from hub.database import answering
from hub.errors import RejectedError
from hub.presence.codes import ACTIVITIES, Change
from hub.presence.plan import writing
from hub.presence.tables import AgreementRow

__all__ = ["LONGEST_TEXT", "Agreement", "Agreements", "Terms", "Version", "newest"]

LONGEST_TEXT: Final = 500
_LONGEST_NAME: Final = 120
_LONGEST_ACTIVITY: Final = 60
_MOST_ACTIVITIES: Final = 20
_LONGEST_YEARS: Final = 10
# Nine digits in a row, however they are set apart: a personal number or a telephone, and so a person's.
_PERSONAL: Final = re.compile(r"\d(?:[\s+–-]?\d){8}|@")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed. `areas` are codes of areas.yaml; days are Stockholm dates, the first and the last included."""

    association: str
    activities: tuple[str, ...]
    areas: tuple[str, ...]
    times: str
    goal: str
    municipality_does: str
    association_does: str
    valid_from: date
    valid_until: date

    def wrong(self, areas: Collection[str]) -> dict[str, str]:
        """What is wrong with each field, by a code; all of it at once. `areas`: those that there are."""
        wrong = {
            name: "personal" if _is_personal(text) else "too_long"
            for name, text in self._texts().items()
            if _is_personal(text) or len(text) > (_LONGEST_NAME if name == "association" else LONGEST_TEXT)
        }
        if not self.association:
            wrong["association"] = "missing"
        if not self.activities:
            wrong["activities"] = "missing"
        elif any(len(one) > _LONGEST_ACTIVITY or _is_personal(one) for one in self.activities):
            wrong["activities"] = "too_long"
        elif len(self.activities) > _MOST_ACTIVITIES:
            wrong["activities"] = "too_many"
        if not self.areas or not set(self.areas) <= set(areas):
            wrong["areas"] = "missing"
        if self.valid_until < self.valid_from:
            wrong["valid_until"] = "before_start"
        elif self.valid_until.year - self.valid_from.year > _LONGEST_YEARS:
            wrong["valid_until"] = "too_far"
        return wrong

    def _texts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ("association", "times", "goal", "municipality_does", "association_does")}


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement as it is now; `version` is what a form is answered against."""

    agreement_id: str
    version: int
    terms: Terms

    def covers(self, area: str, day: date) -> bool:
        """Whether something may be offered under it, in an area on a day."""
        return area in self.terms.areas and self.terms.valid_from <= day <= self.terms.valid_until


@dataclass(frozen=True, slots=True)
class Version:
    """One line of an agreement's history."""

    version: int
    at: datetime
    account: str
    change: Change
    terms: Terms


class Agreements:
    """Safe for several threads. Every method may raise RetriableError: nothing was done then."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> list[Agreement]:
        """Every agreement as it is now, by the association's name; those that have ended too."""
        with answering(), Session(self._engine) as session:
            return sorted(newest(session).values(), key=lambda one: (one.terms.association.casefold(), one.agreement_id))

    def one(self, agreement_id: str) -> Agreement:
        """Raises RejectedError `unknown_agreement`."""
        with answering(), Session(self._engine) as session:
            return _of(newest(session), agreement_id)

    def history(self, agreement_id: str) -> list[Version]:
        """Every version, the newest first."""
        query = select(AgreementRow).where(AgreementRow.agreement_id == agreement_id).order_by(AgreementRow.version.desc())
        with answering(), Session(self._engine) as session:
            return [Version(row.version, row.at, row.account, Change(row.change), _terms(row)) for row in session.scalars(query)]

    def covering(self, area: str, day: date) -> list[Agreement]:
        """Those under which something may be offered, in an area on a Stockholm date."""
        return [one for one in self.all() if one.covers(area, day)]

    def activities(self) -> list[str]:
        """The catalogue: what is proposed at first, and whatever agreements name."""
        named = {activity for one in self.all() for activity in one.terms.activities}
        return sorted(named | set(ACTIVITIES), key=str.casefold)

    def add(self, terms: Terms, account: str, record: Callable[[str], object]) -> Agreement:
        """A new agreement; `record` is given its number. The terms have been asked what is wrong with them."""
        agreement = Agreement(str(uuid.uuid4()), 1, terms)
        with writing(self._engine) as session:
            self._write(session, agreement, Change.ADDED, account)
            record(agreement.agreement_id)
        return agreement

    def change(self, agreement_id: str, terms: Terms, account: str, *, seen: int, record: Callable[[], object]) -> Agreement:
        """Other terms from now on. Raises RejectedError `unknown_agreement`, `changed_meanwhile`."""
        with writing(self._engine) as session:
            agreement = self._seen(session, agreement_id, seen)
            changed = Agreement(agreement_id, agreement.version + 1, terms)
            self._write(session, changed, Change.CHANGED, account)
            record()
        return changed

    def end(self, agreement_id: str, account: str, *, seen: int, record: Callable[[], object]) -> Agreement:
        """It offers nothing from today on: its last day is yesterday.

        Raises RejectedError `unknown_agreement`, `changed_meanwhile`, `ended` (it has passed already).
        """
        yesterday = stockholm_date(self._clock.now()) - timedelta(days=1)
        with writing(self._engine) as session:
            agreement = self._seen(session, agreement_id, seen)
            if agreement.terms.valid_until <= yesterday:
                raise RejectedError("the agreement has ended already", code="ended")
            terms = replace(agreement.terms, valid_from=min(agreement.terms.valid_from, yesterday), valid_until=yesterday)
            ended = Agreement(agreement_id, agreement.version + 1, terms)
            self._write(session, ended, Change.ENDED, account)
            record()
        return ended

    def _seen(self, session: Session, agreement_id: str, seen: int) -> Agreement:
        agreement = _of(newest(session), agreement_id)
        if agreement.version != seen:
            raise RejectedError("somebody else has changed it", code="changed_meanwhile")
        return agreement

    def _write(self, session: Session, agreement: Agreement, change: Change, account: str) -> None:
        terms = agreement.terms
        session.add(
            AgreementRow(
                agreement_id=agreement.agreement_id, version=agreement.version, at=self._clock.now(), account=account,
                change=change.value, association=terms.association, activities=json.dumps(terms.activities),
                areas=json.dumps(terms.areas), times=terms.times, goal=terms.goal,
                municipality_does=terms.municipality_does, association_does=terms.association_does,
                valid_from=terms.valid_from, valid_until=terms.valid_until,
            )
        )  # fmt: skip
        session.flush()


def _is_personal(text: str) -> bool:
    return _PERSONAL.search(text) is not None or holds_personal_number(text)


def newest(session: Session) -> dict[str, Agreement]:
    """By number the last version of each."""
    rows = session.scalars(select(AgreementRow).order_by(AgreementRow.version))
    return {row.agreement_id: Agreement(row.agreement_id, row.version, _terms(row)) for row in rows}


def _of(found: dict[str, Agreement], agreement_id: str) -> Agreement:
    agreement = found.get(agreement_id)
    if agreement is None:
        raise RejectedError("no such agreement", code="unknown_agreement")
    return agreement


def _terms(row: AgreementRow) -> Terms:
    return Terms(
        association=row.association, activities=tuple(json.loads(row.activities)), areas=tuple(json.loads(row.areas)),
        times=row.times, goal=row.goal, municipality_does=row.municipality_does, association_does=row.association_does,
        valid_from=row.valid_from, valid_until=row.valid_until,
    )  # fmt: skip
