"""What counts for a recipient: only what a consent that may be acted on today covers for her, by each event's own time."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, ReferralTask, Scope
from hub.core.consent import Purpose, decide
from hub.core.coverage import Coverage, join_spans
from hub.core.instants import to_ms
from hub.core.measure import Counted
from hub.core.state import Held, YouthState, in_order, make_marker, new_state
from hub.core.step import erase_scope, step, wake

from .make import (
    NOW,
    POLICE,
    SCHOOL,
    SIG_SCOPE,
    SSPF_SCOPE,
    YOUTH,
    ago,
    make_absence,
    make_consent,
    make_notice,
    make_scope,
    make_sig_scope,
)
from .make_rules import RULES, emitted, last, make_rules, run

LATER_SCOPE = "00000000-0000-4000-8000-000000000003"
SEEK = ("open", "repeated-notices", "sspf")
SIG = ("open", "repeated-notices", "sig")
SIG_LOST = ("ground_lost", "repeated-notices", "sig")
EARLY = [make_notice(number, ago(21 + number)) for number in range(3)]
LATE = [make_notice(10 + number, ago(5 + number)) for number in range(3)]


def under(*scopes: Scope) -> YouthState:
    return step(new_state(YOUTH), make_consent(*scopes), RULES, NOW).state


def met(task: ReferralTask) -> tuple[int, Any, Any]:
    (evidence,) = task.evidence
    return evidence.met, evidence.first_at, evidence.last_at


def tasks_of(team: str, *events: Any, state: YouthState) -> list[ReferralTask]:
    return [task for one in run(*events, state=state) for task in one.tasks if task.team == team]


def test_a_later_grant_to_sig_counts_only_what_happened_from_then_on() -> None:
    state = under(make_scope(), make_sig_scope(valid_from=ago(20)))
    assert tasks_of("sig", *EARLY, *LATE[:2], state=state) == []
    (task,) = tasks_of("sig", *EARLY, *LATE, state=state)
    assert met(task) == (3, ago(7), ago(5))
    assert task.scope_id == SIG_SCOPE


def test_a_grant_to_sig_that_comes_after_the_notices_pulls_none_of_them_in() -> None:
    grant = make_consent(make_scope(), make_sig_scope(valid_from=NOW), version=2)
    assert emitted(run(*EARLY, *LATE, grant)) == [SEEK]


def test_a_grant_to_sig_that_says_that_it_includes_earlier_counts_them_all() -> None:
    grant = make_consent(make_scope(), make_sig_scope(valid_from=ago(30)), version=2)
    steps = run(*EARLY, *LATE, grant)
    assert emitted(steps) == [SEEK, ("ground_lost", "repeated-notices", "sspf"), SIG]
    assert met(steps[-1].tasks[-1]) == (6, ago(23), ago(5))


def test_a_recipient_who_is_named_only_later_is_told_nothing_earlier() -> None:
    first = make_scope(recipients=("sspf",))
    second = make_scope(scope_id=LATER_SCOPE, recipients=("outreach",), valid_from=ago(10))
    absences = [make_absence(1, ago(12), 300), make_absence(2, ago(3), 300)]
    assert tasks_of("outreach", *absences, state=under(first, second)) == []
    (task,) = tasks_of("outreach", *absences, make_absence(3, ago(2), 180), state=under(first, second))
    assert (met(task), task.scope_id) == ((480, ago(3), ago(2)), LATER_SCOPE)


def test_one_notice_from_before_the_grant_supports_no_task_beside_what_is_covered() -> None:
    school = make_scope(agencies=(SCHOOL,))
    sspf_only = make_scope(scope_id=SIG_SCOPE, agencies=(POLICE,), recipients=("sspf",))
    outreach_too = make_scope(scope_id=LATER_SCOPE, agencies=(POLICE,), recipients=("outreach",), valid_from=ago(4))
    state = under(school, sspf_only, outreach_too)
    assert emitted(run(make_absence(1, ago(1), 200), make_notice(2, ago(5)), state=state)) == []
    assert emitted(run(make_absence(1, ago(1), 200), make_notice(2, ago(3)), state=state)) == [
        ("open", "absence-and-notice", "outreach")
    ]


def test_a_cooperation_of_the_same_team_does_not_lend_its_coverage_to_another() -> None:
    both = make_scope(recipients=("sspf", "outreach", "sig"))
    assert tasks_of("sig", *EARLY, state=under(both, make_sig_scope(valid_from=ago(20)))) == []


def test_when_the_consent_to_sspf_is_withdrawn_sig_still_counts_only_its_own() -> None:
    sspf, sig = make_scope(), make_sig_scope(valid_from=ago(20))
    steps = run(*EARLY, *LATE[:2], state=under(sspf, sig))
    withdrawn = make_consent(sspf.model_copy(update={"withdrawn_at": NOW}), sig, version=2)
    after = run(withdrawn, LATE[2], state=last(steps))
    assert emitted(after)[-1] == SIG
    assert met(after[-1].tasks[-1]) == (3, ago(7), ago(5))


def test_a_suspension_in_between_takes_nothing_from_the_same_consent() -> None:
    before, since = make_sig_scope(valid_to=ago(15)), make_sig_scope(valid_from=ago(10))
    (task,) = tasks_of("sig", EARLY[0], EARLY[1], LATE[0], state=under(make_scope(), before, since))
    assert met(task) == (3, ago(22), ago(5))
    gap = make_notice(20, ago(12))
    assert tasks_of("sig", EARLY[0], gap, LATE[0], state=under(make_scope(), before, since)) == []


def test_what_a_consent_covers_no_longer_since_it_was_narrowed_is_not_told_because_its_earlier_time_did() -> None:
    before = make_sig_scope(valid_to=ago(15))
    notices = [EARLY[0], EARLY[1], make_notice(20, ago(12))]
    as_before = make_sig_scope(valid_from=ago(15))
    narrowed = make_sig_scope(valid_from=ago(15), agencies=("probation",))
    assert len(tasks_of("sig", *notices, state=under(make_scope(), before, as_before))) == 1
    assert tasks_of("sig", *notices, state=under(make_scope(), before, narrowed)) == []


def test_what_a_consent_that_has_ended_covered_is_not_told_under_the_next_one() -> None:
    ended = make_sig_scope(valid_to=ago(15))
    renewed = make_sig_scope(scope_id=LATER_SCOPE, valid_from=ago(15))
    assert tasks_of("sig", EARLY[0], EARLY[1], LATE[0], state=under(make_scope(), ended, renewed)) == []


def test_a_withdrawn_part_of_the_ground_is_taken_back_and_the_rest_told_anew() -> None:
    earlier, later = make_sig_scope(), make_sig_scope(scope_id=LATER_SCOPE, valid_from=ago(20))
    steps = run(*EARLY, *LATE, state=under(make_scope(), earlier, later))
    assert emitted(steps)[-1] == SIG
    after = erase_scope(last(steps), SIG_SCOPE, NOW, RULES, NOW)
    assert emitted([after]) == [SIG_LOST, SIG]
    assert met(after.tasks[-1]) == (3, ago(7), ago(5))
    assert after.tasks[0].task_id != after.tasks[1].task_id
    record = make_consent(
        make_scope(), earlier.model_copy(update={"withdrawn_at": NOW}), later, version=2
    )  # says what is known already
    assert step(after.state, record, RULES, NOW).tasks == ()


def test_a_part_of_the_ground_whose_consent_expires_is_taken_back_at_that_instant() -> None:
    ends = NOW + timedelta(days=2)
    earlier, later = make_sig_scope(valid_to=ends), make_sig_scope(scope_id=LATER_SCOPE, valid_from=ago(20))
    state = last(run(*EARLY, *LATE, state=under(make_scope(), earlier, later)))
    assert wake(state, RULES, ends - timedelta(milliseconds=1)).tasks == ()
    over = wake(state, RULES, ends)
    assert emitted([over]) == [SIG_LOST, SIG]
    assert met(over.tasks[-1]) == (3, ago(7), ago(5))
    assert wake(over.state, RULES, ends).tasks == ()
    assert emitted([wake(state, RULES, ends + timedelta(hours=3))]) == [SIG_LOST, SIG]


def test_a_retraction_of_what_sig_could_be_told_takes_its_task_back_though_sspf_can_be_told_of_more() -> None:
    state = last(run(*EARLY, *LATE, state=under(make_scope(), make_sig_scope(valid_from=ago(20)))))
    retraction = make_notice(10, ago(5), retracted=True, revision=2)
    assert emitted(run(retraction, state=state)) == [SIG_LOST, SEEK]


def test_a_consent_that_another_one_covers_ends_unnoticed() -> None:
    ends = NOW + timedelta(days=2)
    state = last(run(*LATE, state=under(make_scope(), make_sig_scope(valid_to=ends), make_sig_scope(scope_id=LATER_SCOPE))))
    assert wake(state, RULES, ends).tasks == ()


TEAMS, SOURCES, KINDS = ("sig", "sspf", "outreach"), (SCHOOL, POLICE), (InfoKind.SCHOOL_ABSENCE, InfoKind.POLICE_NOTICE)


@st.composite
def consents(draw: st.DrawFn) -> ConsentRecord:
    """Records with up to three consents, each of one or two spans, some withdrawn."""
    scopes: list[Scope] = []
    for number in range(draw(st.integers(1, 3))):
        edges = sorted(draw(st.sets(st.integers(-10, 40), min_size=4, max_size=4)), reverse=True)
        terms = {
            "scope_id": f"00000000-0000-4000-8000-00000000000{number}",
            "cooperation": draw(st.sampled_from(Cooperation)),
            "agencies": draw(st.sampled_from([SOURCES, SOURCES[:1], SOURCES[1:]])),
            "recipients": draw(st.sampled_from([TEAMS, TEAMS[:1], TEAMS[1:]])),
            "kinds": draw(st.sampled_from([KINDS, KINDS[:1], KINDS[1:]])),
            "withdrawn_at": draw(st.sampled_from([None, None, ago(1)])),
        }
        scopes += [make_scope(**terms, valid_from=ago(a), valid_to=ago(b)) for a, b in list(pairwise(edges))[::2]]
    status = draw(st.sampled_from([ConsentStatus.IN_FORCE, ConsentStatus.IN_FORCE, ConsentStatus.SUSPENDED]))
    return make_consent(*scopes, status=status)


@given(
    consents(),
    st.tuples(st.sampled_from(TEAMS), st.sampled_from(Cooperation)),
    st.tuples(st.sampled_from(SOURCES), st.sampled_from(KINDS)),
    st.integers(-10, 40),
    st.integers(-10, 40),
)
def test_the_spans_counted_by_and_the_decision_permit_the_same(
    consent: ConsentRecord, to: tuple[str, Cooperation], what: tuple[str, InfoKind], at: int, happened: int
) -> None:
    (team, cooperation), (source, kind) = to, what
    coverage = Coverage.of(consent, team, cooperation, ago(at))
    spans = coverage.spans(kind, source)
    counted = [start <= to_ms(ago(happened)) < end for start, end in spans]
    decision = decide(
        consent, purpose=Purpose.DELIVER, source=source, recipient=team, kind=kind, at=ago(at), cooperation=cooperation,
        occurred_at=ago(happened),
    )  # fmt: skip
    assert any(counted) == decision.permit
    assert sum(counted) <= 1


def test_a_task_rests_on_the_consent_that_covers_what_followed_too() -> None:
    """What followed is of another kind than what it follows, and the consent that is named first may cover that alone."""
    condition = {
        "id": "unexcused_absence", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 10,
        "then": {"kind": "police_notice", "of": ["narcotics"], "within_hours": 48, "happens": True},
    }  # fmt: skip
    police = make_scope(scope_id=LATER_SCOPE, agencies=(POLICE,), kinds=(InfoKind.POLICE_NOTICE,))
    school = make_scope(agencies=(SCHOOL,), kinds=(InfoKind.SCHOOL_ABSENCE,))
    rules = make_rules(when=[condition])
    state = step(new_state(YOUTH), make_consent(police, school), rules, NOW).state
    steps = run(make_absence(1, ago(3)), make_notice(2, ago(2)), state=state, rules=rules)
    (task,) = steps[-1].tasks
    assert (len(task.evidence[0].events or ()), task.scope_id) == (2, LATER_SCOPE)


def test_a_task_does_not_rest_on_a_consent_of_that_time_to_another_agency_or_kind() -> None:
    theirs = make_scope(scope_id=SIG_SCOPE, agencies=(POLICE,))
    other_kind = make_scope(scope_id=LATER_SCOPE, agencies=(SCHOOL,), kinds=(InfoKind.RISK_EVENT,))
    state = under(theirs, other_kind, make_scope(agencies=(SCHOOL,), kinds=(InfoKind.SCHOOL_ABSENCE,)))
    (task,) = tasks_of("outreach", make_absence(1, ago(1), 480), state=state)
    assert task.scope_id == SSPF_SCOPE


TOLD = (InfoKind.POLICE_NOTICE, POLICE, to_ms(ago(9)))
MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("span", "covers"),
    [
        ({"valid_from": ago(9)}, True),
        ({"valid_from": ago(9) + MOMENT}, False),
        ({"valid_to": ago(9)}, False),
        ({"valid_to": ago(9) + MOMENT}, True),
    ],
)
def test_the_consent_that_a_task_rests_on_is_the_first_that_covers_some_of_what_is_told(
    span: dict[str, Any], covers: bool
) -> None:
    first, second = make_scope(**span), make_scope(scope_id=LATER_SCOPE)
    uncovered = (InfoKind.POLICE_NOTICE, POLICE, to_ms(ago(900)))
    assert Coverage((first, second)).scope_id([uncovered, TOLD]) == (SSPF_SCOPE if covers else LATER_SCOPE)


@pytest.mark.parametrize("beside", [{}, {"other": POLICE}, {"marker": ""}, {"other": POLICE, "marker": ""}], ids=str)
@pytest.mark.parametrize(("after", "told"), [(-1, False), (0, True), (99, True), (100, False)])
def test_an_event_is_told_from_the_first_instant_of_a_consent_until_its_end(
    after: int, told: bool, beside: dict[str, str]
) -> None:
    """Alone, beside another agency's, and beside what is remembered without content."""
    begins = to_ms(ago(9))
    scope = make_scope(valid_from=ago(9), valid_to=ago(9) + 100 * MOMENT)
    rows = {
        name: Held(1, begins + 50, begins + 50, "unexcused", 60, agency, may_tell=True) if agency else make_marker(1, begins + 50)
        for name, agency in beside.items()
    }
    own = Held(1, begins + after, begins + after, "unexcused", 60, SCHOOL, may_tell=True)
    counted = Counted({"school_absence": in_order([*rows.items(), ("own", own)])}, to_ms(NOW))
    found = counted.told(make_rules().rules[0], Coverage((scope,)))
    assert found.events["school_absence"].keys() == beside.keys() | ({"own"} if told else set())
    assert (found is counted) is told


def test_where_nothing_is_told_a_task_rests_on_the_first_consent_and_where_there_is_none_on_none() -> None:
    assert Coverage((make_scope(), make_scope(scope_id=LATER_SCOPE))).scope_id([]) == SSPF_SCOPE
    with pytest.raises(IndexError):
        Coverage(()).scope_id([])


@pytest.mark.parametrize(
    ("spans", "joined"),
    [
        ([], ()),
        ([(0, 5), (5, 9)], ((0, 9),)),
        ([(6, 9), (0, 5)], ((0, 5), (6, 9))),
        ([(0, 9), (2, 3)], ((0, 9),)),
        ([(2, 9), (0, 3), (12, 14)], ((0, 9), (12, 14))),
    ],
)
def test_spans_that_meet_or_overlap_are_one(spans: list[tuple[int, int]], joined: tuple[tuple[int, int], ...]) -> None:
    assert join_spans(spans) == joined
