"""What follows from one consent record, to the millisecond: what may be held, who may be told, and when either changes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hub.contract.models import ConsentStatus, Cooperation, InfoKind
from hub.core.consent import Purpose, decide
from hub.core.instants import from_ms, stockholm_midnight, to_ms
from hub.core.reach import Reach

from .make import NOW, POLICE, SCHOOL, SIG_SCOPE, ago, make_consent, make_scope, make_sig_scope

ABSENCE = InfoKind.SCHOOL_ABSENCE
BEGINS, ENDS = to_ms(ago(20)), to_ms(ago(-20))
MOMENT = timedelta(milliseconds=1)
SPAN = {"valid_from": ago(20), "valid_to": ago(-20)}


@pytest.mark.parametrize(
    ("changes", "record"),
    [
        ({}, {}),
        ({}, {"status": ConsentStatus.SUSPENDED}),
        ({"withdrawn_at": NOW}, {}),
        ({"recipients": ()}, {}),
        ({"agencies": (POLICE,)}, {}),
        ({"kinds": (InfoKind.POLICE_NOTICE,)}, {}),
    ],
)
@pytest.mark.parametrize("at_ms", [BEGINS - 1, BEGINS, ENDS - 1, ENDS])
def test_an_event_may_be_held_when_the_decision_permits_it(changes: dict[str, Any], record: dict[str, Any], at_ms: int) -> None:
    consent = make_consent(make_scope(**(SPAN | changes)), **record)
    decision = decide(consent, purpose=Purpose.CORRELATE, source=SCHOOL, recipient=None, kind=ABSENCE, at=from_ms(at_ms))
    assert Reach(consent).takes(SCHOOL, ABSENCE, at_ms) is decision.permit
    assert decision.permit is (not changes and not record and BEGINS <= at_ms < ENDS)


def test_what_consents_one_after_the_other_cover_may_be_held_and_what_lies_between_them_may_not() -> None:
    later = make_scope(scope_id=SIG_SCOPE, valid_from=ago(-21), valid_to=ago(-30))
    reach = Reach(make_consent(make_scope(**SPAN), later))
    assert [reach.takes(SCHOOL, ABSENCE, to_ms(ago(-days))) for days in (19, 20, 21, 29, 30)] == [True, False, True, True, False]


def test_the_next_edge_is_where_a_consent_begins_ends_or_was_withdrawn() -> None:
    reach = Reach(make_consent(make_scope(**SPAN), make_sig_scope(valid_from=ago(20), valid_to=ago(5), withdrawn_at=ago(9))))
    edges = [BEGINS, to_ms(ago(9)), to_ms(ago(5)), ENDS]
    assert [reach.next_edge(edge - 1) for edge in edges] == edges
    assert [reach.next_edge(edge) for edge in edges] == [*edges[1:], None]


def test_what_a_team_may_be_told_is_one_object_from_edge_to_edge_and_another_beyond() -> None:
    reach = Reach(make_consent(make_scope(**SPAN)))

    def told(at_ms: int) -> Any:
        return reach.coverage("sspf", Cooperation.SSPF, at_ms)

    before, within, after = told(BEGINS - 1), told(BEGINS), told(ENDS)
    assert [bool(one.scopes) for one in (before, within, after)] == [False, True, False]
    for first, second in ((BEGINS, ENDS - 1), (ENDS - 1, BEGINS), (ENDS, ENDS + 9), (BEGINS - 9, BEGINS - 1)):
        assert told(first) is told(second)
    assert told(ENDS - 1) is not told(ENDS)
    assert told(ENDS - 1).scopes
    assert not told(BEGINS - 1).scopes
    assert reach.coverage("outreach", Cooperation.SSPF, BEGINS) is not told(BEGINS)


def test_a_year_older_from_the_records_last_day_on() -> None:
    birthday = stockholm_midnight(date(2025, 11, 2).toordinal())
    reach = Reach(make_consent(age_years=15, age_valid_until=date(2025, 11, 2)))
    assert [reach.age(birthday + at) for at in (-1, 0, 1)] == [15, 16, 16]
    assert [reach.birthday(birthday + at) for at in (-1, 0, 1)] == [birthday, None, None]
    for age, until in ((None, None), (None, date(2025, 11, 2)), (15, None)):
        assert Reach(make_consent(age_years=age, age_valid_until=until)).age(birthday) == age
    assert Reach(make_consent(age_valid_until=None)).birthday(birthday - 1) is None
