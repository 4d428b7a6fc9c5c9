"""What ought to come out of the town, worked out straight from its facts.

This is a second opinion: it knows nothing of the correlation core or its rule files. The numbers below are the scenario's
own; the demo succeeds only when the hub, with the rules it shipped, arrives at the same tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.demo.facts import STOCKHOLM, Town, Youth

__all__ = ["CONSENT_SPANS", "SCENARIO", "Expectation", "Outcome", "Thresholds", "expect"]

WITH_ABSENCE = {"suspicion_not_responsible", "suspicion_responsible", "narcotics", "lob", "police_act_12", "public_disorder"}
FOR_SIG = {"suspicion_not_responsible", "suspicion_responsible", "narcotics", "police_act_12"}
NO_GROUND_FOR_PRESENCE = {"theft", "fire", "traffic", "other"}

# Days before the start at which a consent of each state begins and ends to cover events; None: it covers nothing.
CONSENT_SPANS: dict[str, tuple[int, int] | None] = {
    "sspf": (120, -200),
    "sspf_sig": (120, -200),
    "withdraws": (120, -200),
    "late": (14, -200),
    "expired": (300, 30),
    "none": None,
    "waiting": None,
    "withdrawn": None,
    "suspended": None,
    "protected": None,
}
COVERED = {"sspf", "sspf_sig", "withdraws", "late"}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The scenario's own numbers: from how much on, and within how many days (24 hours each) up to the moment judged."""

    absence_alone_minutes: int = 480
    absence_alone_days: int = 28
    absence_with_notice_minutes: int = 180
    absence_with_notice_days: int = 28
    notices_with_absence: int = 1
    notices_with_absence_days: int = 28
    notices_for_sig: int = 3
    notices_for_sig_days: int = 56
    observations: int = 3
    observations_days: int = 21
    observation_days_seen: int = 2
    observation_days_seen_days: int = 21
    presence_incidents: int = 5
    presence_days: int = 7


SCENARIO = Thresholds()


@dataclass(frozen=True, slots=True, order=True)
class Outcome:
    """One task: the youth's number in the town, the rule that fired, the team that gets it."""

    youth: int
    rule: str
    team: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """`tasks`: open before anybody withdraws; `cancelled`: those of them that a withdrawal ends; `presence`: area and week."""

    tasks: frozenset[Outcome]
    cancelled: frozenset[Outcome]
    presence: frozenset[tuple[str, str]]

    @property
    def open_at_end(self) -> frozenset[Outcome]:
        """What the teams still have when the scenario is over."""
        return self.tasks - self.cancelled


def expect(town: Town, thresholds: Thresholds = SCENARIO, *, at: datetime | None = None) -> Expectation:
    """Work out the outcome of the whole town, as it is at the start of the play or at `at`."""
    moment = at or town.start
    covered = [youth for youth in town.youths if youth.consent in COVERED]
    tasks = frozenset(outcome for youth in covered for outcome in _of(youth, _Recent(town.start, moment), thresholds))
    withdrawing = {youth.number for youth in town.youths if youth.consent == "withdraws"}
    cancelled = frozenset(outcome for outcome in tasks if outcome.youth in withdrawing)
    return Expectation(tasks, cancelled, frozenset(_presence(town, moment, thresholds)))


@dataclass(frozen=True, slots=True)
class _Recent:
    """What is new enough to count at `moment`, and covered by a consent whose days are told from `start`."""

    start: datetime
    moment: datetime

    def __call__(self, youth: Youth, at: datetime, days: int) -> bool:
        span = CONSENT_SPANS[youth.consent]
        covered = span is not None and at >= self.start - timedelta(days=span[0])
        return covered and self.moment - timedelta(days=days) < at <= self.moment


def _of(youth: Youth, recent: _Recent, limit: Thresholds) -> list[Outcome]:
    def unexcused(days: int) -> int:
        return sum(fact.minutes for fact in youth.absences if not fact.excused and recent(youth, fact.lesson.start, days))

    def notices(categories: set[str], days: int) -> int:
        return sum(fact.category in categories and recent(youth, fact.at, days) for fact in youth.notices)

    def seen(days: int) -> list[datetime]:
        return [fact.at for fact in youth.observations if recent(youth, fact.at, days)]

    found = []
    if unexcused(limit.absence_alone_days) >= limit.absence_alone_minutes:
        found.append(Outcome(youth.number, "absence-alone", "outreach"))
    beside_absence = notices(WITH_ABSENCE, limit.notices_with_absence_days) >= limit.notices_with_absence
    if beside_absence and unexcused(limit.absence_with_notice_days) >= limit.absence_with_notice_minutes:
        found.append(Outcome(youth.number, "absence-and-notice", "outreach"))
    if notices(FOR_SIG, limit.notices_for_sig_days) >= limit.notices_for_sig:
        # Consent to SSPF does not cover SIG: then the SSPF coordinator is asked to seek it.
        found.append(Outcome(youth.number, "repeated-notices", "sig" if youth.consent == "sspf_sig" else "sspf"))
    on_days = {at.date() for at in seen(limit.observation_days_seen_days)}
    if len(seen(limit.observations_days)) >= limit.observations and len(on_days) >= limit.observation_days_seen:
        found.append(Outcome(youth.number, "repeated-observations", "outreach"))
    return found


def _presence(town: Town, moment: datetime, limit: Thresholds) -> set[tuple[str, str]]:
    """Area and week of the report with which the incidents suffice; a gathering is one of them."""
    reports = [
        (_noon_of_sunday(row.week), row.area, row.incidents)
        for row in town.est_rows
        if row.category not in NO_GROUND_FOR_PRESENCE
    ] + [(one.at, one.area, 1) for one in town.gatherings]
    sums: dict[str, int] = {}
    found: dict[str, str] = {}
    for at, area, incidents in sorted(reports):
        if moment - timedelta(days=limit.presence_days) < at <= moment:
            sums[area] = sums.get(area, 0) + incidents
            if sums[area] >= limit.presence_incidents:
                found.setdefault(area, f"{at:%G-W%V}")
    return {(f"0581-{area.lower()}", week) for area, week in found.items()}


def _noon_of_sunday(week: str) -> datetime:
    """When a weekly report counts as having happened."""
    return datetime.strptime(f"{week}-7 12", "%G-W%V-%u %H").replace(tzinfo=STOCKHOLM)
