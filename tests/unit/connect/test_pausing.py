"""Pausing and resuming, as the store and the audit log have it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.audit.entries import Actor
from hub.clock import ManualClock
from hub.connect.pausing import Pausing
from hub.connect.state import read_pauses
from hub.errors import RejectedError, RetriableError
from tests.support import make_settings
from tests.unit.connect.conftest import NOW

ANNA, OLLE = Actor("anna", role="operator"), Actor("olle", role="operator")


class Trail:
    def __init__(self) -> None:
        self.entries: list = []
        self.away = False

    def append(self, entry) -> int:
        if self.away:
            raise RetriableError("the audit log cannot be written", code="audit")
        self.entries.append(entry)
        return len(self.entries)


class Office:
    def __init__(self, home) -> None:
        connectors = {name: {"agency": "school-norrkoping"} for name in ("ss12000", "sdk")}
        self.settings = make_settings(home, connectors=connectors)
        self.clock = ManualClock(NOW)
        self.trail = Trail()
        self.pausing = Pausing(self.settings, self.clock, self.trail)

    def refused(self, act, *arguments) -> str:
        with pytest.raises(RejectedError) as refused:
            act(*arguments)
        return refused.value.code


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path)


def test_who_when_and_why_are_kept_before_the_first_start_too(office) -> None:
    office.pausing.pause("ss12000", ANNA, "  The school system is being moved ")
    (pause,) = read_pauses(office.settings, "ss12000")
    assert (pause.since, pause.by, pause.reason, pause.resumed_at) == (NOW, "anna", "The school system is being moved", None)
    assert read_pauses(office.settings, "sdk") == []


def test_a_resumed_one_says_by_whom_and_can_be_paused_again(office) -> None:
    office.pausing.pause("ss12000", ANNA, "one")
    later = office.clock.advance(timedelta(hours=2))
    ended = office.pausing.resume("ss12000", OLLE)
    assert (ended.by, ended.resumed_by, ended.resumed_at) == ("anna", "olle", later)
    office.pausing.pause("ss12000", OLLE, "two")
    assert [one.reason for one in read_pauses(office.settings, "ss12000")] == ["two", "one"]


def test_a_second_pause_and_a_resume_of_nothing_are_refused_and_change_nothing(office) -> None:
    assert office.refused(office.pausing.resume, "ss12000", ANNA) == "not_paused"
    office.pausing.pause("ss12000", ANNA, "one")
    assert office.refused(office.pausing.pause, "ss12000", OLLE, "two") == "already_paused"
    assert [one.by for one in read_pauses(office.settings, "ss12000")] == ["anna"]
    assert office.refused(office.pausing.pause, "nobody", ANNA, "one") == "unknown_instance"


def test_both_stand_in_the_audit_log_without_the_reason(office) -> None:
    office.pausing.pause("ss12000", ANNA, "why it is")
    office.pausing.resume("ss12000", OLLE)
    told = [(one.actor.account, str(one.action), one.purpose) for one in office.trail.entries]
    assert told == [("anna", "connector_paused", "connector:ss12000"), ("olle", "connector_resumed", "connector:ss12000")]
    assert "why it is" not in repr(office.trail.entries)


def test_what_cannot_be_audited_is_not_done(office) -> None:
    office.trail.away = True
    with pytest.raises(RetriableError):
        office.pausing.pause("ss12000", ANNA, "one")
    assert read_pauses(office.settings, "ss12000") == []
