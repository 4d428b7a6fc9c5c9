"""ss12000 against a server that deviates in every way that DOMAIN §5 lists: no absence lost, none doubled.

The totals are printed beside the server's own books.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.source import Ss12000Source
from hub.clock import ManualClock
from hub.connector import SourceContext
from hub.testing import MemoryPlaces, served
from tests.unit.connectors.ss12000.make import make_number

from .deviant import Deviant, Deviations
from .intake import Intake
from .school import Fact, Pupil, School

BEGIN = date(2025, 3, 17)
FIRST_POLL = datetime(2025, 5, 5, 13, 30, tzinfo=UTC)
EVERYTHING = Deviations(
    "/v2.0", "detail", "empty page", offsets=True, naive=True, dashed=True, busy="date", expiring=True, capitals=True, sparse=True
)
ALONE = {
    "as the standard says": Deviations(),
    "prefix v2": Deviations(prefix="/v2"),
    "prefix v2.0": Deviations(prefix="/v2.0"),
    "errors with a number, busy": Deviations(errors="error", busy="seconds"),
    "errors in detail, busy until a date": Deviations(errors="detail", busy="date"),
    "no page token at the end": Deviations(end="absent"),
    "a token on the full last page": Deviations(end="empty page"),
    "offsets as tokens": Deviations(offsets=True),
    "offsets and no token at the end": Deviations(offsets=True, end="absent"),
    "times without an offset": Deviations(naive=True),
    "ten positions and a dash": Deviations(dashed=True),
    "a token alone": Deviations(company="alone"),
    "a token beside the whole question": Deviations(company="everything"),
    "tokens expire in mid-pull": Deviations(expiring=True),
    "ids in capitals here and there": Deviations(capitals=True),
    "nothing of a lesson in which nobody was marked": Deviations(sparse=True, company="everything"),
    "all at once": EVERYTHING,
}


def make_school(seed: int = 1) -> School:
    """Seven weeks of two classes; one pupil is protected, one has no personal number that can be read."""
    school = School(random.Random(seed), FIRST_POLL)
    school.pupils = [
        Pupil(school.key(), make_number(f"2010{1 + number % 12:02d}{1 + number:02d}", 980 + number)) for number in range(14)
    ]
    school.pupils[-1].marking = "Skyddad folkbokföring"
    for day in (BEGIN + timedelta(days=number) for number in range(50)):
        if day.weekday() < 5:
            school.teach(day, 2, 6)
    for lesson in school.lessons[:7]:  # a first page, as the server has them
        lesson.marks.clear()
    for number in range(12):
        school.report_leave(BEGIN + timedelta(days=3 + 4 * number), 1 + number % 3)
    return school


class Trial:
    """A school, its server, and the intake that pulls from it."""

    def __init__(self, folder: Path, school: School, deviant: Deviant, config: Ss12000Config) -> None:
        self.school = school
        self.deviant = deviant
        self.clock = ManualClock(school.now)
        self.pauses: list[float] = []
        context = SourceContext(self.clock.now, {"token": "jwt", "client-secret": "x"}.__getitem__, MemoryPlaces())
        self.source = Ss12000Source(config, context, sleep=self.pauses.append)
        self.intake = Intake(folder, self.source, self.clock)
        for pupil in school.pupils[:9]:  # five have no reference
            self.intake.grant(pupil.number, datetime(2025, 1, 1, tzinfo=UTC))

    def due(self) -> Counter[Fact]:
        return self.school.facts(set(self.intake.references.values()))

    def later(self, days: int) -> None:
        self.clock.advance(timedelta(days=days))
        self.school.now = self.clock.now()


@contextmanager
def trial(folder: Path, deviations: Deviations, **settings: object) -> Iterator[Trial]:
    school = make_school()
    deviant = Deviant(school, deviations)
    with served(deviant.app()) as url:
        oauth = {"oauth": {"token_url": f"{url}/token", "client_id": "hub"}} if deviations.expiring else {}
        given = {"base_url": url + deviations.prefix, "since": BEGIN, "overlap_days": 3, "page_size": 100}
        made = Trial(folder, school, deviant, Ss12000Config.model_validate(given | oauth | settings))
        with closing(made.source), closing(made.intake):
            yield made


def told(found: Counter[Fact]) -> str:
    return f"{found.total()} absences, {sum(fact.minutes * times for fact, times in found.items())} minutes"


@pytest.mark.parametrize("name", ALONE)
def test_no_absence_is_lost_and_none_doubled(tmp_path: Path, name: str, report: Callable[[str], None]) -> None:
    with trial(tmp_path, ALONE[name]) as made:
        made.intake.lane.poll()
        assert made.intake.standing() == made.due()
        before = told(made.due())
        made.later(2)
        done = made.school.change_much()
        made.school.teach(date(2025, 5, 6), 2, 6)
        made.intake.lane.poll()
        report(f"{name}: the school's books {before}, then {told(made.due())}; on the bus {told(made.intake.standing())}")
        report(f"  changed {dict(done)}; requests {dict(made.deviant.requests)}, pauses {len(made.pauses)}")
        assert made.intake.standing() == made.due()
        assert made.intake.repeated() == 0
        said = len(made.intake.messages)
        made.intake.lane.poll()
        assert len(made.intake.messages) == said
    assert bool(made.pauses) is bool(ALONE[name].busy)
    assert (made.deviant.requests["token"] > 1) is ALONE[name].expiring


def test_the_sums_of_a_day_add_up_to_the_schools_own(tmp_path: Path, report: Callable[[str], None]) -> None:
    with trial(tmp_path, EVERYTHING, reading="sums", read_absences=False) as made:
        made.school.leaves.clear()
        made.intake.lane.poll()
        sums: Counter[tuple[str, str, date]] = Counter()
        for fact, times in made.due().items():
            sums[fact.number, fact.kind, fact.at.date()] += fact.minutes * times
        standing = {
            (fact.number, fact.kind, fact.at.astimezone(made.school.lessons[0].start.tzinfo).date()): fact.minutes
            for fact in made.intake.standing()
        }
        report(f"sums of a day: the school's books {sums.total()} minutes, on the bus {sum(standing.values())}")
        assert standing == dict(sums)
        assert made.deviant.requests["aggregatedAttendance"] > 0
        assert made.deviant.requests["calendarEvents"] == 0


def test_a_protected_pupil_with_a_reference_is_told_of_and_nobody_else(tmp_path: Path) -> None:
    with trial(tmp_path, Deviations()) as made:
        made.intake.lane.poll()
        assert made.intake.directory.protected == []  # the one who is marked has no reference
        marked = made.school.pupils[2]
        marked.marking = "Sekretessmarkering"
        made.later(1)
        said = len(made.intake.messages)
        made.intake.lane.poll()
        (reference,) = made.intake.directory.protected
        assert made.intake.references[reference] == marked.number
        assert all(one.youth_ref != reference for one in made.intake.messages[said:])


def test_a_grant_of_earlier_time_brings_that_persons_earlier_facts_once(tmp_path: Path, report: Callable[[str], None]) -> None:
    with trial(tmp_path, Deviations()) as made:
        made.intake.lane.poll()
        said, asked = len(made.intake.messages), made.deviant.requests["calendarEvents"]
        made.intake.grant(made.school.pupils[10].number, datetime(2025, 4, 14, tzinfo=UTC))
        made.intake.lane.poll()
        due = Counter(
            {
                fact: n
                for fact, n in made.due().items()
                if fact.number != made.school.pupils[10].number or fact.at >= datetime(2025, 4, 14, tzinfo=UTC)
            }
        )
        report(
            f"earlier facts of one: {len(made.intake.messages) - said} events, {made.deviant.requests['calendarEvents'] - asked} requests"
        )
        assert made.intake.standing() == due
        assert len(made.intake.messages) > said
        again = len(made.intake.messages)
        made.intake.lane.poll()
        assert len(made.intake.messages) == again
