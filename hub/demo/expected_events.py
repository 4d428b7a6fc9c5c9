"""How many events ought to stand on each topic, counted straight from the town's facts and from the police feed's polls.

As `hub.demo.expected` this is a second opinion: it knows nothing of the connectors, the gate or the ledgers it judges.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from hub.contract.topics import PLACE_EVENTS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES
from hub.demo.expected import CONSENT_SPANS, COVERED
from hub.demo.facts import Town, Youth

__all__ = ["expect_events"]


def expect_events(town: Town, polls: Path) -> dict[str, int]:
    """Distinct (event, revision) by topic. `polls`: the folder of the recorded polls that the police feed replays.

    Persons: whatever their consent covers, told once, for nothing in the town is ever corrected. Places: the rows of the
    weekly report and of the calendar, and of the police feed every row that differs from what the poll before told under its id.
    """
    covered = [youth for youth in town.youths if youth.consent in COVERED]
    return {
        SCHOOL_ABSENCES.name: sum(_consented(town, youth, (one.lesson.start for one in youth.absences)) for youth in covered),
        POLICE_NOTICES.name: sum(_consented(town, youth, (one.at for one in youth.notices)) for youth in covered),
        RISK_EVENTS.name: sum(_consented(town, youth, (one.at for one in youth.observations)) for youth in covered),
        PLACE_EVENTS.name: (
            len({(row.week, row.area, row.category) for row in town.est_rows}) + len(town.gatherings) + _changes(polls)
        ),
    }


def _consented(town: Town, youth: Youth, times: Iterator[datetime]) -> int:
    span = CONSENT_SPANS[youth.consent]
    if span is None:
        return 0
    begins, ends = (town.start - timedelta(days=days) for days in span)
    return sum(begins <= at < ends for at in times)


def _changes(polls: Path) -> int:
    told: dict[object, str] = {}
    changes = 0
    for path in sorted(polls.glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8") or "[]"):
            content = json.dumps(row, sort_keys=True)
            changes += told.get(row["id"]) != content
            told[row["id"]] = content
    return changes
