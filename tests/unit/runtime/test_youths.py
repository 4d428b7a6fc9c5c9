"""The core's words in the pipeline's vocabulary: tasks, receipts, refusals."""

from __future__ import annotations

import pytest

from hub.contract.ids import task_id
from hub.contract.models import ConsentRecord, Erasure, ErasureKind, ReferralTask, TaskEvent, TaskState
from hub.contract.topics import COOPERATIONS, ERASURES, TASKS_OUTREACH, TASKS_SIG
from hub.core.courses import Forgotten
from hub.core.instants import from_ms
from hub.core.state import YouthState, new_state
from hub.errors import FatalError
from hub.runtime.effects import Step
from hub.runtime.youths import YouthProgram
from tests.unit.core.make import (
    NOW,
    SIG_SCOPE,
    YOUTH,
    ago,
    event_id,
    make_absence,
    make_case,
    make_consent,
    make_notice,
    make_place_event,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)
from tests.unit.core.make_rules import RULES
from tests.unit.runtime.fakes import CLAIMS, CODEC, named

ERASURE_ID = "00000000-0000-4000-8000-00000000000e"


@pytest.fixture
def program() -> YouthProgram:
    return YouthProgram(CODEC, CLAIMS)


def steps(program: YouthProgram, *messages: object) -> list[Step]:
    done, state = [], program.load(YOUTH, None)
    for message in messages:
        step = named(program.step(YOUTH, state, message, RULES, NOW))
        state = step.state
        done.append(step)
    return done


def erasure(kind: ErasureKind) -> Erasure:
    return Erasure(kind=kind, erasure_id=ERASURE_ID, youth_ref=YOUTH, component=None, occurred_at=NOW)


def test_a_met_rule_becomes_a_task_on_the_outreach_topic(program: YouthProgram) -> None:
    last = steps(program, make_consent(), make_absence(1, ago(2), 480))[-1]
    [emission] = last.emissions
    task = CODEC.decode(TASKS_OUTREACH, emission.record.value)
    assert isinstance(task, ReferralTask)
    assert (emission.record.topic, emission.record.key) == (TASKS_OUTREACH.name, YOUTH.encode())
    assert emission.labels == ("outreach", "absence-alone", "open")
    assert dict(emission.record.headers)["ce_id"] == f"{task.task_id}:open".encode()


def test_what_consent_answered_is_told_by_code_whether_a_task_came_of_it_or_not(program: YouthProgram) -> None:
    assert steps(program, make_consent(), make_absence(1, ago(2), 480))[-1].decisions == ("permitted",)
    denied = steps(program, make_consent(make_scope(recipients=("sspf",))), make_absence(1, ago(2), 480))[-1]
    assert (denied.emissions, denied.decisions) == ((), ("recipient_not_named",))


def test_a_task_for_sig_goes_to_its_own_topic(program: YouthProgram) -> None:
    notices = [make_notice(number, ago(number)) for number in (1, 2, 3)]
    last = steps(program, make_consent(make_scope(), make_sig_scope()), *notices)[-1]
    assert TASKS_SIG.name in {emission.record.topic for emission in last.emissions}


def told(youth_ref: str | None, state: TaskState = TaskState.REJECTED) -> TaskEvent:
    area = None if youth_ref else "0581-hageby"
    return TaskEvent(
        task_id=task_id(YOUTH, "absence-alone", event_id(1)), youth_ref=youth_ref, area=area, rule_id="absence-alone", team="outreach", state=state, reason=None,
        occurred_at=NOW,
    )  # fmt: skip


def test_a_team_that_declines_ends_the_episode_and_is_not_asked_again(program: YouthProgram) -> None:
    done = steps(program, make_consent(), make_absence(1, ago(2), 480), told(YOUTH), make_absence(2, ago(3), 60))
    assert [len(one.emissions) for one in done] == [0, 1, 0, 0]
    assert done[2].changed


def test_what_became_of_a_places_task_is_nothing_to_a_youth(program: YouthProgram) -> None:
    one = named(program.step("0581-hageby", None, told(None), RULES, NOW))
    assert (one.state, one.changed, one.outcome) == (None, False, "processed")
    unknown = named(program.step(YOUTH, None, told(YOUTH), RULES, NOW))
    assert (unknown.state, unknown.changed, unknown.awaits_consent) == (None, False, False)


