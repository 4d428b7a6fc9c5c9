"""`hub identity`: one asks, another approves, the first opens whom the reference is; nobody else, nothing twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.access.accounts import Newcomer
from hub.access.opening import build_access_engine, open_accounts
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.audit.entries import Actor
from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_delivery_engine, build_registry
from hub.clock import ManualClock, SystemClock
from hub.commands.identity import app
from hub.contract.codec import Codec
from hub.contract.models import ConsentRecord, ReferralTask
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.delivery.inbox import Inbox
from hub.errors import RejectedError
from hub.kafka import Incoming
from hub.settings import load_settings
from tests.command_line import CliRunner, Result
from tests.prepared import initialised
from tests.unit.delivery.make import NOW, Desk
from tests.unit.delivery.test_withdrawing import scope_erasure, taken_over, two_scopes
from tests.unit.registry.support import START, make_grant, make_identifier
from tests.unit.web.town import make_consent, make_task

PERSON = make_identifier()
PASSWORD = "four words that differ"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    initialised(home)
    settings = load_settings(home)
    opened, today = build_registry(settings, SystemClock()), datetime.now(UTC).date()
    period = {"valid_from": str(today - timedelta(days=30)), "valid_to": str(today + timedelta(days=90))}
    (tmp_path / "reference").write_text(str(opened.registry.grant(make_grant(area=None, **period)).youth_ref))
    opened.close()
    engine, log = build_access_engine(settings), open_audit(settings, SystemClock())
    accounts = open_accounts(settings, engine, log)
    for username, role in (("samtycke", Role.CONSENT_OFFICER), ("chef", Role.TEAM_HEAD), ("drift", Role.OPERATOR)):
        newcomer = Newcomer(username, "Prov", each_for({role}, {"sspf"}))
        accounts.add(newcomer, PASSWORD, Actor("os:0", role="command"), own=True)
    engine.dispose()
    log.close()
    return home


def run(home: Path, *words: str, account: str = "samtycke") -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home), "--as", account], input=f"{PASSWORD}\n")


def code(result: Result) -> str:
    assert isinstance(result.exception, RejectedError)
    assert PERSON not in result.output + str(result.exception)
    return result.exception.code


def ask(home: Path, account: str = "samtycke") -> Result:
    reference = str(home.parent / "reference")
    return run(home, "request", "--purpose", "correction", "--team", "sspf", "-r", reference, account=account)


def test_two_persons_open_an_identity_once(home: Path) -> None:
    asked = ask(home)
    assert "waiting" in asked.output
    number = asked.output.split()[0]
    assert code(run(home, "open", number)) == "not_approved"
    assert code(run(home, "approve", number)) == "own_request"
    assert run(home, "approve", number, account="chef").exit_code == 0
    assert code(run(home, "open", number, account="chef")) == "no_such_request"
    shown = run(home, "open", number)
    assert json.loads(shown.stdout) == {"identifiers": [PERSON], "parties": None}
    assert code(run(home, "open", number)) == "not_approved"
    log = open_audit(load_settings(home), SystemClock())
    steps = [(one.action, one.outcome) for one in the_latest(log.engine, Filter(), 100)[::-1] if "identity" in one.action]
    log.close()
    assert steps == [
        ("identity_requested", "permit"),
        ("identity_revealed", "deny"),
        ("identity_approved", "deny"),
        ("identity_approved", "permit"),
        ("identity_revealed", "permit"),
        ("identity_revealed", "deny"),
    ]


def test_who_has_no_right_asks_for_nothing_and_a_task_that_is_none_names_nobody(home: Path) -> None:
    assert code(ask(home, account="drift")) == "not_permitted"
    assert code(run(home, "request", "--purpose", "extract", "--team", "sspf", "--task", "7d3f3c1e")) == "unknown_task"
    assert (
        code(run(home, "request", "--purpose", "task", "--team", "sspf", "-r", str(home.parent / "reference")))
        == "task_needs_none"
    )


def test_the_inbox_is_read_only_for_who_has_signed_in_and_may_ask(home: Path) -> None:
    inbox, words = load_settings(home).data / "delivery", ("request", "--purpose", "extract", "--task", "7d3f3c1e")
    stranger = CliRunner().invoke(app, [*words, "--home", str(home), "--as", "samtycke"], input="a guess\n")
    assert code(stranger) == "wrong"
    assert code(run(home, *words, "--team", "sspf", account="drift")) == "not_permitted"
    assert not inbox.exists()
    assert code(run(home, *words, "--team", "sspf")) == "unknown_task"
    assert inbox.exists()
    log = open_audit(load_settings(home), SystemClock())
    looks = [(one.outcome, one.rule) for one in the_latest(log.engine, Filter(actions=("task_sought",)), 100)[::-1]]
    log.close()
    assert looks == [("deny", "not_permitted"), ("deny", "unknown_task")]


def fill(home: Path, *tasks: ReferralTask) -> None:
    engine = build_delivery_engine(load_settings(home))
    inbox = Inbox(engine, Codec.load(), ManualClock(START))
    for offset, task in enumerate(tasks):
        value = Codec.load().encode(TASKS_OUTREACH, task)
        inbox.take([Incoming(TASKS_OUTREACH.name, 0, offset, task.youth_ref.encode(), value, (), 0)])
    engine.dispose()


def test_a_task_is_found_for_its_own_team_only_and_by_six_characters_or_more(home: Path) -> None:
    reference = (home.parent / "reference").read_text()
    ours = make_task("repeated-notices", created=START, days=5, team="sspf", ref=reference)
    others = make_task("absence-alone", created=START, days=5)
    fill(home, ours, others)
    words = ("request", "--purpose", "correction", "--team", "sspf", "--task")
    assert code(run(home, *words, others.task_id)) == "unknown_task"
    assert code(run(home, *words, ours.task_id[:1])) == "bad_task_number"
    assert code(run(home, *words, ours.task_id[:5])) == "bad_task_number"
    assert "waiting" in run(home, *words, ours.task_id[:6].upper()).output


def test_a_member_sees_in_the_command_line_whom_an_open_task_is_about_and_nobody_else_does(home: Path) -> None:
    settings = load_settings(home)
    reference = (home.parent / "reference").read_text()
    task = make_task("absence-alone", created=START, days=5, ref=reference)
    engine = build_delivery_engine(settings)
    inbox = Inbox(engine, Codec.load(), ManualClock(START))
    for topic, message in ((CONSENTS, current_consent(reference)), (TASKS_OUTREACH, task)):
        inbox.take([Incoming(topic.name, 0, 0, reference.encode(), Codec.load().encode(topic, message), (), 0)])
    inbox.beat([(CONSENTS.name, 0), (ERASURES.name, 0)], datetime.now(UTC))
    engine.dispose()
    access, log = build_access_engine(settings), open_audit(settings, SystemClock())
    newcomer = Newcomer("falt", "Prov", each_for({Role.TEAM_MEMBER}, {"outreach"}))
    open_accounts(settings, access, log).add(newcomer, PASSWORD, Actor("os:0", role="command"), own=True)
    access.dispose()
    shown = run(home, "show", task.task_id, "--team", "outreach", account="falt")
    assert json.loads(shown.stdout)["identifiers"] == [PERSON]
    assert code(run(home, "show", task.task_id, "--team", "outreach", account="drift")) == "not_permitted"
    assert code(run(home, "show", task.task_id, "--team", "sspf", account="falt")) == "not_permitted"
    assert code(run(home, "show", "0" * 8, "--team", "outreach", account="falt")) == "not_your_task"
    steps = [(one.action, one.outcome, one.rule) for one in the_latest(log.engine, Filter(), 100)]
    log.close()
    assert ("identity_revealed", "permit", "task") in steps


def test_a_team_that_had_the_task_before_asks_for_nobody_by_its_number(home: Path) -> None:
    settings = load_settings(home)
    engine = build_delivery_engine(settings)
    desk = Desk(engine, ManualClock(NOW))
    task = taken_over(desk)
    ref = task.youth_ref
    both = two_scopes(version=2).model_copy(update={"youth_ref": ref})
    scopes = [one.model_copy(update={"recipients": (team,)}) for one, team in zip(both.scopes, ("outreach", "sspf"), strict=True)]
    desk.inbox.take([desk.record(CONSENTS, ref, both.model_copy(update={"scopes": tuple(scopes)}))])
    desk.inbox.take([desk.record(ERASURES, ref, scope_erasure().model_copy(update={"youth_ref": ref}))])
    assert (desk.worklist.find(task.task_id, ["outreach"]), len(desk.states())) == ([("outreach", task.task_id)], 1)
    engine.dispose()
    access, log = build_access_engine(settings), open_audit(settings, SystemClock())
    newcomer = Newcomer("samtycke-2", "Prov", each_for({Role.CONSENT_OFFICER}, {"outreach"}))
    open_accounts(settings, access, log).add(newcomer, PASSWORD, Actor("os:0", role="command"), own=True)
    access.dispose()
    log.close()
    words = ("request", "--purpose", "correction", "--team", "outreach", "--task", task.task_id)
    assert code(run(home, *words, account="samtycke-2")) == "unknown_task"


def current_consent(reference: str) -> ConsentRecord:
    """In force now, by the machine's own time."""
    now = datetime.now(UTC)
    made = make_consent(reference, "outreach")
    (scope,) = made.scopes
    long = scope.model_copy(update={"valid_from": START - timedelta(days=365), "valid_to": now + timedelta(days=90)})
    return made.model_copy(update={"scopes": (long,)})


def test_every_help_has_an_example() -> None:
    for command in ("request", "approve", "open", "show"):
        assert "Example" in CliRunner().invoke(app, [command, "--help"]).output
