"""`hub tasks show|accept|…`: what the pages do, from the command line, with the same walls and the same log."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit, build_delivery_engine, build_worklist
from hub.cli import app
from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentStatus, ReferralTask
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.delivery.calls import Calls
from hub.delivery.ladder import Ladder
from hub.errors import ConfigError, RejectedError
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.delivery.make import NOW, SCOPE, Desk, make_consent, make_task
from tests.unit.delivery.test_ladder import Calls as TeamCalls


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path)
    return tmp_path


@pytest.fixture
def number(home: Path) -> str:
    """A task that came by the machine's own clock, under a consent that names the outreach team and the SSPF coordinator."""
    engine, now = build_delivery_engine(load_settings(home)), datetime.now(UTC)
    desk = Desk(engine, ManualClock(now))
    ref, moved = new_youth_ref(), now - NOW
    consent = make_consent(ref)
    scope = consent.scopes[0].model_copy(
        update={"recipients": ("outreach", "sspf"), "valid_from": NOW - moved, "valid_to": now + moved, "scope_id": SCOPE}
    )
    task = make_task(ref).model_copy(update={"created_at": now, "respond_by": now})
    consented = consent.model_copy(update={"scopes": (scope,), "recorded_at": now})
    desk.inbox.take([desk.record(CONSENTS, ref, consented), desk.record(TASKS_OUTREACH, ref, task)])
    desk.inbox.beat([(CONSENTS.name, 0), (ERASURES.name, 0)], now)
    Calls(engine, ManualClock(now.replace(year=now.year + 1)), Ladder({"outreach": TeamCalls(deputy="sspf")})).make_due()
    engine.dispose()
    return task.task_id


def run(home: Path, command: str, number: str, *words: str, team: str = "outreach", account: str = "account-1") -> str:
    line = ["tasks", command, number, "--team", team, "--as", account, "--home", str(home), *words]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, line, catch_exceptions=False).output


def logged(home: Path) -> list[tuple[str, str, str]]:
    with closing(build_audit(load_settings(home))) as audit:
        found = the_latest(audit.engine, Filter(), 50)[::-1]
    return [(one.account, one.action, one.outcome) for one in found if "task" in one.action]


def test_a_task_goes_from_shown_to_completed_and_each_step_is_logged(home: Path, number: str) -> None:
    shown = json.loads(run(home, "show", number[:8], "--json"))
    assert (shown["task"], shown["state"]) == (number, "Öppnad")
    assert "14 år" in shown["about"]
    assert "accepted, held by account-1" in run(home, "accept", number, "--no-concern")
    assert "received" in run(home, "undo", number)
    run(home, "accept", number, "--no-concern")
    assert "in_progress" in run(home, "start", number)
    assert "completed" in run(home, "complete", number, "--outcome", "service")
    told = ["task_opened", "task_accepted", "task_undone", "task_accepted", "task_started", "task_completed"]
    assert logged(home) == [("account-1", action, "permit") for action in told]


def test_whoever_tells_of_a_worry_is_told_what_to_do_now(home: Path, number: str) -> None:
    assert "Make the report of concern now" in run(home, "accept", number, "--concern")


def test_what_the_page_refuses_is_refused_here_and_logged(home: Path, number: str) -> None:
    for words, code in (
        (("accept", number), "concern_unanswered"),
        (("complete", number, "--outcome", "service"), "illegal_move"),
    ):
        with pytest.raises(RejectedError) as refused:
            run(home, *words)
        assert refused.value.code == code
    assert [outcome for _, _, outcome in logged(home)] == ["deny", "deny"]


def test_somebody_elses_task_stays_with_her(home: Path, number: str) -> None:
    run(home, "accept", number, "--no-concern")
    with pytest.raises(RejectedError) as refused:
        run(home, "undo", number, account="account-2")
    assert refused.value.code == "held_by_another"


def test_a_team_that_is_called_takes_over_and_declines(home: Path, number: str) -> None:
    assert "received" in run(home, "take-over", number[:6], team="sspf")
    assert "rejected" in run(home, "decline", number, "--reason", "no_capacity", team="sspf")
    assert ("account-1", "task_taken_over", "permit") in logged(home)


def test_a_team_that_had_it_before_is_shown_that_consent_is_withdrawn_and_nothing_of_what_the_team_after_it_did(
    home: Path, number: str
) -> None:
    run(home, "show", number)
    run(home, "take-over", number, team="sspf", account="account-2")
    run(home, "accept", number, "--concern", team="sspf", account="account-2")
    settings = load_settings(home)
    engine, now = build_delivery_engine(settings), datetime.now(UTC)
    (ref,) = [one.content.youth_ref for one in build_worklist(settings).all_tasks() if isinstance(one.content, ReferralTask)]
    desk = Desk(engine, ManualClock(now))
    desk.offsets[CONSENTS.name, 0] = 1
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref, 2, status=ConsentStatus.WITHDRAWN))])
    engine.dispose()
    shown = json.loads(run(home, "show", number, "--json"))
    assert (shown["history"], shown["due"], shown["why"], shown["rule"]) == ([], "", "", "")
    assert not any(word in run(home, "show", number) for word in ("account-2", "concern", "take", "accept", "hub  "))


def test_a_number_or_team_that_is_none_is_refused_with_what_to_do(home: Path, number: str) -> None:
    with pytest.raises(RejectedError, match="hub tasks --team outreach"):
        run(home, "show", "ffffff")
    with pytest.raises(RejectedError):
        run(home, "show", number, team="sspf")
    with pytest.raises(ConfigError, match="outreach, sig, sspf"):
        run(home, "show", number, team="outreech")
