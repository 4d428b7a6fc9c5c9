"""Why nobody is told of a rule that holds, by code."""

from __future__ import annotations

import pytest

from hub.contract.ids import task_id
from hub.contract.models import ConsentRecord, Cooperation, PoliceCategory
from hub.core.state import new_state
from hub.core.step import step, wake

from .make import LEISURE, NOW, YOUTH, ago, event_id, make_absence, make_consent, make_notice, make_scope
from .make_rules import RULES, last, make_rules, run

SMALL = make_rules()


def untold(consent: ConsentRecord, rules=SMALL) -> tuple[tuple[str, ...], ...]:
    """By event, of two lessons that meet the small rule."""
    state = step(new_state(YOUTH), consent, rules, NOW).state
    return tuple(one.untold for one in run(make_absence(1, ago(2)), make_absence(2, ago(1)), state=state, rules=rules))


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({"recipients": ("sspf",)}, "recipient_not_named"),
        ({"cooperation": Cooperation.SIG}, "cooperation_not_covered"),
        ({"valid_to": ago(0.5)}, "outside_period"),
    ],
)
def test_a_rule_that_holds_and_may_be_told_to_nobody_says_which_demand_of_consent_is_not_met(scope: dict, code: str) -> None:
    assert untold(make_consent(make_scope(**scope))) == ((), (code,))


def test_a_consent_that_covers_too_few_of_the_events_for_this_team_says_so() -> None:
    elsewhere = make_scope(scope_id="00000000-0000-4000-8000-000000000003", recipients=("sspf",))
    shorter = make_scope(valid_from=ago(1.5))
    assert untold(make_consent(shorter, elsewhere)) == ((), ("too_little_covered",))


def test_nothing_is_untold_while_no_rule_holds_nor_when_a_team_is_told() -> None:
    assert untold(make_consent()) == ((), ())
    assert untold(make_consent(make_scope(recipients=("sspf",))), RULES) == ((), ())


def test_who_is_asked_to_seek_a_consent_is_told_and_nothing_is_untold() -> None:
    notices = [make_notice(number, ago(number), PoliceCategory.NARCOTICS) for number in (1, 2, 3)]
    done = run(*notices)
    (task,) = (task for one in done for task in one.tasks)
    assert task.team == "sspf"
    assert task.task_id == task_id(YOUTH, task.rule_id, f"{event_id(3)}?sspf")  # never another: it would be a second task
    assert [one.untold for one in done] == [(), (), ()]


def test_a_rule_of_two_agencies_is_looked_at_as_soon_as_the_event_of_one_of_them_leaves() -> None:
    absences = [
        {"id": "some", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 7}
    ]
    rules = make_rules(when=absences, at_least_agencies=2)
    opened = run(make_absence(1, ago(6)), make_absence(2, ago(1), agency=LEISURE), rules=rules)[-1]
    assert [task.action.value for task in opened.tasks] == ["open"]
    assert opened.wake_at == ago(-1)
    ended = wake(opened.state, rules, ago(-1))
    assert ended.state.episodes == {}


def test_a_lingering_rule_that_was_never_met_leaves_nobody_untold() -> None:
    lingering = make_rules(lingers_days=5)
    state = step(new_state(YOUTH), make_consent(make_scope(recipients=("sspf",))), lingering, NOW).state
    met, two = run(make_absence(1, ago(2)), make_absence(2, ago(1)), state=state, rules=lingering)
    assert (met.untold, two.untold) == ((), ("recipient_not_named",))
    assert wake(last([two]), lingering, ago(-20)).tasks == ()
