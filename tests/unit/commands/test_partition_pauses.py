"""`hub dlq paused` and `hub dlq resume`, as an operator meets them, whether a worker runs or not."""

from __future__ import annotations

import base64
import json

import pytest

from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit
from hub.cli import app
from hub.commands import partition_pauses
from hub.contract.topics import POLICE_NOTICES, SCHOOL_ABSENCES
from hub.dead_letters.pauses import Mark, MemoryBoard
from hub.errors import RejectedError
from tests.command_line import CliRunner
from tests.unit.connect.installation import make_installation

ABSENCES, NOTICES = SCHOOL_ABSENCES.name, POLICE_NOTICES.name
FIRST = Mark(ABSENCES, 0, 101, 101, 200, 1_747_632_600)
SECOND = Mark(ABSENCES, 3, 250, 101, 200, 1_747_632_601)
THIRD = Mark(NOTICES, 3, 7000, 120, 200, 1_747_632_602)
WHY = ("--reason", "The export is mended")


class Hub:
    def __init__(self, home, board: MemoryBoard) -> None:
        self.home, self.board = home, board
        self.settings = make_installation(home, 1)
        for number, name in enumerate(("audit.key", "audit-subject.key", "worklist.key")):
            (home / "keys" / name).write_text(base64.b64encode(bytes([number]) * 32).decode())

    def __call__(self, *words: str) -> str:
        ended = CliRunner().invoke(app, ["dlq", *words, "--home", str(self.home)], env={"COLUMNS": "200"})
        assert ended.exit_code == 0, (ended.output, ended.exception)
        return ended.stdout

    def refused(self, *words: str) -> str:
        ended = CliRunner().invoke(app, ["dlq", *words, "--home", str(self.home)])
        assert isinstance(ended.exception, RejectedError), ended.output
        return ended.exception.code

    def going_on(self) -> dict[tuple[str, int], int]:
        return {where: mark.allowed for where, mark in self.board.marks.items() if mark.resumed}

    def audited(self) -> list[tuple[str, str, str]]:
        log = build_audit(self.settings)
        try:
            return [(one.action, one.account, one.purpose) for one in the_latest(log.engine, Filter(), 100)]
        finally:
            log.close()


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Hub:
    board = MemoryBoard()
    board.write([FIRST, SECOND, THIRD])
    monkeypatch.setattr(partition_pauses, "board_of", lambda _settings: board)
    return Hub(tmp_path / "home", board)


def test_what_is_paused_is_listed_with_what_to_do(hub) -> None:
    told = hub("paused")
    assert f"{ABSENCES} partition 3: paused at 250 since 2025-05-19 07:30, 101 of the last 200 were dead letters" in told
    assert "hub dlq resume --topic" in told
    document = json.loads(hub("paused", "--json"))
    assert [(one["topic"], one["partition"], one["state"]) for one in document["sources"]] == [
        (NOTICES, 3, "paused"), (ABSENCES, 0, "paused"), (ABSENCES, 3, "paused"),
    ]  # fmt: skip


def test_one_partition_of_a_topic_goes_on_and_who_and_why_is_kept(hub) -> None:
    assert "goes on at 250" in hub("resume", "--topic", ABSENCES, "--partition", "3", *WHY, "--as", "olle")
    assert hub.going_on() == {(ABSENCES, 3): 0}
    assert ("partition_resumed", "olle", f"{ABSENCES}:3") in hub.audited()
    assert "by olle" in hub("paused")
    (answer,) = json.loads(hub("paused", "--json"))["answers"]
    assert (answer["by"], answer["reason"], answer["at"]) == ("olle", "The export is mended", 250)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--all",), {(ABSENCES, 0), (ABSENCES, 3), (NOTICES, 3)}),
        (("--partition", "3"), {(ABSENCES, 3), (NOTICES, 3)}),
        (("--topic", ABSENCES), {(ABSENCES, 0), (ABSENCES, 3)}),
        (("-p", "0", "-p", "3", "-t", ABSENCES), {(ABSENCES, 0), (ABSENCES, 3)}),
    ],
    ids=["all", "a partition", "a topic", "two partitions of a topic"],
)
def test_what_is_named_goes_on_and_nothing_else(hub, words, expected) -> None:
    hub("resume", *words, *WHY, "--limit", "500", "--as", "olle")
    assert hub.going_on() == dict.fromkeys(expected, 500)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (WHY, "which_partition"),
        (("--all", "--topic", ABSENCES, *WHY), "which_partition"),
        (("--partition", "7", *WHY), "not_paused"),
        (("--partition", "3", "--partition", "7", *WHY), "not_paused"),
        (("--all", "--reason", " "), "no_reason"),
        (("--all", "--reason", "for 20060101"), "number_in_reason"),
    ],
    ids=["nothing named", "all and one", "not paused", "one of them not paused", "no reason", "a number in it"],
)
def test_a_command_that_is_not_meant_does_nothing(hub, words, code) -> None:
    assert hub.refused("resume", *words, "--as", "olle") == code
    assert hub.going_on() == {}
    assert "partition_resumed" not in {action for action, _, _ in hub.audited()}


def test_what_goes_on_already_is_no_more_paused(hub) -> None:
    hub("resume", "--all", *WHY, "--as", "olle")
    assert "Nothing is paused." in hub("paused")
    assert hub.refused("resume", "--all", *WHY, "--as", "olle") == "not_paused"
