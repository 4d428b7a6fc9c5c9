from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors.support_management.errands import (
    created_id,
    errand_body,
    finding,
    is_told,
    parse_errand,
    parse_found,
    taken_back_body,
)
from hub.contract.models import Priority, TaskState
from hub.errors import RetriableError
from tests.unit.connectors.make import NOW, make_errand
from tests.unit.connectors.support_management.make import make_config


def page(*rows) -> bytes:
    return json.dumps({"content": list(rows)}).encode()


def tags(*pairs) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in pairs]


def test_an_errand_says_that_there_is_a_task_and_nothing_of_its_reason() -> None:
    errand = make_errand()
    told = json.dumps(errand_body(make_config(), errand), ensure_ascii=False)
    assert errand.task_id in told
    assert errand.function not in told
    assert "stakeholders" not in told
    assert "Svara senast 2025-05-24 07:30" in told, "the deadline is in Swedish time"


@pytest.mark.parametrize(("priority", "theirs"), [(Priority.NORMAL, "MEDIUM"), (Priority.HIGH, "HIGH")])
def test_a_priority_is_told_in_the_receivers_words(priority, theirs: str) -> None:
    assert errand_body(make_config(), make_errand(priority=priority))["priority"] == theirs


def test_what_is_not_configured_is_not_sent() -> None:
    assert "assignedGroupId" not in errand_body(make_config(), make_errand())
    whole = errand_body(make_config(assigned_group="fält", hub_url="https://navet.example.se"), make_errand())
    assert whole["assignedGroupId"] == "fält"
    assert "https://navet.example.se" in whole["description"]


def test_the_question_is_the_documents_own_form_of_a_filter() -> None:
    (asked,) = [value for name, value in finding(make_errand()) if name == "filter"]
    assert asked == f"externalTags.key:'hubTaskId' and externalTags.value:'{make_errand().task_id}'"


def test_an_errand_whose_tags_have_the_key_and_the_value_apart_is_not_ours() -> None:
    mixed = {"id": "1", "externalTags": tags(("hubTaskId", "another"), ("caseId", make_errand().task_id))}
    assert parse_found(page(mixed), make_errand()) is None


def test_of_two_that_are_ours_the_oldest_counts() -> None:
    ours = tags(("hubTaskId", make_errand().task_id))
    rows = [{"id": str(day), "created": (NOW + timedelta(days=day)).isoformat(), "externalTags": ours} for day in (3, 1, 2)]
    found = parse_found(page(*rows), make_errand())
    assert found is not None
    assert found["id"] == "1"


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"content": 3}', b"null"])
def test_an_answer_of_another_shape_is_asked_for_again(content: bytes) -> None:
    with pytest.raises(RetriableError) as raised:
        parse_found(content, make_errand())
    assert raised.value.code == "unreadable_answer"


@pytest.mark.parametrize("row", [None, 3, {}, {"externalTags": 3}, {"id": 3, "externalTags": tags(("hubTaskId", "x"))}])
def test_a_row_that_is_no_errand_is_not_ours(row) -> None:
    assert parse_found(page(row), make_errand(task_id="x")) is None


@pytest.mark.parametrize("content", [b"{}", b'{"id": ""}', b'{"id": 3}'])
def test_an_errand_without_an_id_is_none(content: bytes) -> None:
    with pytest.raises(RetriableError):
        parse_errand(content)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/2281/PREVENTION/errands/f0882f1d", "f0882f1d"),
        ("https://errands.example.se/2281/PREVENTION/errands/f0882f1d?x=1", "f0882f1d"),
        ("/2281/PREVENTION/errands/", None),
        ("", None),
        ("/errands/" + "a" * 129, None),
        ("/errands/a b", None),
    ],
)
def test_the_reference_is_the_last_part_of_the_location(location: str, found: str | None) -> None:
    assert created_id({"location": location}) == found


def test_what_is_taken_back_keeps_the_tags_of_others_and_gets_its_mark() -> None:
    recalled = make_errand(state=TaskState.RECALLED)
    found = {"id": "1", "externalTags": tags(("hubTaskId", recalled.task_id), ("caseId", "8849"))}
    changed = taken_back_body(make_config(status_taken_back="SOLVED"), recalled, found)
    assert changed == {"status": "SOLVED", "externalTags": [*found["externalTags"], *tags(("hubTaskState", "recalled"))]}
    assert not is_told(found, recalled)
    assert is_told(changed, recalled)
    assert not is_told(changed, make_errand(state=TaskState.CANCELLED))
