"""The queue of notices without a code on the command line, over an installation with a real sdk connector's settings."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.coding.queue import CodingQueue
from hub.commands.statutory import app
from hub.connect.instance import load_instance
from hub.connector import RawMessage, report_number
from hub.settings import load_settings
from hub.statutory.opening import open_writer
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.connectors.sdk.make import PERSON, SUBJECT, make_message, reference

ARRIVED = datetime(2025, 5, 18, 21, 0, tzinfo=UTC)
SETTINGS = """
[connectors.sdk]
agency = "police-ost"
[connectors.sdk.source]
base_url = "http://127.0.0.1:1"
token_url = "http://127.0.0.1:1/oauth2/token"
client_id = "hub"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    initialised(folder)
    (folder / "hub.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


@pytest.fixture
def number(home: Path) -> str:
    settings = load_settings(home)
    message = make_message(1, reference(SUBJECT, PERSON))
    identity = message["attributes"]["messageId"]
    content = json.dumps({"data": message}).encode()
    open_writer(settings, ManualClock(ARRIVED)).put(RawMessage(identity, ARRIVED, content))
    file = load_instance(settings, "sdk").coding_file
    file.unlink(missing_ok=True)
    with closing(CodingQueue(file)) as queue:
        queue.add({report_number(identity): "uncoded"}, ARRIVED)
    return report_number(identity)


def call(home: Path, *words: str, typed: str | None = None):
    return CliRunner().invoke(app, [*words, "--home", str(home)], input=typed)


def seen(home: Path, number: str) -> tuple[str, str]:
    """The option that a report which is shown names."""
    words = call(home, "code", number).stdout.split()
    return "--content", words[words.index("--content") + 1]


def states(home: Path) -> list[str]:
    return [one["state"] for one in json.loads(call(home, "uncoded", "--json").stdout)]


def test_a_notice_is_listed_shown_coded_and_taken_back(home: Path, number: str) -> None:
    (listed,) = json.loads(call(home, "uncoded", "--json").stdout)
    assert (listed["number"], listed["reason"], listed["protect_by"]) == (number, "uncoded", "2025-05-19")
    assert PERSON in call(home, "code", number).stdout
    words = ("--category", "narcotics", "--at", "2025-05-16T22:40", "--area", "Hageby")
    coded = call(home, "code", number, *seen(home, number), *words)
    assert coded.exit_code == 0
    assert PERSON not in coded.stdout
    assert states(home) == ["coded"]
    assert call(home, "undo", number[:12]).exit_code == 0
    assert states(home) == ["waiting"]
    assert call(home, "dismiss", number).exit_code == 0
    assert states(home) == ["dismissed"]


def test_the_table_is_read_by_people_and_says_when_nothing_waits(home: Path, number: str) -> None:
    assert "2025-05-18 23:00" in call(home, "uncoded").stdout
    load_instance(load_settings(home), "sdk").coding_file.unlink()
    assert "No notice waits" in call(home, "uncoded").stdout


def test_a_list_that_is_cut_says_how_many_more_wait_beside_it(home: Path, number: str) -> None:
    with closing(CodingQueue(load_instance(load_settings(home), "sdk").coding_file)) as queue:
        queue.add({f"{other:040}": "uncoded" for other in range(1_004)}, ARRIVED + timedelta(days=1))
    result = call(home, "uncoded", "--json")
    assert len(json.loads(result.stdout)) == 1_000
    assert json.loads(result.stdout)[0]["number"] == number
    assert result.stderr.startswith("5 more wait.")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--area", "Storgatan 1"), "no_area"),
        (("--at", "i går"), "no_time"),
        (("--at", "0001-01-01T00:00"), "no_time"),
        (("--at", "2099-01-01T00:00"), "future_time"),
    ],
)
def test_what_cannot_be_is_refused(home: Path, number: str, words: tuple[str, str], code: str) -> None:
    result = call(home, "code", number, *seen(home, number), "--category", "narcotics", *words)
    assert getattr(result.exception, "code", "") == code
    assert states(home) == ["waiting"]


def test_a_code_without_a_content_opens_no_report(home: Path) -> None:
    assert getattr(call(home, "code", "no such", "--category", "lob").exception, "code", "") == "no_content"


def test_a_number_is_asked_for_and_stands_on_no_command_line(home: Path, number: str) -> None:
    result = call(home, "code", number, *seen(home, number), "--category", "lob", "--ask-person", typed="201105219818\n")
    assert result.exit_code == 0
    assert "9818" not in result.stdout


def test_what_another_content_was_read_for_is_not_coded(home: Path, number: str) -> None:
    for words, code in ((("--content", "0" * 33), "changed_meanwhile"), ((), "no_content")):
        result = call(home, "code", number, *words, "--category", "lob")
        assert getattr(result.exception, "code", "") == code
    assert states(home) == ["waiting"]
