from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.errors import RejectedError, RetriableError
from hub.statutory.access import AccessLog

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


def lines(log: AccessLog) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def make_entry(log: AccessLog, purpose: str) -> None:
    log.record(who="desk", at=NOW, action="reveal", entry="a-b", purpose=purpose)


def test_a_reading_leaves_one_line_with_person_time_message_and_reason(tmp_path):
    log = AccessLog(tmp_path / "store")
    make_entry(log, "registering  the report")
    assert lines(log) == [
        {"at": NOW.isoformat(), "who": "desk", "action": "reveal", "entry": "a-b", "purpose": "registering the report"}
    ]
    assert log.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("purpose", "code"),
    [("", "no_purpose"), ("   x ", "no_purpose"), ("x" * 300, "no_purpose"), ("about 20100101-9802", "purpose_names_somebody")],
)
def test_a_reading_without_a_proper_purpose_is_refused_and_the_refusal_is_kept(tmp_path, purpose, code):
    log = AccessLog(tmp_path)
    with pytest.raises(RejectedError) as caught:
        make_entry(log, purpose)
    assert caught.value.code == code
    assert [(line["action"], line["purpose"]) for line in lines(log)] == [("reveal_refused", "")]


def test_lines_are_only_added(tmp_path):
    log = AccessLog(tmp_path)
    for number in range(3):
        make_entry(log, f"reading {number}")
    assert [line["purpose"] for line in lines(log)] == ["reading 0", "reading 1", "reading 2"]


def test_what_cannot_be_logged_may_not_be_shown(tmp_path):
    log = AccessLog(tmp_path)
    log.path.mkdir()
    with pytest.raises(RetriableError) as caught:
        make_entry(log, "registering the report")
    assert caught.value.code == "access_log"
