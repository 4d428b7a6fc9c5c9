"""Presence offered to associations: place and time only. Each answers, and reports, through a link of its own.

Guarantee: of several who accept at once no more get it than there are places, whatever process they reach; an answer holds once.
As in `hub.presence.plan`, `record` writes the audit log before a change commits, and when it raises nothing is done.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import Clock, stockholm_date
from hub.database import answering
from hub.delivery.trying import again
from hub.errors import RejectedError
from hub.presence.agreements import newest
from hub.presence.codes import DeedKind, OfferState, VisitState
from hub.presence.links import LinkPurpose, Links
from hub.presence.plan import Record, Visit, found_visit, note_deed, visit_of, writing
from hub.presence.reports import Report, clear_report, report_of, write_report
from hub.presence.settling import offers_of, settle
from hub.presence.tables import OfferRow, VisitRow

__all__ = ["MOST_PLACES", "Offer", "Offering", "Offers"]

MOST_PLACES: Final = 20
_REPORT_WITHIN: Final = timedelta(days=30)
LINK: Final = "link"
"""In place of an account, where an association did it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer. `association` is what the agreement calls it now; `answer_by` is when its link ends (UTC)."""

    offer_id: str
    visit_id: str
    agreement_id: str
    association: str
    state: OfferState
    offered_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    report: Report | None
    version: int
    answer_link: str
    report_link: str


@dataclass(frozen=True, slots=True)
class Offering:
    """What a link leads to: an offer, and the presence it is of."""

    offer: Offer
    visit: Visit


class Offers:
    """Safe for several threads. Every method may raise RetriableError: nothing was done then."""

    def __init__(self, engine: Engine, clock: Clock, links: Links) -> None:
        self._engine = engine
        self._clock = clock
        self._links = links

    def of_visits(self, visits: Collection[str]) -> dict[str, list[Offer]]:
        """By presence its offers, the oldest first, those of one moment by association."""
        found: dict[str, list[Offer]] = defaultdict(list)
        query = select(OfferRow).where(OfferRow.visit_id.in_(list(visits)))
        with answering(), Session(self._engine) as session:
            names = _names(session)
            for row in session.scalars(query):
                found[row.visit_id].append(self._offer(row, names))
        for offers in found.values():
            offers.sort(key=lambda one: (one.offered_at, one.association.casefold(), one.offer_id))
        return found

    def make(
        self, visit_id: str, agreements: Sequence[str], *, places: int, answer_by: datetime, account: str, record: Record
    ) -> None:
        """Offer it under agreements, to as many associations as there are `places`; whoever holds an open offer gets no second.

        Raises RejectedError: `unknown_visit`, `not_planned`, `begun` (it has begun, or the answer would come after that),
        `bad_places`, `nobody_chosen`, `not_covered` (no valid agreement of these in that area on that day).
        """
        now = self._clock.now()
        with writing(self._engine) as session:
            visit = found_visit(session, visit_id)
            _require_offerable(visit, answer_by, now)
            if not 1 <= places <= MOST_PLACES:
                raise RejectedError(f"places: 1 to {MOST_PLACES}", code="bad_places")
            if not agreements:
                raise RejectedError("choose an association at least", code="nobody_chosen")
            known, day = newest(session), stockholm_date(visit.starts_at)
            if any(number not in known or not known[number].covers(visit.area, day) for number in agreements):
                raise RejectedError("no valid agreement in that area on that day", code="not_covered")
            held = {row.agreement_id for row in offers_of(session, visit_id) if _is_held(row, now)}
            for number in dict.fromkeys(agreements):
                if number not in held:
                    row = OfferRow(
                        offer_id=str(uuid.uuid4()), visit_id=visit_id, agreement_id=number, state=OfferState.OFFERED.value,
                        offered_at=now, answer_by=answer_by,
                    )  # fmt: skip
                    session.add(row)
                    note_deed(session, visit_id, account, DeedKind.OFFERED, now, detail=row.offer_id)
            visit.places, visit.changed_at = places, now
            session.flush()
            record()

    def withdraw(self, offer_id: str, account: str, *, seen: int, record: Record) -> None:
        """The team takes an offer back, or undoes an acceptance: its links end, its place is free again.

        Raises RejectedError `unknown_offer`, `changed_meanwhile`, `already_withdrawn`, `reported`.
        """

        def change(session: Session, row: OfferRow, now: datetime) -> None:
            if row.state == OfferState.WITHDRAWN.value:
                raise RejectedError("it is taken back already", code="already_withdrawn")
            if row.reported_at is not None:
                raise RejectedError("what was carried out is told of it", code="reported")
            row.state = OfferState.WITHDRAWN.value
            note_deed(session, row.visit_id, account, DeedKind.WITHDRAWN, now, detail=offer_id)

        again(partial(self._change, offer_id, seen, change, record))

    def report(self, offer_id: str, report: Report, account: str, *, seen: int, record: Record) -> None:
        """How it went, told by the team for an association; in place of what was told before.

        Raises RejectedError `unknown_offer`, `changed_meanwhile`, `not_accepted`, and what `Report.require` raises.
        """

        def change(session: Session, row: OfferRow, now: datetime) -> None:
            self._tell(session, row, report, account, now)

        again(partial(self._change, offer_id, seen, change, record))

    def unreport(self, offer_id: str, account: str, *, seen: int, record: Record) -> None:
        """What was told was a mistake: the association can report anew. Raises RejectedError `nothing_reported` and as above."""

        def change(session: Session, row: OfferRow, now: datetime) -> None:
            if row.reported_at is None:
                raise RejectedError("nothing was told of it", code="nothing_reported")
            clear_report(row)
            note_deed(session, row.visit_id, account, DeedKind.REOPENED, now, detail=row.offer_id)

        again(partial(self._change, offer_id, seen, change, record))

    def read(self, purpose: LinkPurpose, token: str) -> Offering:
        """What a link is for, as long as it is good.

        Raises RejectedError: `bad_link` (none of ours), `link_withdrawn`, `link_cancelled` (the presence is), `link_used`,
        `link_expired`, `agreement_ended`, `filled` (others were quicker), `not_accepted`.
        """
        with answering(), Session(self._engine) as session:
            row, visit = self._good(session, purpose, token, self._clock.now())
            return Offering(self._offer(row, _names(session)), visit_of(visit))

    def answer(self, token: str, record: Callable[[str], object], *, accept: bool) -> Offering:
        """Take it or not, once; `record` is given the offer's number. Raises what `read` raises."""
        return again(partial(self._answer, token, record, accept=accept))

    def report_by_link(self, token: str, report: Report, record: Callable[[str], object]) -> Offering:
        """How it went, told by the association, once. Raises what `read` and `Report.require` raise."""
        return again(partial(self._report_by_link, token, report, record))

    def _answer(self, token: str, record: Callable[[str], object], *, accept: bool) -> Offering:
        now = self._clock.now()
        with writing(self._engine) as session:
            row, visit = self._good(session, LinkPurpose.ANSWER, token, now)
            kind = DeedKind.ACCEPTED if accept else DeedKind.REFUSED
            row.state, row.answered_at = (OfferState.ACCEPTED if accept else OfferState.REFUSED).value, now
            note_deed(session, row.visit_id, "", kind, now, detail=row.offer_id)
            settle(session, visit, now)
            session.flush()
            record(row.offer_id)
            return Offering(self._offer(row, _names(session)), visit_of(visit))

    def _report_by_link(self, token: str, report: Report, record: Callable[[str], object]) -> Offering:
        now = self._clock.now()
        with writing(self._engine) as session:
            row, visit = self._good(session, LinkPurpose.REPORT, token, now)
            self._tell(session, row, report, LINK, now)
            settle(session, visit, now)
            session.flush()
            record(row.offer_id)
            return Offering(self._offer(row, _names(session)), visit_of(visit))

    def _change(self, offer_id: str, seen: int, change: Callable[[Session, OfferRow, datetime], None], record: Record) -> None:
        now = self._clock.now()
        with writing(self._engine) as session:
            row = session.get(OfferRow, offer_id)
            if row is None:
                raise RejectedError("no such offer", code="unknown_offer")
            if row.version != seen:
                raise RejectedError("somebody else has changed it", code="changed_meanwhile")
            change(session, row, now)
            settle(session, found_visit(session, row.visit_id), now)
            session.flush()
            record()

    def _tell(self, session: Session, row: OfferRow, report: Report, by: str, now: datetime) -> None:
        if row.state != OfferState.ACCEPTED.value:
            raise RejectedError("nobody has accepted it", code="not_accepted")
        visit = found_visit(session, row.visit_id)
        report.require(visit.starts_at, now)
        write_report(row, report, by, now)
        note_deed(session, row.visit_id, "" if by == LINK else by, DeedKind.REPORTED, now, detail=row.offer_id)

    def _good(self, session: Session, purpose: LinkPurpose, token: str, now: datetime) -> tuple[OfferRow, VisitRow]:
        row = session.get(OfferRow, self._links.read(purpose, token))
        if row is None:
            raise RejectedError("no link of ours", code="bad_link")
        visit = found_visit(session, row.visit_id)
        if row.state == OfferState.WITHDRAWN.value:
            raise RejectedError("the offer is taken back", code="link_withdrawn")
        if visit.state == VisitState.CANCELLED.value:
            raise RejectedError("the presence is cancelled", code="link_cancelled")
        (_require_answerable if purpose is LinkPurpose.ANSWER else _require_reportable)(session, row, visit, now)
        return row, visit

    def _offer(self, row: OfferRow, names: dict[str, str]) -> Offer:
        return Offer(
            offer_id=row.offer_id, visit_id=row.visit_id, agreement_id=row.agreement_id,
            association=names.get(row.agreement_id, ""), state=OfferState(row.state), offered_at=row.offered_at,
            answer_by=row.answer_by, answered_at=row.answered_at, report=report_of(row), version=row.version,
            answer_link=self._links.make(LinkPurpose.ANSWER, row.offer_id),
            report_link=self._links.make(LinkPurpose.REPORT, row.offer_id),
        )  # fmt: skip


