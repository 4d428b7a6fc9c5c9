"""Paused topics on the operator's pages: seen, and let go on with a reason, once and for the pause that was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.contract.topics import POLICE_NOTICES, SCHOOL_ABSENCES
from hub.dead_letters.pauses import Mark, MemoryBoard
from tests.unit.web.conftest import Visit
from tests.unit.web.operations.source import OFFICER, OPERATOR, Sources, audited
from tests.unit.web.town import PagesTown

PLACE = "/letters/paused"
FIRST = Mark(SCHOOL_ABSENCES.name, 3, 101, 101, 200, 1_747_632_600)
SECOND = Mark(POLICE_NOTICES.name, 0, 7000, 120, 200, 1_747_632_601)
NAMES = [f"{one.topic}:{one.partition}:{one.at}" for one in (FIRST, SECOND)]


@pytest.fixture
def board(sources: Sources) -> MemoryBoard:
    found = MemoryBoard()
    found.write([FIRST, SECOND])
    sources.more["build_board"] = lambda _settings: found
    return found


def going_on(board: MemoryBoard) -> dict[str, int]:
    return {one.topic: one.allowed for one in board.marks.values() if one.resumed}


def test_it_is_seen_with_its_share_and_the_letters_lead_there(board: MemoryBoard, visit: Visit) -> None:
    client = visit(OPERATOR)
    text = client.get(PLACE).text
    assert "101 av de senaste 200 posterna" in text
    assert text.count('type="checkbox"') == 2
    assert "2 partitioner av ämnen är pausade" in client.get("/letters/topics").text


def test_the_chosen_goes_on_with_its_reason_and_the_other_stays(board: MemoryBoard, empty_town: PagesTown, visit: Visit) -> None:
    client = visit(OPERATOR)
    sent = {"source": NAMES[0], "reason": "Exporten är rättad", "allowed": "500"}
    assert client.post(PLACE, data=sent).headers["location"] == PLACE
    assert going_on(board) == {FIRST.topic: 500}
    text = client.get(PLACE).text
    assert "fortsätter så snart dess arbetare" in text
    assert "Exporten är rättad" in text
    assert "500 till tillåtna" in text
    assert "partition_resumed" in audited(empty_town)


def test_a_pause_that_came_since_is_not_answered_by_an_old_page(board: MemoryBoard, visit: Visit) -> None:
    board.write([replace(FIRST, at=202)])
    assert visit(OPERATOR).post(PLACE, data={"source": NAMES[0], "reason": "rättad"}).status_code == 303
    assert going_on(board) == {}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reason": " "}, "Säg varför, på en kort rad."),
        ({"reason": "för 200601019802"}, "personnummer"),
        ({"allowed": "många"}, "Skriv ett heltal"),
        ({"allowed": "9999999"}, "Skriv ett heltal"),
    ],
    ids=["no reason", "a number of a person", "no number", "too large a number"],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_goes_on(
    board: MemoryBoard, visit: Visit, changes: dict[str, str], told: str
) -> None:
    answer = visit(OPERATOR).post(PLACE, data={"source": NAMES, "reason": "rättad", "allowed": "0"} | changes)
    assert answer.status_code == 400
    assert told in answer.text
    assert "200601019802" not in answer.text
    assert going_on(board) == {}


def test_nothing_chosen_is_told(board: MemoryBoard, visit: Visit) -> None:
    assert visit(OPERATOR).post(PLACE, data={"reason": "rättad"}).status_code == 400
    assert going_on(board) == {}


def test_who_may_only_see_cannot_let_it_go_on(board: MemoryBoard, visit: Visit) -> None:
    client = visit(OFFICER)
    assert "Låt de valda fortsätta" not in client.get(PLACE).text
    assert client.post(PLACE, data={"source": NAMES[0], "reason": "rättad"}).status_code == 403
    assert going_on(board) == {}


def test_where_nothing_is_paused_it_says_so(sources: Sources, visit: Visit) -> None:
    assert "Inget ämne är pausat." in visit(OPERATOR).get(PLACE).text
    assert "pausad:" not in visit(OPERATOR).get("/letters/topics").text
