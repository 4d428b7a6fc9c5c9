"""`hub explain`: to whom a task is explained, and what of it; who is refused, and that both are logged."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.access.accounts import Newcomer
from hub.access.opening import build_access_engine, open_accounts
from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.access.trail import system_user
from hub.access.why_not import own_standings
from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit, build_delivery_engine, build_worklist
from hub.cli import app
from hub.clock import ManualClock
from hub.commands.explain_texts import print_standings
from hub.contract.ids import new_youth_ref
from hub.contract.models import EvidenceEvent, InfoKind
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.core.state import new_state
from hub.core.step import step
from hub.core.texts import Language
from hub.errors import HubError, RejectedError
from hub.runtime.held import Held
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.core.make import NOW as CORE_NOW
from tests.unit.core.make import SCHOOL, YOUTH, ago, make_absence, make_scope, make_sig_scope
from tests.unit.core.make import make_consent as core_consent
from tests.unit.core.make_rules import last
from tests.unit.core.make_rules import run as stepped
from tests.unit.core.test_weighing import ABSENCE, lob, rules_of
from tests.unit.delivery.make import NOW, Desk, make_consent, make_presence, make_task

PASSWORD = "krusbär-på-verandan-9"
SAID = (
    "Minst 8 timmar frånvaro på 28 dagar (här: 8 timmar 20 minuter). Förslag: vägledning till närvarande och fungerande skolgång."
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One task, whose consent is in force, of a lesson that was missed on 16 May."""
    initialised(tmp_path)
    engine = build_delivery_engine(load_settings(tmp_path))
    desk = Desk(engine, ManualClock(datetime.now(UTC)))
    ref = new_youth_ref()
    task = make_task(ref)
    seen = EvidenceEvent(kind=InfoKind.SCHOOL_ABSENCE, occurred_at=task.evidence[0].last_at, agency="school")
    evidence = task.evidence[0].model_copy(update={"events": (seen,), "older_events": 3})
    task = task.model_copy(update={"evidence": (evidence,)})
    consent = make_consent(ref)
    (scope,) = consent.scopes
    long = scope.model_copy(update={"valid_to": datetime(2999, 1, 1, tzinfo=UTC)})
    consent = consent.model_copy(update={"scopes": (long,)})
    desk.inbox.take([desk.record(CONSENTS, ref, consent), desk.record(TASKS_OUTREACH, ref, task)])
    desk.inbox.beat([(CONSENTS.name, 0), (ERASURES.name, 0)], datetime.now(UTC))
    engine.dispose()
    return tmp_path


def number(home: Path) -> str:
    (view,) = build_worklist(load_settings(home)).all_tasks()
    return view.task_id


def run(home: Path, *words: str, typed: str = "") -> str:
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["explain", "--home", str(home), *words], input=typed, catch_exceptions=False
    )
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def refused(home: Path, *words: str, typed: str = "") -> HubError:
    ended = CliRunner().invoke(app, ["explain", "--home", str(home), *words], input=typed)
    assert isinstance(ended.exception, HubError), ended.output
    return ended.exception


def account(home: Path, name: str, *roles: Role) -> None:
    settings = load_settings(home)
    log, engine = build_audit(settings), build_access_engine(settings)
    open_accounts(settings, engine, log).add(
        Newcomer(name, "Någon", each_for(roles, ["outreach"])), PASSWORD, system_user(), own=True
    )
    log.close()
    engine.dispose()


def audited(home: Path) -> list[tuple[str, str, str]]:
    log = build_audit(load_settings(home))
    found = [(one.action, one.outcome, one.purpose) for one in the_latest(log.engine, Filter(), 20)]
    log.close()
    return [one for one in found if one[0] in {"task_opened", "case_shown"}]


def test_a_task_is_explained_in_words_with_its_events_and_its_consent(home: Path) -> None:
    said = run(home, number(home)[:8])
    assert SAID in said
    assert "18 maj 2025 kl. 07.30, frånvaro (school)" in said
    assert "och 3 till, som är äldre" in said
    assert "Samtycke: version 1, nummer 11111111-1111-4111-8111-111111111111. Regel: absence-alone, regelversion 1." in said
    assert audited(home) == [("task_opened", "permit", "explain")]


def test_it_is_explained_in_english_and_as_one_document(home: Path) -> None:
    document = json.loads(run(home, number(home), "--json", "--language", "en"))
    assert document["sentence"].startswith("At least 8 hours of school absence in 28 days (here: 8 hours 20 minutes).")
    assert document["consent"] == {"version": 1, "scope_id": "11111111-1111-4111-8111-111111111111"}
    assert [event["agency"] for one in document["conditions"] for event in one["events"]] == ["school"]
    youth = json.loads(run(home, number(home), "--json", "--audience", "youth"))
    assert not {"rule", "rules_version", "consent"} & youth.keys()


def in_force(home: Path, version: str, *, title: str = "") -> None:
    """Put the installation's rules in force with another title of the task's rule; without one the rule is removed."""
    folder = home / "rules"
    head, rule = folder / "ruleset.yaml", folder / "absence-alone.yaml"
    head.write_text(re.sub(r"(?m)^version: .*$", f'version: "{version}"', head.read_text(encoding="utf-8")), encoding="utf-8")
    if title:
        told = re.sub(r"(?m)^title_sv: .*$", f"title_sv: {title}", rule.read_text(encoding="utf-8"))
        rule.write_text(told, encoding="utf-8")
    else:
        rule.unlink()
    ended = CliRunner().invoke(app, ["rules", "activate", str(folder), "--yes", "--home", str(home)])
    assert ended.exit_code == 0, ended.output


