"""`hub backtest` over a file of history, as somebody at a terminal or a script calls it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.audit.reading import Filter, the_latest
from hub.backtest.history_file import write_history
from hub.bootstrap import build_audit
from hub.cli import app
from hub.clock import CLOCK_VARIABLE
from hub.commands.backtest_run import Run
from hub.errors import ConfigError, RejectedError
from hub.settings import load_settings
from tests.bench.backtest.youths import END, make_histories
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.backtest.make import make_history, reference
from tests.unit.core.make import make_consent, make_withdrawn

LOOSER = ("at_least: 480", "at_least: 240")


class Town:
    """An installation with candidate rules and a history of forty youths."""

    def __init__(self, folder: Path) -> None:
        self.home, self.rules, self.file = folder / "home", folder / "candidate", folder / "history.jsonl"
        initialised(self.home)
        shutil.copytree(self.home / "rules", self.rules)
        rule = self.rules / "absence-alone.yaml"
        rule.write_text(rule.read_text(encoding="utf-8").replace(*LOOSER), encoding="utf-8")
        self.write(make_histories(6_000, 40))

    def write(self, histories) -> None:
        self.file.unlink(missing_ok=True)
        write_history(self.file, (one.model_dump_json().encode() for one in histories), END)

    def call(self, *words: str | Path, columns: int = 240) -> Result:
        given = [str(word) for word in (*words, "--from", self.file, "--processes", 1, "--home", self.home)]
        return CliRunner().invoke(app, ["backtest", *given], env={"COLUMNS": str(columns)})

    def refused(self, *words: str | Path) -> RejectedError | ConfigError:
        ended = self.call(*words)
        assert isinstance(ended.exception, RejectedError | ConfigError), ended.output
        return ended.exception

    def audited(self) -> list[tuple[str, str, str, str]]:
        log = build_audit(load_settings(self.home))
        try:
            return [(one.action, one.purpose, one.outcome, one.rule) for one in the_latest(log.engine, Filter(), 10)]
        finally:
            log.close()


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setenv(CLOCK_VARIABLE, f"{END.isoformat()}@9999999999")
    return Town(tmp_path)


def test_a_script_gets_one_document_and_the_audit_log_says_which_rules_over_how_much(town: Town) -> None:
    ended = town.call(town.rules, "--since", "2024-11-01", "--json")
    assert ended.exit_code == 0, ended.exception
    document = json.loads(ended.stdout)
    assert document["history"]["youths_between"] == [40, 44]
    assert {one["rule"] for one in document["rules"]} >= {"absence-alone", "repeated-notices"}
    absence = next(one for one in document["rules"] if one["rule"] == "absence-alone")
    assert absence["candidate_between"] > absence["active_between"]
    assert document["weeks"][0]["week"] == "2024-W44"
    sha = document["candidate"]["sha256"][:16]
    few, many = document["history"]["events_between"]
    assert town.audited() == [("rules_backtested", f"rules:{sha}", "permit", f"youths:40-44.events:{few}-{many}")]


def test_a_person_gets_tables_and_is_told_what_is_not_shown(town: Town) -> None:
    ended = town.call(town.rules)
    assert ended.exit_code == 0, ended.exception
    for words in ("Tasks of each rule", "Tasks per week", "Overlap", "by school", "by area", "not shown", "windows are not full"):
        assert words in ended.stdout


def test_whole_weeks_are_counted_so_that_no_two_runs_tell_on_which_day_somebody_was_proposed(town: Town) -> None:
    def told(since: str, until: str) -> dict[str, Any]:
        return json.loads(town.call(town.rules, "--since", since, "--until", until, "--json").stdout)

    week = told("2025-01-13", "2025-01-19")
    assert [one["week"] for one in week["weeks"]] == ["2025-W03"]
    assert week["teams"]
    assert told("2025-01-15", "2025-01-15") == week
    assert told("2025-01-13", "2025-01-20")["history"] == week["history"]


def test_every_day_of_a_week_asks_for_the_same_also_where_summer_time_begins_and_never_for_more_than_is_over(town: Town) -> None:
    run = Run(load_settings(town.home), END, "topic", quiet=True, processes=1)
    asked = [run.question(town.rules, None, f"2025-03-{day}", f"2025-03-{day}", at_once=False) for day in range(17, 31)]
    spans = [(one.since, one.until) for one in asked]
    monday = [datetime(2025, 3, 16, 23, tzinfo=UTC) + timedelta(days=7 * number) for number in range(2)]
    assert spans == [(monday[0], monday[1])] * 7 + [(monday[1], monday[1] + timedelta(days=7, hours=-1))] * 7
    assert run.question(town.rules, None, "", f"{END:%Y-%m-%d}", at_once=False).until == END


def test_a_history_that_was_imported_is_recognised_and_read_as_it_occurred(town: Town) -> None:
    imported = (
        one.model_copy(update={"absences": tuple(fact.model_copy(update={"recorded_at": END}) for fact in one.absences)})
        for one in make_histories(3_000, 20)
    )
    town.write(imported)
    by_record = town.call(town.rules)
    assert "--at-once" in by_record.stdout
    assert "--at-once" not in town.call(town.rules, "--at-once").stdout
    assert json.loads(town.call(town.rules, "--at-once", "--json").stdout)["history"]["told_at_once"]


def test_the_page_is_written_beside_the_tables(town: Town, tmp_path: Path) -> None:
    page = tmp_path / "candidate.html"
    assert town.call(town.rules, "--html", page, "--language", "en").exit_code == 0
    assert "Backtest of rules" in page.read_text(encoding="utf-8")
    assert town.call(town.rules, "--html", page).exit_code == 0
    assert "Prövning av regler" in page.read_text(encoding="utf-8")


def test_other_rules_than_the_installations_can_be_compared_with(town: Town) -> None:
    document = json.loads(town.call(town.rules, "--against", town.rules, "--json").stdout)
    assert document["candidate"] == document["active"]
    assert all(one["only_candidate"] == one["only_active"] == 0 for one in document["rules"])


def test_ctrl_c_is_one_line_and_130_and_writes_no_page(town: Town, tmp_path: Path) -> None:
    history, page = tmp_path / "slow.jsonl", tmp_path / "candidate.html"
    os.mkfifo(history)
    words = ["backtest", str(town.rules), "--from", str(history), "--html", str(page), "--home", str(town.home)]
    command = [sys.executable, "-m", "hub", *words]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run,
        history.open("wb"),  # is opened when the command reads it
    ):
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    assert (said, run.returncode) == ("hub: stopped, and no figures were written\n", 130)
    assert not page.exists()


def test_a_folder_that_is_not_there_is_refused_with_how_to_make_one(town: Town, tmp_path: Path) -> None:
    assert "change a rule in the copy" in str(town.refused(tmp_path / "nowhere"))


def test_wrong_rules_are_refused_as_hub_rules_check_does(town: Town) -> None:
    rule = town.rules / "absence-alone.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("[unexcused]", "[invented]"), encoding="utf-8")
    assert "unknown code invented" in str(town.refused(town.rules))
    assert town.audited() == []


def test_a_history_without_anybody_says_how_to_come_by_one(town: Town) -> None:
    town.write([])
    error = town.refused(town.rules)
    assert (error.code, "--history" in str(error)) == ("no_history", True)
    assert [(action, outcome, rule) for action, _, outcome, rule in town.audited()] == [
        ("rules_backtested", "deny", "no_history")
    ]


def test_a_history_without_a_consent_in_force_says_so(town: Town) -> None:
    town.write(make_history([], youth_ref=reference(one), consents=[make_consent(), make_withdrawn()]) for one in range(9))
    assert town.refused(town.rules).code == "no_consents"


def test_so_few_youths_that_every_figure_would_be_small_are_refused(town: Town) -> None:
    town.write(make_histories(40, 4))
    assert town.refused(town.rules).code == "too_few_youths"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "yesterday"), "needs a date"),
        (("--since", "0001-01-01"), "needs a date"),
        (("--until", "9999-12-31"), "needs a date"),
        (("--since", "2025-06-01", "--until", "2025-05-01"), "not be after --until"),
        (("--since", f"{END + timedelta(days=1):%Y-%m-%d}"), "nor after today"),
        (("--keep", "other.jsonl"), "goes with --from topic"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(town: Town, words: tuple[str, ...], said: str) -> None:
    ended = town.call(town.rules, *words)
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_the_rules_in_force_are_those_that_were_activated_last(town: Town) -> None:
    head = town.rules / "ruleset.yaml"
    head.write_text(head.read_text(encoding="utf-8").replace("2025.1", "2025.2"), encoding="utf-8")
    words = ["rules", "activate", str(town.rules), "--yes", "--home", str(town.home)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert json.loads(town.call(town.rules, "--json").stdout)["active"]["version"] == "2025.2"


def test_a_window_longer_than_kafka_keeps_is_said_before_anything_is_read(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    rule = town.rules / "repeated-notices.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("within_days: 56", "within_days: 300"), encoding="utf-8")
    run = Run(load_settings(town.home), END, "topic", quiet=False, processes=1)
    run.question(town.rules, None, "", "", at_once=False)
    assert "the longest window is 300" in capsys.readouterr().err
