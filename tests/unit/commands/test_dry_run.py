from __future__ import annotations

import json
import os

import pytest
import typer

from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.clock import SystemClock
from hub.commands.dry_run import _as_json, _print, try_out
from hub.connect.dry_run import Trial
from hub.connect.showing import Shown
from hub.errors import RetriableError
from hub.installation import initialise
from tests.unit.connect.conftest import World
from tests.unit.connect.installation import PLACES, free_port, make_installation
from tests.unit.connect.toy import Lines, install_toys, make_connector, write_lines

TRIAL = Trial(
    (
        Shown("mapped", topic="hub.school-absences.v1", fields={"youth_ref": "…", "minutes": 60, "offered_minutes": None}),
        Shown("unmapped", "cancelled_lesson", intentional=True),
    ),
    "",
    more=True,
)


class Down(Lines):
    def batches(self, cursor):
        raise RetriableError("the connection failed", code="unreachable")


toydown = make_connector("toydown", places=True, build_source=lambda config, _: Down(config, "facts.jsonl"))


def test_each_field_has_its_line_and_each_outcome_its_count(capsys) -> None:
    _print("ss12000", TRIAL, {"passed": 0, "no_reference": 15})
    out = capsys.readouterr().out
    for line in (
        "mapped, for hub.school-absences.v1",
        "minutes: 60",
        "offered_minutes: null",
        "youth_ref: …",
        "unmapped: cancelled_lesson (as it should be)",
        "1  mapped",
        "higher --limit",
        "few or no persons passed",
        "about 15 persons no_reference",
    ):
        assert line in out


def test_without_a_running_connector_the_gate_is_left_out_with_a_word(capsys) -> None:
    _print("ss12000", TRIAL, None)
    assert "left out: the connector does not run" in capsys.readouterr().out
    assert "left_out" in _as_json(TRIAL, None)["gate"]


def test_a_source_that_could_not_be_read_is_told_by_its_code(capsys) -> None:
    _print("ss12000", Trial((), "unreachable", more=False), None)
    assert "could not be read on (unreachable)" in capsys.readouterr().out


def test_the_command_prints_one_document_that_names_nobody(tmp_path, monkeypatch, capsys) -> None:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    settings = make_installation(tmp_path / "home", free_port())
    initialise(settings.home)  # the rest of an installation, the audit log's keys among it
    person = World.person()
    fact = {"id": "a1", "person": person, "at": "2025-05-16T09:00:00+02:00", "minutes": 60}
    write_lines(settings.home / "source" / "facts.jsonl", fact)
    try_out(settings, "toy", 20, as_json=True)
    out = capsys.readouterr().out
    document = json.loads(out)
    assert document["records"][0]["fields"]["minutes"] == 60
    assert document["counts"] == [{"outcome": "mapped", "reason": "", "records": 1}]
    assert person not in out
    assert person.replace("-", "") not in out
    log = open_audit(settings, SystemClock())
    (entry,) = the_latest(log.engine, Filter(), 10)
    log.close()
    assert (entry.action, entry.purpose, entry.account) == ("connector_tried", "connector:toy", f"os:{os.getuid()}")


def test_a_source_that_fails_makes_it_exit_1(tmp_path, monkeypatch) -> None:
    install_toys(tmp_path / "site", toydown="tests.unit.commands.test_dry_run:toydown")
    monkeypatch.syspath_prepend(tmp_path / "site")
    settings = make_installation(tmp_path / "home", free_port())
    initialise(settings.home)
    chosen = settings.connectors["toy"].model_copy(update={"connector": "toydown", "agency": PLACES})
    settings = settings.model_copy(update={"connectors": {"toy": chosen}})
    with pytest.raises(typer.Exit):
        try_out(settings, "toy", 20, as_json=False)
