from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from nacl.public import PrivateKey

from hub.audit.opening import open_audit
from hub.audit.reading import Filter, the_latest
from hub.clock import ManualClock
from hub.commands.statutory import app
from hub.connector import RawMessage
from hub.settings import load_settings
from hub.statutory.opening import open_writer
from tests.command_line import CliRunner

ARRIVED = datetime(2025, 5, 18, 21, 0, tzinfo=UTC)
CONTENT = '{"label": "orosanmälan"}'.encode()


@pytest.fixture
def home(tmp_path):
    (tmp_path / "hub.toml").write_text("", encoding="utf-8")
    keys = tmp_path / "keys"
    keys.mkdir()
    key = PrivateKey.generate()
    (keys / "statutory.private").write_text(base64.b64encode(bytes(key)).decode(), encoding="utf-8")
    (keys / "statutory.public").write_text(base64.b64encode(bytes(key.public_key)).decode(), encoding="utf-8")
    (keys / "audit-subject.key").write_text(base64.b64encode(bytes(32)).decode(), encoding="utf-8")
    writer = open_writer(load_settings(tmp_path), ManualClock(ARRIVED))
    writer.put(RawMessage("message-one", ARRIVED, CONTENT))
    return tmp_path


def call(home, *words: str):
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def test_the_list_gives_arrival_and_clocks_and_no_content(home):
    result = call(home, "list", "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    (message,) = document["messages"]
    assert document["damaged"] == []
    assert (message["message_id"], message["size"]) == ("message-one", len(CONTENT))
    assert (message["protect_by"], message["decide_by"]) == ("2025-05-19", "2025-06-01")
    assert "orosanm" not in result.stdout


def test_the_table_is_read_by_people(home):
    result = call(home, "list")
    assert result.exit_code == 0
    assert "2025-05-18 23:00" in result.stdout
    assert "2025-06-01" in result.stdout


def test_an_empty_store_says_so(home):
    for path in home.rglob("*.sealed"):
        path.unlink()
    assert "Nothing has arrived" in call(home, "list").stdout


def test_a_damaged_file_is_listed_and_the_exit_code_tells(home):
    next(home.rglob("*.sealed")).write_bytes(b"broken")
    result = call(home, "list", "--json")
    assert result.exit_code == 1
    assert [each["reason"] for each in json.loads(result.stdout)["damaged"]] == ["truncated"]


def test_show_tells_of_the_message_without_opening_it(home):
    result = call(home, "show", "message-one")
    assert result.exit_code == 0
    assert "2025-06-01" in result.stdout
    assert "orosanm" not in result.stdout
    assert not (home / "data" / "statutory" / "access.jsonl").exists()


def test_a_message_is_revealed_only_with_a_purpose_and_leaves_a_trace(home):
    refused = call(home, "show", "message-one", "--reveal")
    assert refused.exit_code != 0
    assert refused.stdout == ""
    result = call(home, "show", "message-one", "--reveal", "--purpose", "registering the report")
    assert result.exit_code == 0
    assert result.stdout_bytes == CONTENT
    trace = [json.loads(line) for line in (home / "data" / "statutory" / "access.jsonl").read_text().splitlines()]
    assert [line["action"] for line in trace] == ["reveal_refused", "reveal"]


def test_a_message_with_several_contents_is_named_by_its_entry(home):
    open_writer(load_settings(home), ManualClock(ARRIVED)).put(RawMessage("message-one", ARRIVED, b"changed"))
    refused = call(home, "show", "message-one")
    assert getattr(refused.exception, "code", None) == "several_contents"
    entries = [each["entry"] for each in json.loads(call(home, "list", "--json").stdout)["messages"]]
    assert call(home, "show", entries[0]).exit_code == 0


def test_an_unknown_message_is_refused(home):
    assert getattr(call(home, "show", "nothing").exception, "code", None) == "unknown_message"


def test_a_folder_named_before_the_sub_command_is_not_overlooked(home, tmp_path):
    result = CliRunner().invoke(app, ["--home", str(home), "list"])
    assert result.exit_code == 2
    assert "hub statutory list --home" in " ".join(result.output.split())


def logged(home) -> list[tuple[str, str, str]]:
    log = open_audit(load_settings(home), ManualClock(ARRIVED))
    found = [(one.action, one.outcome, one.rule) for one in the_latest(log.engine, Filter(), 100)[::-1]]
    log.close()
    return found


def test_every_look_and_every_refusal_is_in_the_audit_log(home):
    call(home, "list")
    call(home, "show", "message-one")
    call(home, "show", "message-one", "--reveal")
    call(home, "show", "message-one", "--reveal", "--purpose", "registering the report")
    call(home, "show", "nothing")
    assert logged(home) == [
        ("report_listed", "permit", ""), ("report_listed", "permit", ""), ("report_opened", "deny", "no_purpose"),
        ("report_opened", "permit", ""), ("report_listed", "deny", "unknown_message"),
    ]  # fmt: skip


def test_a_hand_over_is_logged_first_and_shown_in_the_list(home):
    done = call(home, "hand-over", "message-one", "--registered-as", "SN 2025/117")
    assert (done.exit_code, done.stdout) == (0, "handed over\n")
    (message,) = json.loads(call(home, "list", "--json").stdout)["messages"]
    assert message["handed_over"] is True
    audit = open_audit(load_settings(home), ManualClock(ARRIVED))
    found = [each.action for each in the_latest(audit.engine, Filter(), 10)]
    audit.close()
    assert "report_handed_over" in found


def test_a_refused_hand_over_is_logged_as_refused(home):
    done = call(home, "hand-over", "message-one", "--registered-as", "20120314-9800")
    assert getattr(done.exception, "code", "") == "bad_case_number"
    audit = open_audit(load_settings(home), ManualClock(ARRIVED))
    (found,) = the_latest(audit.engine, Filter(), 10)
    audit.close()
    assert (found.action, found.outcome, found.rule) == ("report_handed_over", "deny", "bad_case_number")


def test_another_number_than_the_one_that_stands_is_refused_and_logged_as_refused(home):
    call(home, "hand-over", "message-one", "--registered-as", "SN 2025/117")
    assert call(home, "hand-over", "message-one", "--registered-as", "SN 2025/117").exit_code == 0
    second = call(home, "hand-over", "message-one", "--registered-as", "SN 2025/711")
    assert getattr(second.exception, "code", "") == "already_said"
    assert second.stderr.startswith("what stands: SN 2025/117\n")
    assert logged(home)[-1] == ("report_handed_over", "deny", "already_said")


def test_a_wrong_number_is_put_right_once_and_a_second_correction_is_told_what_stands(home):
    call(home, "hand-over", "message-one", "--registered-as", "SN 2025/711")
    (message,) = json.loads(call(home, "list", "--json").stdout)["messages"]
    words = ("correct", message["entry"], "--instead-of", "SN 2025/711", "--why", "mistyped", "--registered-as")
    done = call(home, *words, "SN 2025/117")
    assert (done.exit_code, done.stdout) == (0, "put right\n")
    assert logged(home)[-1] == ("report_handed_over", "permit", "")
    second = call(home, *words, "SN 2025/118")
    assert second.stderr.startswith("what stands: SN 2025/117\n")
    assert logged(home)[-1] == ("report_handed_over", "deny", "already_said")


def test_a_correction_for_another_reason_than_those_there_are_is_refused_with_their_names(home):
    done = call(home, "correct", "0123", "--instead-of", "SN 1", "--registered-as", "SN 2", "--why", "curious")
    assert "mistyped, other_case, renumbered" in str(done.exception)
