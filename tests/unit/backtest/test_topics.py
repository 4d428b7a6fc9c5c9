from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import pytest

from hub.backtest.history import timeline
from hub.backtest.topics import BucketPart, private_folder
from hub.claims import Declared
from hub.contract.codec import Codec
from hub.contract.models import InfoKind, Message, TaskEvent, TaskState
from hub.contract.topics import CONSENTS, COOPERATIONS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES, TASK_EVENTS
from hub.errors import RejectedError
from tests.unit.backtest.make import absent, make_history, reference
from tests.unit.core.make import NOW, POLICE, SCHOOL, YOUTH, ago, make_case, make_consent, make_notice

TOPICS = (CONSENTS, SCHOOL_ABSENCES, POLICE_NOTICES, RISK_EVENTS, TASK_EVENTS, COOPERATIONS)
DECLARED = Declared({SCHOOL: frozenset({InfoKind.SCHOOL_ABSENCE}), POLICE: frozenset({InfoKind.POLICE_NOTICE})}, {})
ANSWER = TaskEvent(
    task_id="00000000-0000-4000-8000-000000000009", youth_ref=YOUTH, area=None, rule_id="absence", team="outreach",
    state=TaskState.REJECTED, reason=None, occurred_at=NOW,
)  # fmt: skip


def framed(*records: tuple[bytes, Message | bytes]) -> bytes:
    codec, out = Codec.load(), b""
    for key, message in records:
        number = (
            1
            if isinstance(message, bytes)
            else next(place for place, topic in enumerate(TOPICS) if isinstance(message, topic.message))
        )
        value = message if isinstance(message, bytes) else codec.encode(TOPICS[number], message)
        out += struct.pack(">BHI", number, len(key), len(value)) + key + value
    return out


def read(path: Path, *records: tuple[bytes, Message | bytes]) -> tuple[list[object], Counter[str]]:
    path.write_bytes(framed(*records))
    refused: Counter[str] = Counter()
    return list(BucketPart(path, DECLARED).histories(refused)), refused


def test_each_youths_records_of_every_topic_come_together(tmp_path: Path) -> None:
    one, two = YOUTH.encode(), reference(2).encode()
    absence, notice = absent(9), make_notice(1, ago(3))
    other = absent(8).model_copy(update={"youth_ref": reference(2)})
    found, refused = read(tmp_path / "bucket", (two, other), (one, make_consent()), (one, absence), (one, notice), (one, ANSWER))
    assert [history.youth_ref for history in found] == [YOUTH, reference(2)]
    assert {event for _, event in timeline(found[0])} == {make_consent(), absence, notice, ANSWER}
    assert not refused


def test_a_word_on_cases_is_read_and_the_mark_that_ends_it_is_passed_over(tmp_path: Path) -> None:
    word = make_case("sspf")
    found, refused = read(tmp_path / "bucket", (YOUTH.encode(), word))
    assert found[0].cooperations == (word,)
    mark = struct.pack(">BHI", TOPICS.index(COOPERATIONS), len(YOUTH), 0) + YOUTH.encode()
    (tmp_path / "mark").write_bytes(mark)
    assert list(BucketPart(tmp_path / "mark", DECLARED).histories(refused)) == []
    assert not refused


def test_what_the_worker_would_not_take_is_counted_and_left(tmp_path: Path) -> None:
    key = YOUTH.encode()
    found, refused = read(
        tmp_path / "bucket",
        (key, b"no message"),
        (reference(3).encode(), absent(9)),
        (b"no key", absent(9)),
        (key, absent(8, agency="school-unknown")),
        (key, make_notice(1, ago(3), agency=SCHOOL)),
    )  # fmt: skip
    assert found == []
    assert refused == {"unreadable": 3, "unknown_agency": 1, "kind_not_of_agency": 1}


def test_what_is_about_a_place_is_no_history(tmp_path: Path) -> None:
    place = ANSWER.model_copy(update={"youth_ref": None, "area": "0581-hageby"})
    assert read(tmp_path / "bucket", (b"0581-hageby", place)) == ([], Counter())


def test_a_private_folder_is_gone_afterwards_and_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "backtest").mkdir()
    (tmp_path / "backtest" / "left").write_text("personal data")
    with private_folder(tmp_path) as folder:
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "000").write_text("x")
    assert not folder.exists()


def test_two_runs_do_not_share_it(tmp_path: Path) -> None:
    with private_folder(tmp_path), pytest.raises(RejectedError, match="another backtest") as refused, private_folder(tmp_path):
        pass
    assert refused.value.code == "backtest_runs"


def test_a_history_read_from_topics_is_what_was_published(tmp_path: Path) -> None:
    history = make_history([absent(9), absent(8)])
    key = YOUTH.encode()
    found, _ = read(tmp_path / "bucket", *((key, event) for _, event in timeline(history)))
    assert found == [history]
