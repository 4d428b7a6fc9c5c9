"""A record is read when key and message are of their form and name the same subject; else it is refused by code."""

from __future__ import annotations

import pytest

from hub.contract.models import TaskEvent, TaskState
from hub.contract.topics import COOPERATIONS, PLACE_EVENTS, RULES, SCHOOL_ABSENCES, TASK_EVENTS, Topic
from hub.errors import ContractError
from hub.runtime.reading import reader_of
from tests.unit.core.make import NOW, YOUTH, ago, make_absence, make_case, make_place_event
from tests.unit.runtime.fakes import CODEC, make_marker

AREA = "0581-hageby"


def told(**subject: str) -> TaskEvent:
    return TaskEvent(
        task_id="00000000-0000-4000-8000-00000000000e", rule_id="absence-alone", team="outreach", state=TaskState.REJECTED,
        reason=None, occurred_at=NOW, **({"youth_ref": None, "area": None} | subject),
    )  # fmt: skip


GOOD = [
    pytest.param(SCHOOL_ABSENCES, make_absence(1, ago(1)), YOUTH, id="of a youth"),
    pytest.param(PLACE_EVENTS, make_place_event(1, ago(1)), AREA, id="of an area"),
    pytest.param(TASK_EVENTS, told(youth_ref=YOUTH), YOUTH, id="of a youth's task"),
    pytest.param(TASK_EVENTS, told(area=AREA), AREA, id="of an area's task"),
    pytest.param(RULES, make_marker("first"), "first", id="of the rules"),
    pytest.param(COOPERATIONS, make_case("sspf"), YOUTH, id="of a youth's cases"),
]


def refusal(topic: Topic, key: bytes | None, value: bytes | None) -> str:
    with pytest.raises(ContractError) as refused:
        reader_of(CODEC, topic)(key, value)
    return refused.value.code


@pytest.mark.parametrize(("topic", "message", "key"), GOOD)
def test_key_and_message_are_read_where_they_name_the_same(topic: Topic, message: object, key: str) -> None:
    assert reader_of(CODEC, topic)(key.encode(), CODEC.encode(topic, message)) == (key, message)  # type: ignore[arg-type]


@pytest.mark.parametrize(("topic", "message", "key"), GOOD)
@pytest.mark.parametrize("wrong", [None, b"", b"Y" + b"0" * 32, YOUTH.encode() + b"\n", b"\xff", b"20120314-9800"])
def test_a_key_of_another_form_is_refused_whatever_the_message(
    topic: Topic, message: object, key: str, wrong: bytes | None
) -> None:
    value = CODEC.encode(topic, message)  # type: ignore[arg-type]
    assert {refusal(topic, wrong, value), refusal(topic, wrong, value[:-1]), refusal(topic, wrong, None)} == {"bad_key"}


@pytest.mark.parametrize(("topic", "message", "key"), GOOD)
def test_a_key_of_somebody_else_is_refused(topic: Topic, message: object, key: str) -> None:
    other = {YOUTH: f"y{2:032x}", AREA: "0581-ektorp"}.get(key, "second")
    assert refusal(topic, other.encode(), CODEC.encode(topic, message)) == "key_mismatch"  # type: ignore[arg-type]


@pytest.mark.parametrize(("topic", "message", "key"), GOOD)
def test_of_a_value_that_cannot_be_read_the_codec_says_why(topic: Topic, message: object, key: str) -> None:
    value = CODEC.encode(topic, message)  # type: ignore[arg-type]
    assert refusal(topic, key.encode(), value + b"\x00") == "trailing_bytes"
    assert topic is COOPERATIONS or refusal(topic, key.encode(), None) == "no_value"


@pytest.mark.parametrize("key", [None, b"no key", YOUTH.encode()[:-1]])
def test_a_mark_that_ends_a_key_needs_one_of_its_form(key: bytes | None) -> None:
    assert refusal(COOPERATIONS, key, None) == "bad_key"


def test_what_is_empty_and_no_mark_is_refused() -> None:
    assert refusal(COOPERATIONS, YOUTH.encode(), b"") == "truncated"
