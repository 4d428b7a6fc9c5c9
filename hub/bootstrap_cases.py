"""The composition root of the cases of a cooperation: the part of `hub.bootstrap` that belongs to `hub.cases`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.bootstrap import build_clock, build_delivery_engine, reference_of_task
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.cases.store import Cases
    from hub.delivery.worklist import Worklist
    from hub.web.cases.office import CaseOffice
    from hub.web.orders.office import OrderOffice

__all__ = ["build_case_office", "build_order_office", "reference_inside"]


def build_case_office(settings: Settings, worklist: Worklist) -> CaseOffice:
    """What the pages of cases need; nothing is shown while the worklist is stale."""
    from functools import cache

    from hub.cases.results import Results
    from hub.cases.store import Cases
    from hub.cases.views import CaseSeal
    from hub.contract.codec import Codec
    from hub.installation import read_key
    from hub.web.cases.office import CaseOffice

    engine, clock, key = build_delivery_engine(settings), build_clock(settings), read_key(settings, "worklist.key")
    results = Results(engine, key, clock)
    cases = Cases(engine, cache(Codec.load), CaseSeal(key), clock, results, stale=lambda: worklist.stale() is not None)
    return CaseOffice(cases, results, settings.cases.span_days)


def build_order_office(settings: Settings) -> OrderOffice:
    """What the pages of orders and contact requests need."""
    from datetime import timedelta

    from hub.cases.contacts import Contacts
    from hub.cases.orders import Orders
    from hub.installation import read_key
    from hub.web.orders.office import OrderOffice

    engine, clock, days = build_delivery_engine(settings), build_clock(settings), settings.cases.contact_days
    contacts = Contacts(engine, read_key(settings, "worklist.key"), clock, kept=timedelta(days=days))
    return OrderOffice(Orders(engine, clock), contacts, days)


def reference_inside(worklist: Worklist, cases: Cases) -> Callable[[str, str], str | None]:
    """(id, team) of an open task or case → whom it is about, when consent lets the team see that now; else None."""
    return lambda number, team: reference_of_task(worklist, number, team) or cases.reference_of(number, team)