def test_what_says_nothing_is_told_without_names(program: YouthProgram) -> None:
    state = steps(program, make_consent())[-1].state
    done = program.step(YOUTH, state, make_absence(1, ago(9)), RULES, NOW)
    assert type(done) is tuple
    kept = done[0]
    assert isinstance(kept, YouthState)
    assert done == (kept, kept.wake_ms, 7)
    assert named(done) == Step(kept, kept.wake_ms, days_late=7)


def test_what_changes_nothing_is_a_step(program: YouthProgram) -> None:
    state = steps(program, make_consent(), make_absence(1, ago(2)))[-1].state
    again = program.step(YOUTH, state, make_absence(1, ago(2)), RULES, NOW)
    assert isinstance(again, Step)
    assert (again.outcome, again.changed) == ("duplicate", False)


def test_states_survive_their_bytes(program: YouthProgram) -> None:
    state = steps(program, make_consent(), make_absence(1, ago(2)))[-1].state
    assert state is not None
    assert program.load(YOUTH, program.dump(state)) == state


def test_without_consent_a_newer_one_is_worth_looking_for(program: YouthProgram) -> None:
    [refused] = steps(program, make_absence(1, ago(2)))
    assert (refused.outcome, refused.reason, refused.awaits_consent) == ("refused", "no_consent", True)
    assert refused.state is None


def test_a_refusal_that_no_consent_can_change_is_final(program: YouthProgram) -> None:
    refused = steps(program, make_consent(), make_absence(1, ago(190)))[-1]
    assert (refused.outcome, refused.reason, refused.awaits_consent) == ("refused", "too_old", False)


def test_a_repeat_changes_nothing(program: YouthProgram) -> None:
    repeated = steps(program, make_consent(), make_absence(1, ago(2)), make_absence(1, ago(2)))[-1]
    assert (repeated.outcome, repeated.changed) == ("duplicate", False)


def test_a_withdrawal_leaves_nothing_but_itself(program: YouthProgram) -> None:
    assert steps(program, make_consent(), make_absence(1, ago(2)), make_withdrawn())[-1].state == new_state(
        YOUTH, make_withdrawn()
    )


def test_a_forged_consent_after_a_withdrawal_is_refused_at_once(program: YouthProgram) -> None:
    forged = steps(program, make_consent(), make_withdrawn(), make_consent(version=9))[-1]
    assert (forged.outcome, forged.reason, forged.changed, forged.awaits_consent) == ("refused", "withdrawn", False, False)


@pytest.mark.parametrize("before", [(), (make_consent(version=3),)])
def test_a_request_to_erase_closes_the_door_before_the_withdrawal_comes(
    program: YouthProgram, before: tuple[ConsentRecord, ...]
) -> None:
    late = steps(program, *before, erasure(ErasureKind.REQUEST), make_consent(version=2), make_absence(1, ago(2), 480))
    assert [step.outcome for step in late[-2:]] == ["refused" if not before else "duplicate", "refused"]
    assert not any(step.emissions for step in late)


def test_a_request_to_erase_is_answered_under_its_own_id(program: YouthProgram) -> None:
    last = steps(program, make_consent(), make_absence(1, ago(2)), erasure(ErasureKind.REQUEST))[-1]
    assert isinstance(last.state, YouthState)
    assert last.state.withdrawn
    assert not last.state.events
    receipt = CODEC.decode(ERASURES, last.receipts[0].record.value)
    assert isinstance(receipt, Erasure)
    assert (receipt.kind, receipt.erasure_id, receipt.component) == (ErasureKind.RECEIPT, ERASURE_ID, "worker")


def test_other_components_receipts_change_nothing(program: YouthProgram) -> None:
    last = steps(program, make_consent(), erasure(ErasureKind.RECEIPT))[-1]
    assert not last.changed
    assert not last.receipts


def test_time_alone_wakes_a_state(program: YouthProgram) -> None:
    step = steps(program, make_consent(), make_absence(1, ago(2), 480))[-1]
    assert step.wake_ms is not None
    assert step.state is not None
    assert program.wake(YOUTH, step.state, RULES, from_ms(step.wake_ms)).changed


def test_what_is_no_state_stops_the_worker(program: YouthProgram) -> None:
    with pytest.raises(FatalError):
        program.load(YOUTH, b"{}")


def test_a_place_is_no_youth(program: YouthProgram) -> None:
    with pytest.raises(FatalError):
        program.step(YOUTH, None, make_place_event(1, NOW), RULES, NOW)


