"""From a school's marking to the manual lane: the connector, its directory, HTTP, and the registry that stops everything."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.source import Ss12000Source
from hub.connect.directory import Directory
from hub.connect.subjects import SubjectFeed
from hub.connect.vault import DirectoryFile
from hub.connector import SourceContext
from hub.registry.agency_trail import AgencyTrail
from hub.registry.protecting import protect_reference
from hub.registry.subject_api import build_app
from hub.testing import MemoryPlaces, served
from tests.unit.registry.memory_log import MemoryLog
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

from .deviant import Deviant, Deviations
from .intake import Intake
from .school import Pupil, School

WITH_REFERENCE, WITHOUT = make_identifier(0), make_identifier(1)


@pytest.fixture
def registry(tmp_path: Path):
    with closing(Installation(tmp_path)) as made:
        made.registry.grant(make_grant(WITH_REFERENCE))
        made.relay.run_once()
        yield made


def make_school(registry: Installation) -> School:
    school = School(random.Random(1), registry.clock.now())
    school.pupils = [Pupil(school.key(), number) for number in (WITH_REFERENCE, WITHOUT)]
    for days in range(1, 8):
        school.teach((registry.clock.now() - timedelta(days=days)).date(), 2, 2)
    return school


def test_a_marked_pupil_with_a_reference_is_stopped_and_of_one_without_nothing_leaves(
    tmp_path: Path, registry: Installation
) -> None:
    school = make_school(registry)
    school.pupils[1].marking = "Skyddad folkbokföring"
    asked: list[str] = []

    def stop_her(agency: str, reference: str) -> None:
        asked.append(reference)
        protect_reference(registry.registry, reference, agency, lambda _youth_id: None)

    trail = AgencyTrail(MemoryLog(), registry.clock)
    app = build_app(registry.engine, registry.tools, registry.clock, trail, stop_her)
    context = SourceContext(registry.clock.now, lambda _name: "jwt", MemoryPlaces())
    with served(app) as url, served(Deviant(school, Deviations()).app()) as school_url:
        feed = SubjectFeed(url, SCHOOL, lambda: "token-1")
        key = registry.agencies[SCHOOL].hmac_key
        directory = Directory(
            feed,
            DirectoryFile(tmp_path / "sealed", key, "ss12000"),
            agency_key=lambda: key,
            clock=registry.clock,
            stale_after=timedelta(hours=1),
            pause=lambda _seconds: None,
        )
        config = Ss12000Config(base_url=school_url, since=datetime(2025, 5, 5, tzinfo=UTC).date())
        with closing(feed), closing(Ss12000Source(config, context)) as source:
            intake = Intake(tmp_path, source, registry.clock, directory)
            with closing(intake):
                intake.lane.poll()
                told = len(intake.messages)
                assert told > 0
                assert (asked, registry.lane.cases) == ([], {})
                school.pupils[0].marking = "Sekretessmarkering"
                registry.clock.advance(timedelta(hours=2))
                school.now = registry.clock.now()
                intake.lane.poll()
                intake.lane.poll()
    (case,) = registry.lane.cases.values()
    assert (case["what"], case["identifier"], case["agency"]) == ("stopped", WITH_REFERENCE, SCHOOL)
    assert len(asked) == 1  # her entry rests
    assert [one.rests for one in directory.entries()] == [True]
    assert registry.told().entries[0]["removed"]
    assert len(intake.messages) == told
