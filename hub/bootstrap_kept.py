"""The composition root of what is kept: the desks over what lies sealed, and `hub retention` over every kind of data."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from hub.bootstrap import build_clock, build_delivery_engine
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.audit.log import AuditLog
    from hub.retention import Kind
    from hub.statutory.desk import CaseDesk, ReportDesk

__all__ = ["build_case_desk", "build_report_desk", "build_retention"]


def build_retention(settings: Settings, held: ExitStack) -> list[Kind]:
    """Every kind of data that `hub retention` lets go of; `held` closes what they hold."""
    from hub.cases.retention import CaseHistory, ClosedCases, EndedOrders, PastOutcomes
    from hub.delivery.retention import inbox_kinds
    from hub.presence.opening import build_presence_engine
    from hub.presence.retention import Presences
    from hub.statutory.manual import open_manual_store, open_outcomes
    from hub.statutory.opening import open_hand_overs, open_writer
    from hub.statutory.retention import Originals

    days, clock, engine = settings.retention, build_clock(settings), build_presence_engine(settings)
    held.callback(engine.dispose)
    manual = open_manual_store(settings, clock)
    build_delivery_engine(settings).dispose()  # brings the tables of cases to their newest form
    return [
        *inbox_kinds(engine, days),
        ClosedCases(engine, days.case_days),
        CaseHistory(engine, days.move_days),
        PastOutcomes(engine, days.outcome_days),
        EndedOrders(engine, days.order_days),
        Presences(engine, days.presence_days),
        Originals("reports", open_writer(settings, clock), open_hand_overs(settings), days.report_days),
        Originals("protected_cases", manual, open_outcomes(settings), days.protected_case_days),
    ]


def build_report_desk(settings: Settings, audit: AuditLog) -> ReportDesk:
    """Where reports of concern are read and registered. Raises ConfigError when a key is missing (`hub init`)."""
    from hub.statutory.desk import ReportDesk
    from hub.statutory.opening import open_hand_overs, open_store

    clock = build_clock(settings)
    return ReportDesk(open_store(settings, clock), open_hand_overs(settings), audit, clock)


def build_case_desk(settings: Settings, audit: AuditLog) -> CaseDesk:
    """Where cases of protected persons are read and ended. Errors as `build_report_desk`."""
    from hub.statutory.desk import CaseDesk
    from hub.statutory.manual import open_manual_store, open_outcomes

    clock, chosen = build_clock(settings), settings.statutory
    store = open_manual_store(settings, clock)
    return CaseDesk(store, open_outcomes(settings), audit, clock, hours=chosen.hours, days=chosen.case_days)
