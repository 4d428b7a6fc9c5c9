"""`hub vault`: one asks, another approves, the first opens once; every step is in the audit log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nacl.public import PublicKey, SealedBox

from hub.access.accounts import Newcomer
from hub.access.opening import build_access_engine, open_accounts
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.audit.entries import Actor
from hub.audit.opening import open_audit, open_vault
from hub.audit.reading import Filter, stored, the_latest
from hub.audit.sealed import Part, PartKind
from hub.audit.vouching import digest_of
from hub.cli import app
from hub.clock import SystemClock
from hub.errors import ConfigError, RejectedError
from hub.installation import read_key
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.audit.conftest import NOW
from tests.unit.audit.tampering import run
from tests.unit.registry.support import make_identifier

PERSON = make_identifier()
DOCUMENT = "7d3f3c1e-8a54-4a9e-9a0c-1f0f5c1f7b10"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path / "home")
    vault = open_vault(load_settings(tmp_path / "home"), SystemClock())
    vault.append([Part(DOCUMENT, PartKind.FORM, {"planted": "secret"})], NOW)
    vault.close()
    return tmp_path / "home"


def call(home: Path, *words: str, account: str = "auditor-1"):
    return CliRunner().invoke(app, ["vault", *words, "--home", str(home), "--as", account])


WHY = ("--legal-ground", "GDPR art. 58", "--case", "KS 2025/117")


def ask(home: Path) -> str:
    return str(json.loads(call(home, "request", DOCUMENT, "--purpose", "supervision", *WHY, "--json").stdout)["request"])


def test_two_persons_open_a_document_once(home: Path) -> None:
    number = ask(home)
    assert "hub vault open" in call(home, "approve", number, account="officer-2").stdout
    shown = json.loads(call(home, "open", number).stdout)
    assert shown == {"document": DOCUMENT, "parts": [{"kind": "form", "planted": "secret"}]}
    again = call(home, "open", number)
    assert isinstance(again.exception, RejectedError)
    assert "secret" not in again.output
    log = open_audit(load_settings(home), SystemClock())
    steps = [(one.action, one.account, one.outcome) for one in the_latest(log.engine, Filter(), 100)[::-1]]
    log.close()
    assert steps == [
        ("vault_sealed", "system", "permit"), ("vault_requested", "auditor-1", "permit"), ("vault_approved", "officer-2", "permit"),
        ("vault_opened", "auditor-1", "permit"), ("vault_opened", "auditor-1", "deny"),
    ]  # fmt: skip


def test_nobody_opens_alone(home: Path) -> None:
    number = ask(home)
    assert "secret" not in call(home, "open", number).output
    refused = call(home, "approve", number)
    assert getattr(refused.exception, "code", None) == "own_request"
    assert "secret" not in call(home, "open", number).output


def test_an_approval_is_only_for_who_asked(home: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    assert getattr(call(home, "open", number, account="officer-2").exception, "code", None) == "no_such_request"
    assert "secret" in call(home, "open", number).stdout


def test_without_the_private_key_the_approval_is_not_used_up(home: Path, tmp_path: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    key = home / "keys" / "sealed.private"
    key.rename(tmp_path / "elsewhere")
    assert isinstance(call(home, "open", number).exception, ConfigError)
    (tmp_path / "elsewhere").rename(key)
    out = tmp_path / "opened.json"
    assert call(home, "open", number, "--out", str(out)).exit_code == 0
    assert "secret" in out.read_text(encoding="utf-8")
    assert out.stat().st_mode & 0o077 == 0


def test_a_file_that_exists_costs_no_approval(home: Path, tmp_path: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    (tmp_path / "there").touch()
    assert isinstance(call(home, "open", number, "--out", str(tmp_path / "there")).exception, ConfigError)
    assert "secret" in call(home, "open", number).stdout


def test_the_list_tells_numbers_kinds_and_requests_and_no_content(home: Path) -> None:
    number = ask(home)
    document = json.loads(call(home, "list", "--json").stdout)
    assert [(one["document"], one["parts"]) for one in document["documents"]] == [(DOCUMENT, ["form"])]
    assert [(one["request"], one["state"]) for one in document["requests"]] == [(number, "waiting")]
    shown = call(home, "list", account="officer-2").stdout
    assert DOCUMENT in shown
    assert number in shown
    assert "secret" not in shown


def test_a_persons_documents_are_found_by_two_persons_once(home: Path, tmp_path: Path) -> None:
    vault = open_vault(load_settings(home), SystemClock())
    vault.append([Part("document-of-hers", PartKind.FORM, {"identifier": PERSON})], NOW)
    vault.close()
    (tmp_path / "number").write_text(f"{PERSON[:8]}-{PERSON[8:]}\n", encoding="utf-8")
    whom = ["-i", str(tmp_path / "number")]
    asked = json.loads(call(home, "request", "search", "--purpose", "damages", *WHY, *whom, "--json").stdout)
    number = asked["request"]
    assert (asked["document"], asked["legal_ground"], asked["case"]) == ("search", "GDPR art. 58", "KS 2025/117")
    words = ["search", number, *whom, "--json"]
    assert getattr(call(home, *words).exception, "code", None) == "not_approved"
    assert "hub vault search" in call(home, "approve", number, account="officer-2").stdout
    assert json.loads(call(home, *words).stdout) == ["document-of-hers"]
    assert getattr(call(home, *words).exception, "code", None) == "not_approved"


def test_an_approval_of_a_document_is_none_of_a_search(home: Path, tmp_path: Path) -> None:
    (tmp_path / "number").write_text(PERSON, encoding="utf-8")
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    result = call(home, "search", number, "-i", str(tmp_path / "number"))
    assert getattr(result.exception, "code", None) == "not_approved"
    assert DOCUMENT not in result.output


def test_an_approved_search_is_for_the_person_it_was_approved_for_and_nobody_else(home: Path, tmp_path: Path) -> None:
    vault = open_vault(load_settings(home), SystemClock())
    vault.append([Part("document-of-hers", PartKind.FORM, {"identifier": PERSON})], NOW)
    vault.close()
    for name, number in (("hers", PERSON), ("other", make_identifier(5))):
        (tmp_path / name).write_text(number, encoding="utf-8")
    words = ["request", "search", "--purpose", "damages", *WHY, "-i", str(tmp_path / "other"), "--json"]
    number = json.loads(call(home, *words).stdout)["request"]
    call(home, "approve", number, account="officer-2")
    refused = call(home, "search", number, "-i", str(tmp_path / "hers"), "--json")
    assert getattr(refused.exception, "code", None) == "not_approved"
    assert "document-of-hers" not in refused.output
    assert json.loads(call(home, "search", number, "-i", str(tmp_path / "other"), "--json").stdout) == []


def test_a_request_says_who_asks_why_on_what_ground_for_which_case_and_who_decided_but_not_about_whom(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "hers").write_text(PERSON, encoding="utf-8")
    words = ["request", "search", "--purpose", "damages", *WHY, "-i", str(tmp_path / "hers"), "--json"]
    number = json.loads(call(home, *words).stdout)["request"]
    shown = call(home, "list", account="officer-2").stdout
    for part in (number, "auditor-1", "damages", "GDPR art. 58", "KS 2025/117", "search"):
        assert part in shown
    assert PERSON not in shown
    call(home, "refuse", number, account="officer-2")
    (told,) = json.loads(call(home, "list", "--json", account="auditor-3").stdout)["requests"]
    assert (told["state"], told["decided_by_name"], told["decided_as"]) == ("refused", "officer-2", "auditor")
    assert getattr(call(home, "approve", number, account="officer-2").exception, "code", None) == "not_waiting"


@pytest.mark.parametrize(
    ("ground", "case", "code"),
    [
        ("", "KS 2025/117", "no_ground"),
        ("GDPR art. 58", "x", "no_case"),
        ("GDPR art. 58", PERSON, "names_somebody"),
        (f"{PERSON[2:8]}-{PERSON[8:]} begär", "KS 2025/117", "names_somebody"),
    ],
    ids=["no ground", "no case", "a number as the case", "a number in the ground"],
)
def test_a_request_without_a_ground_or_with_somebodys_number_in_it_is_none(home: Path, ground: str, case: str, code: str) -> None:
    result = call(home, "request", DOCUMENT, "--purpose", "supervision", "--legal-ground", ground, "--case", case)
    assert getattr(result.exception, "code", None) == code
    assert PERSON[8:] not in str(result.exception)
    assert json.loads(call(home, "list", "--json").stdout)["requests"] == []


def test_a_part_that_was_exchanged_together_with_its_entry_is_not_shown_and_costs_no_approval(home: Path) -> None:
    number = ask(home)
    call(home, "approve", number, account="officer-2")
    forged = json.dumps({"document": DOCUMENT, "kind": "form", "at": stored(NOW), "content": {"forged": "never signed"}}).encode()
    settings = load_settings(home)
    sealed = SealedBox(PublicKey(read_key(settings, "sealed.public"))).encrypt(forged)
    digest = digest_of(DOCUMENT, "form", stored(NOW), sealed)
    log = open_audit(settings, SystemClock())
    run(
        log.engine,
        f"UPDATE audit_sealed SET sealed = x'{sealed.hex()}'",
        f"UPDATE audit_entry SET rule = '{digest}' WHERE position = 1",
    )
    refused = call(home, "open", number)
    log.close()
    assert getattr(refused.exception, "code", None) == "will_not_open"
    assert "never signed" not in refused.output
    assert json.loads(call(home, "list", "--json").stdout)["requests"][0]["state"] == "approved"


def test_an_unknown_document_is_refused(home: Path) -> None:
    assert (
        getattr(call(home, "request", "nothing", "--purpose", "supervision", *WHY).exception, "code", None) == "no_such_document"
    )


def test_an_empty_vault_says_so(tmp_path: Path) -> None:
    initialised(tmp_path)
    assert "Nothing is sealed yet" in call(tmp_path, "list").stdout


# With accounts, and in production


PASSWORD = "four words that differ"


def with_accounts(home: Path) -> None:
    settings = load_settings(home)
    engine, log = build_access_engine(settings), open_audit(settings, SystemClock())
    accounts = open_accounts(settings, engine, log)
    for username, role in (
        ("revisor", Role.AUDITOR), ("revisor2", Role.AUDITOR), ("operator", Role.OPERATOR), ("samtycke", Role.CONSENT_OFFICER),
    ):  # fmt: skip
        newcomer = Newcomer(username, "Revision", each_for({role}, {"sspf"}))
        accounts.add(newcomer, PASSWORD, Actor("os:0", role="command"), own=True)
    engine.dispose()
    log.close()


def sign_in(home: Path, *words: str, account: str, password: str = PASSWORD):
    return CliRunner().invoke(app, ["vault", *words, "--home", str(home), "--as", account], input=f"{password}\n")


def test_where_there_are_accounts_each_gives_a_password_and_has_the_roles_of_the_account(home: Path) -> None:
    with_accounts(home)
    asked = sign_in(home, "request", DOCUMENT, "--purpose", "supervision", *WHY, "--json", account="revisor")
    number = json.loads(asked.stdout)["request"]
    assert getattr(sign_in(home, "approve", number, account="operator").exception, "code", None) == "no_such_request"
    assert getattr(sign_in(home, "approve", number, account="revisor2", password="wrong").exception, "code", None) == "wrong"
    assert getattr(call(home, "approve", number, account="somebody").exception, "code", None) == "wrong"
    assert sign_in(home, "approve", number, account="revisor2").exit_code == 0
    assert "secret" in sign_in(home, "open", number, account="revisor").stdout
    refused = sign_in(home, "request", DOCUMENT, "--purpose", "supervision", *WHY, account="operator")
    assert getattr(refused.exception, "code", None) == "not_permitted"


def test_what_is_sealed_is_listed_to_who_may_ask_for_it_and_to_who_may_approve_only_what_waits(home: Path) -> None:
    with_accounts(home)
    assert DOCUMENT in sign_in(home, "list", account="revisor").stdout
    assert sign_in(home, "list", account="samtycke").stdout == "Nobody waits for your approval.\n"
    sign_in(home, "request", DOCUMENT, "--purpose", "supervision", *WHY, account="revisor")
    waiting = json.loads(sign_in(home, "list", "--json", account="samtycke").stdout)
    assert (waiting["documents"], len(waiting["requests"])) == ([], 1)
    refused = sign_in(home, "list", account="operator")
    assert (getattr(refused.exception, "code", None), refused.stdout) == ("not_permitted", "")
