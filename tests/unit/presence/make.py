"""A plan in hand, with agreements, offers and a list for an audit log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.presence.agreements import Agreement, Agreements, Terms
from hub.presence.codes import TEAM, Ground
from hub.presence.feeds import Feeds
from hub.presence.links import Links
from hub.presence.offers import Offer, Offers
from hub.presence.plan import Asked, Plan, Visit
from hub.presence.reports import Report

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)  # Monday 07.30 in Stockholm
FRIDAY = datetime(2025, 5, 23, 18, 0, tzinfo=UTC)  # 20.00 in Stockholm
KEY = b"k" * 32
HAGEBY, CITY = "0581-hageby", "0581-city"
ANNA = "account-anna"
TERMS = Terms(
    association="Hageby IF",
    activities=("nattvandring",),
    areas=(HAGEBY,),
    times="fredagar 20.00–24.00",
    goal="trygga kvällar",
    municipality_does="uppsökande teamet ringer in",
    association_does="kvällsansvarig samlar gruppen",
    valid_from=date(2025, 1, 1),
    valid_until=date(2025, 12, 31),
)
DONE = Report(date(2025, 5, 23), minutes=150, adults=4, youths=30)


@dataclass
class PlanHouse:
    """Everything over one database, by one clock; `said` is what the audit log was told."""

    engine: Engine
    clock: ManualClock
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = Plan(self.engine, self.clock)
        self.agreements = Agreements(self.engine, self.clock)
        self.offers = Offers(self.engine, self.clock, Links(KEY))
        self.feeds = Feeds(self.engine, self.clock)

    def record(self, *_number: str) -> None:
        self.said.append("told")

    def visit(self, *, area: str = HAGEBY, starts: datetime = FRIDAY, who: str = TEAM) -> Visit:
        asked = Asked(area, starts, starts + timedelta(hours=3), Ground.PLANNED_EVENT, who)
        return self.plan.add(asked, ANNA, self.record)

    def agreement(self, name: str = "Hageby IF", **terms: object) -> Agreement:
        return self.agreements.add(replace(TERMS, association=name, **terms), ANNA, self.record)  # type: ignore[arg-type]

    def offer(self, visit: Visit, *agreements: Agreement, places: int = 1, by: datetime | None = None) -> list[Offer]:
        numbers = [one.agreement_id for one in agreements]
        answer_by = by or min(visit.starts_at, self.clock.now() + timedelta(days=3))
        self.offers.make(visit.visit_id, numbers, places=places, answer_by=answer_by, account=ANNA, record=self.record)
        return self.of(visit)

    def of(self, visit: Visit) -> list[Offer]:
        return self.offers.of_visits([visit.visit_id]).get(visit.visit_id, [])

    def accept(self, offer: Offer) -> None:
        self.offers.answer(offer.answer_link, self.record, accept=True)


def broken_log(*_number: str) -> None:
    """An audit log that cannot be written."""
    raise OSError("no space")