def test_a_task_is_titled_as_in_the_version_it_names_when_its_rule_is_called_otherwise_now_or_is_gone(home: Path) -> None:
    for version, title in (("1", "Den första titeln"), ("2", "Den andra titeln"), ("3", "")):
        in_force(home, version, title=title)
        assert json.loads(run(home, number(home), "--json"))["title"] == "Den första titeln"
        assert run(home, number(home)).startswith("Den första titeln\n")


def test_no_reference_is_shown(home: Path) -> None:
    (view,) = build_worklist(load_settings(home)).all_tasks()
    assert view.content is not None
    shown = run(home, number(home)) + run(home, number(home), "--json")
    assert view.content.youth_ref not in shown


def test_what_consent_no_longer_permits_is_not_explained_and_that_is_logged(home: Path) -> None:
    (view,) = build_worklist(load_settings(home)).all_tasks()
    engine = build_delivery_engine(load_settings(home))
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM reference")
    engine.dispose()
    said = run(home, view.task_id)
    assert said == "Visas inte: inget samtycke som gäller nu tillåter det, eller så är det raderat.\n"
    assert json.loads(run(home, view.task_id, "--json"))["shown"] is False
    assert audited(home) == [("task_opened", "deny", "explain")] * 2


def test_while_delivery_is_behind_nothing_is_explained(home: Path) -> None:
    engine = build_delivery_engine(load_settings(home))
    Desk(engine, ManualClock(NOW)).inbox.beat([(ERASURES.name, 0)], datetime(2025, 5, 1, tzinfo=UTC))
    engine.dispose()
    assert "hub status" in run(home, number(home))


@pytest.mark.parametrize("words", [("abcdef0",), ("not-a-number",)])
def test_a_number_of_no_task_is_refused_and_logged(home: Path, words: tuple[str]) -> None:
    error = refused(home, *words)
    assert isinstance(error, RejectedError)
    assert error.code in {"unknown_task", "bad_task_number"}
    assert audited(home) == [("task_opened", "deny", "explain")]


def test_a_presence_task_is_explained_without_a_youth(home: Path) -> None:
    engine = build_delivery_engine(load_settings(home))
    desk = Desk(engine, ManualClock(datetime.now(UTC)))
    presence = make_presence()
    from hub.contract.topics import PRESENCE_TASKS

    desk.inbox.take([desk.record(PRESENCE_TASKS, presence.area, presence)])
    engine.dispose()
    assert "Förslag: närvaroinsats, vecka 20." in run(home, presence.task_id)


def test_whoever_belongs_to_no_team_is_told_which_role_it_takes(home: Path) -> None:
    account(home, "rut", Role.AUDITOR)
    error = refused(home, number(home), "--as", "rut", typed=PASSWORD + "\n")
    assert "team-member" in str(error)
    assert audited(home) == [("task_opened", "deny", "explain")]


def test_a_consent_officer_opens_no_task_and_a_member_asks_not_why_there_is_none(home: Path) -> None:
    account(home, "olle", Role.CONSENT_OFFICER)
    account(home, "maja", Role.TEAM_MEMBER)
    assert SAID in run(home, number(home), "--as", "maja", typed=PASSWORD + "\n")
    assert refused(home, number(home), "--as", "olle", typed=PASSWORD + "\n").code == "not_permitted"
    (home / "ref").write_text(new_youth_ref(), encoding="utf-8")
    asked = ("--youth", "--reference-from", str(home / "ref"))
    error = refused(home, *asked, "--as", "maja", typed=PASSWORD + "\n")
    assert "consent officer" in str(error)
    assert ("case_shown", "deny", "why_not") in audited(home)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "sv",
            "Villkoren är uppfyllda av det som enheten får veta. Ett förslag kan vara på väg eller öppet, men behöver inte komma.",
        ),
        ("en", "The conditions are met by what the team may be told. A proposal may be on its way or open, but need not come."),
    ],
)
def test_where_what_is_hidden_can_stop_a_rule_the_document_says_the_same_whether_it_does(
    language: Language, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unfollowed = {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 24, "happens": False}}
    rules = rules_of(ABSENCE | unfollowed)
    officer = Principal("account-7", "Någon", each_for({Role.CONSENT_OFFICER}, ("outreach",)))
    documents = []
    for others in ((), (make_sig_scope(),)):
        consent = core_consent(make_scope(agencies=(SCHOOL,)), *others)
        state = step(new_state(YOUTH), consent, rules, ago(20)).state
        state = last(stepped(make_absence(1, ago(3)), lob(2, ago(2.5)), state=state, rules=rules))
        held = Held(state, rules, {"sv": {}, "en": {}})
        documents.append((len(state.episodes), own_standings(held, officer, CORE_NOW, "team")))
    assert [opened for opened, _ in documents] == [1, 0]
    for _, found in documents:
        print_standings(held, found.mine, found.others, language, as_json=True)
    one, other = capsys.readouterr().out.strip().split("\n}\n")
    assert json.loads(one + "}") == json.loads(other)
    (rule,) = json.loads(other)["rules"]
    assert (rule["standing"], rule["task_id"], rule["said"]) == ("possible", None, said)


def test_what_is_no_reference_is_refused_before_anything_is_read(home: Path) -> None:
    (home / "ref").write_text("y123", encoding="utf-8")
    assert refused(home, "--youth", "--reference-from", str(home / "ref")).code == "bad_reference"


@pytest.mark.parametrize("words", [(), ("abcdef", "--youth")])
def test_a_task_or_a_youth_is_named_not_both_nor_neither(home: Path, words: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(app, ["explain", *words, "--home", str(home)])
    assert ended.exit_code == 2
    assert "name a task, or use --youth" in ended.output