def test_a_scope_erased_keeps_the_rest_looks_for_its_record_first_and_is_answered(program: YouthProgram) -> None:
    school = make_scope(agencies=("school-norrkoping",))
    consent = make_consent(school, make_scope(scope_id=SIG_SCOPE, agencies=("police-ost",)))
    request = erasure(ErasureKind.REQUEST).model_copy(update={"scope_id": school.scope_id})
    done = steps(program, consent, make_absence(1, ago(2), 480), make_notice(1, ago(2)), request, request)
    first, again = done[-2], done[-1]
    assert isinstance(first.state, YouthState)
    assert [kind for kind, _id, _held in first.state.held()] == ["police_notice"]
    assert (first.awaits_consent, again.awaits_consent) == (True, False)
    for one in (first, again):
        (receipt,) = one.receipts
        told = CODEC.decode(ERASURES, receipt.record.value)
        assert isinstance(told, Erasure)
        assert (told.kind, told.component, told.scope_id) == (ErasureKind.RECEIPT, "worker", school.scope_id)


def test_for_the_record_of_a_scope_that_the_known_one_leaves_out_it_is_looked_first(program: YouthProgram) -> None:
    request = erasure(ErasureKind.REQUEST).model_copy(update={"scope_id": SIG_SCOPE})
    first, again = steps(program, make_consent(make_scope()), request, request)[1:]
    assert (first.awaits_consent, again.awaits_consent) == (True, False)
    assert not steps(program, make_consent(), make_withdrawn(), request)[-1].awaits_consent


def test_a_scope_of_somebody_never_heard_of_is_answered_and_leaves_no_state(program: YouthProgram) -> None:
    request = erasure(ErasureKind.REQUEST).model_copy(update={"scope_id": SIG_SCOPE})
    (only,) = steps(program, request)
    assert (only.state, only.awaits_consent, len(only.receipts)) == (None, True, 1)


@pytest.mark.parametrize("state", list(TaskState))
def test_what_delivery_cancels_makes_newer_consents_be_read_before_anything_is_proposed_anew(
    program: YouthProgram, state: TaskState
) -> None:
    told = TaskEvent(
        task_id=task_id(YOUTH, "absence-alone", event_id(1)), youth_ref=YOUTH, area=None, rule_id="absence-alone",
        team="outreach", state=state, reason=None, occurred_at=NOW,
    )  # fmt: skip
    assert steps(program, make_consent(), told)[-1].awaits_consent == (state is TaskState.CANCELLED)


def test_a_word_on_cases_is_kept_and_says_nothing(program: YouthProgram) -> None:
    done = steps(program, make_consent(), make_case("sspf"))[-1]
    assert (done.outcome, done.changed, done.emissions, done.awaits_consent) == ("processed", True, (), False)


def test_a_word_on_cases_that_no_known_consent_carries_is_decided_once_newer_ones_have_been_read(program: YouthProgram) -> None:
    unknown = steps(program, make_case("sspf"))[-1]
    assert (unknown.outcome, unknown.reason, unknown.awaits_consent) == ("refused", "no_consent", True)
    withdrawn = make_consent(make_scope(), make_sig_scope(withdrawn_at=NOW))
    part = steps(program, withdrawn, make_case("sig", "sspf"))[-1]
    assert (part.outcome, part.awaits_consent) == ("processed", True)
    assert [drop.reason for drop in part.drops] == ["cooperation_not_covered"]


def test_the_mark_that_ends_what_was_told_of_cases_is_taken_like_a_word(program: YouthProgram) -> None:
    key, mark = program.reader(COOPERATIONS.name)(YOUTH.encode(), None)
    assert (key, mark) == (YOUTH, Forgotten(YOUTH))
    done = steps(program, make_consent(), make_case("sspf"), mark)
    assert isinstance(done[-1].state, YouthState)
    assert done[-1].state == done[0].state


def test_a_mark_of_a_reference_of_which_nothing_is_held_leaves_nothing(program: YouthProgram) -> None:
    done = steps(program, Forgotten(YOUTH))[-1]
    assert (done.state, done.changed, done.emissions) == (None, False, ())
    assert (done.outcome, done.drops, done.awaits_consent) == ("processed", (), False)
    withdrawn = steps(program, make_withdrawn(), Forgotten(YOUTH))[-1]
    assert (withdrawn.outcome, withdrawn.drops, withdrawn.changed) == ("processed", (), False)
