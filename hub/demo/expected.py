"""What ought to come out of the town, worked out straight from its facts.

This is a second opinion: it knows nothing of the correlation core or its rule files. The numbers below are the scenario's
own; the demo succeeds only when the hub, with the rules it shipped, arrives at the same tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.demo.facts import EstRow, Town, Youth

__all__ = ["CONSENT_SPANS", "Expectation", "Outcome", "expect"]

ABSENCE_ALONE_MINUTES = 480
ABSENCE_WITH_NOTICE_MINUTES = 180
ABSENCE_DAYS = 28
NOTICE_DAYS = 28
NOTICES_FOR_SIG = 3
NOTICES_FOR_SIG_DAYS = 56
OBSERVATIONS = 3
OBSERVATION_DISTINCT_DAYS = 2
OBSERVATION_DAYS = 21
PRESENCE_INCIDENTS = 5
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


def expect(town: Town) -> Expectation:
    """Work out the outcome of the whole town."""
    tasks = frozenset(outcome for youth in town.youths if youth.consent in COVERED for outcome in _of(youth, town.start))
    withdrawing = {youth.number for youth in town.youths if youth.consent == "withdraws"}
    cancelled = frozenset(outcome for outcome in tasks if outcome.youth in withdrawing)
    return Expectation(tasks, cancelled, frozenset(_presence(town.est_rows)))


def _of(youth: Youth, start: datetime) -> list[Outcome]:
    span = CONSENT_SPANS[youth.consent]
    if span is None:
        return []
    begins = start - timedelta(days=span[0])

    def recent(at: datetime, days: int) -> bool:
        return start - timedelta(days=days) < at <= start and at >= begins

    unexcused = sum(fact.minutes for fact in youth.absences if not fact.excused and recent(fact.lesson.start, ABSENCE_DAYS))
    beside_absence = [fact for fact in youth.notices if fact.category in WITH_ABSENCE and recent(fact.at, NOTICE_DAYS)]
    grave = [fact for fact in youth.notices if fact.category in FOR_SIG and recent(fact.at, NOTICES_FOR_SIG_DAYS)]
    seen = [fact.at for fact in youth.observations if recent(fact.at, OBSERVATION_DAYS)]
    found = []
    if unexcused >= ABSENCE_ALONE_MINUTES:
        found.append(Outcome(youth.number, "absence-alone", "outreach"))
    if unexcused >= ABSENCE_WITH_NOTICE_MINUTES and beside_absence:
        found.append(Outcome(youth.number, "absence-and-notice", "outreach"))
    if len(grave) >= NOTICES_FOR_SIG:
        # Consent to SSPF does not cover SIG: then the SSPF coordinator is asked to seek it.
        found.append(Outcome(youth.number, "repeated-notices", "sig" if youth.consent == "sspf_sig" else "sspf"))
    if len(seen) >= OBSERVATIONS and len({at.date() for at in seen}) >= OBSERVATION_DISTINCT_DAYS:
        found.append(Outcome(youth.number, "repeated-observations", "outreach"))
    return found


def _presence(rows: list[EstRow]) -> set[tuple[str, str]]:
    last_week = max(row.week for row in rows)
    sums: dict[str, int] = {}
    for row in rows:
        if row.week == last_week and row.category not in NO_GROUND_FOR_PRESENCE:
            sums[row.area] = sums.get(row.area, 0) + row.incidents
    return {(f"0581-{area.lower()}", last_week) for area, total in sums.items() if total >= PRESENCE_INCIDENTS}
