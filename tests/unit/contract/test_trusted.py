"""A message that is not judged once more is the same as one that is."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from hub.contract.codec import Codec
from hub.contract.models import EvidenceEvent, InfoKind, ReferralTask
from hub.contract.topics import TASKS_OUTREACH
from hub.contract.trusted import trusted
from hub.core.state import new_state
from hub.core.step import step
from tests.unit.core.make import NOW, YOUTH, ago, make_absence, make_consent, make_notice
from tests.unit.core.make_rules import RULES

FIELDS = {"kind": InfoKind.SCHOOL_ABSENCE, "occurred_at": NOW, "agency": "school"}


def test_it_is_the_validated_message() -> None:
    made = trusted(EvidenceEvent, **FIELDS)
    assert made == EvidenceEvent(**FIELDS)
    assert made.model_fields_set == FIELDS.keys()
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.model_copy(update={"agency": "police"}) == EvidenceEvent(**FIELDS | {"agency": "police"})
    assert made.model_dump_json() == EvidenceEvent(**FIELDS).model_dump_json()


def test_every_field_is_given_and_no_other() -> None:
    for fields in ({"kind": InfoKind.SCHOOL_ABSENCE}, FIELDS | {"note": "x"}):
        with pytest.raises(TypeError):
            trusted(EvidenceEvent, **fields)


def test_what_the_core_says_is_as_if_it_had_been_judged() -> None:
    at = NOW + timedelta(microseconds=1999)
    state, tasks = new_state(YOUTH), list[ReferralTask]()
    lost = make_absence(1, ago(2), 480).model_copy(update={"revision": 2, "retracted": True})
    for event in (make_consent(), make_absence(1, ago(2), 480), make_notice(2, ago(1)), make_absence(3, ago(1), 90), lost):
        done = step(state, event, RULES, at)
        state = done.state
        tasks += done.tasks
    assert {"open", "ground_lost"} == {task.action.value for task in tasks}
    codec = Codec.load()
    for task in tasks:
        judged = ReferralTask.model_validate(task.model_dump(), strict=True)
        assert (judged, judged.model_dump_json()) == (task, task.model_dump_json())
        assert codec.decode(TASKS_OUTREACH, codec.encode(TASKS_OUTREACH, task)) == task