def _require_offerable(visit: VisitRow, answer_by: datetime, now: datetime) -> None:
    if visit.state != VisitState.PLANNED.value:
        raise RejectedError("it has ended", code="not_planned")
    if not now < answer_by <= visit.starts_at:
        raise RejectedError("an answer comes before it begins", code="begun")


def _require_answerable(session: Session, row: OfferRow, visit: VisitRow, now: datetime) -> None:
    if visit.state != VisitState.PLANNED.value:  # called off before it began
        raise RejectedError("nobody is to be there any more", code="link_cancelled")
    if row.state != OfferState.OFFERED.value:
        raise RejectedError("the offer has been answered", code="link_used")
    if now >= row.answer_by:
        raise RejectedError("the time to answer is over", code="link_expired")
    agreement = newest(session).get(row.agreement_id)
    if agreement is None or not agreement.covers(visit.area, stockholm_date(visit.starts_at)):
        raise RejectedError("the agreement has ended", code="agreement_ended")
    taken = sum(one.state == OfferState.ACCEPTED.value for one in offers_of(session, visit.visit_id))
    if taken >= visit.places:
        raise RejectedError("others were quicker", code="filled")


def _require_reportable(_session: Session, row: OfferRow, visit: VisitRow, now: datetime) -> None:
    if row.state != OfferState.ACCEPTED.value:
        raise RejectedError("nobody has accepted it", code="not_accepted")
    if row.reported_at is not None:
        raise RejectedError("it has been told of", code="link_used")
    if now >= visit.ends_at + _REPORT_WITHIN:
        raise RejectedError("the time to report is over", code="link_expired")


def _is_held(row: OfferRow, now: datetime) -> bool:
    """Whether its association has accepted, or can still answer."""
    return row.state == OfferState.ACCEPTED.value or (row.state == OfferState.OFFERED.value and now < row.answer_by)


def _names(session: Session) -> dict[str, str]:
    return {number: one.terms.association for number, one in newest(session).items()}
