from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.contract.models import ConsentStatus, InfoKind
from hub.core.consent_rules import AtSigningAge, Dated, Signatory, midnight
from hub.registry.granting import age_in_years
from hub.registry.records import coarse_age
from hub.registry.upkeep import refresh
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier, make_rules

TODAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(st.dates(date(1995, 1, 1), date(2019, 12, 31)), TODAYS)
def test_the_published_age_is_never_ahead_and_at_most_a_month_behind(born: date, today: date) -> None:
    age, until = coarse_age(born, today)
    exact = age_in_years(born, today)
    assert exact - 1 <= age <= exact
    assert age == age_in_years(born, today - timedelta(days=31)) or age == exact
    assert until > today
    assert coarse_age(born, until)[0] == age + 1
    assert coarse_age(born, until - timedelta(days=1)) == (age, until)


@given(st.dates(date(2005, 1, 1), date(2015, 12, 31)), TODAYS)
def test_the_published_age_tells_no_day_of_birth(born: date, today: date) -> None:
    _, until = coarse_age(born, today)
    assert until.day == 1
    assert coarse_age(born.replace(day=1), today) == coarse_age(born.replace(day=28), today) == coarse_age(born, today)


def test_a_record_is_cumulative_and_says_when_a_scope_was_withdrawn(home: Installation) -> None:
    person = make_identifier()
    home.registry.grant(make_grant(person))
    home.clock.advance(timedelta(minutes=1))
    home.registry.grant(make_grant(person, cooperation="sig", recipients=("sig",)))
    home.clock.advance(timedelta(minutes=1))
    home.registry.withdraw(person, cooperation="sig")
    home.relay.run_once()
    first, second, third = home.sent()
    assert [len(record.scopes) for record in (first, second, third)] == [1, 2, 2]
    assert [record.version for record in (first, second, third)] == [1, 2, 3]
    assert third.status is ConsentStatus.IN_FORCE
    assert [scope.withdrawn_at for scope in third.scopes] == [None, home.clock.now()]


def test_a_suspended_scope_is_left_out_beside_one_in_force(home: Installation) -> None:
    person = make_identifier()
    home.registry.grant(make_grant(person))
    home.registry.grant(make_grant(person, cooperation="sig", recipients=("sig",)))
    home.registry.suspend(person, cooperation="sig")
    home.registry.suspend(person)
    home.relay.run_once()
    _, both, one, none = home.sent()
    assert len(both.scopes) == 2
    assert [scope.cooperation for scope in one.scopes] == ["sspf"]
    assert one.status is ConsentStatus.IN_FORCE
    assert none.status is ConsentStatus.SUSPENDED
    assert len(none.scopes) == 2


def test_where_the_signing_age_suspends_no_time_in_a_record_begins_or_ends_on_the_birthday(home: Installation) -> None:
    object.__setattr__(home.tools, "consent", make_rules(at_signing_age=Dated.always(AtSigningAge.SUSPEND)))
    person, month = make_identifier(born="20100610"), midnight(date(2025, 6, 1))
    home.registry.grant(make_grant(person))
    home.clock.set(midnight(date(2025, 6, 10)))
    refresh(home.registry)
    home.relay.run_once()
    home.clock.advance(timedelta(days=9))
    home.registry.sign(person, Signatory.YOUTH)
    home.relay.run_once()
    _, suspended, again = home.sent()
    assert (suspended.status, [scope.valid_to for scope in suspended.scopes]) == (ConsentStatus.SUSPENDED, [month])
    assert [scope.valid_to for scope in again.scopes][:-1] == [month]
    assert again.scopes[-1].valid_from == home.clock.now()
    asked = {"source": SCHOOL, "recipient": None, "kind": InfoKind.SCHOOL_ABSENCE}
    days = [month - timedelta(hours=1), month, midnight(date(2025, 6, 9)), home.clock.now()]
    assert [home.registry.decide(person, **asked, at=at).permit for at in days] == [True, False, False, True]


def test_an_area_that_stands_on_one_cooperations_form_alone_is_told_to_no_cooperation_beside_another(home: Installation) -> None:
    """The record's one area goes into the tasks of every cooperation."""
    theirs, hers = {"area": "0581-hageby"}, {"cooperation": "sig", "recipients": ("sig",), "area": None}
    other = {**hers, "area": "0581-klockaretorpet"}
    cases = [(theirs, hers), (hers, theirs), (theirs, other), (other, theirs)]
    for number, grants in enumerate(cases):
        for changes in grants:
            home.registry.grant(make_grant(make_identifier(number), **changes))
            home.clock.advance(timedelta(minutes=1))
    home.relay.run_once()
    records = {record.youth_ref: record for record in home.sent()}
    assert [(record.version, record.area) for record in records.values()] == [(2, None)] * len(cases)


def test_an_area_is_told_where_a_cooperation_is_alone_or_all_say_the_same_and_the_latest_form_says_it(home: Installation) -> None:
    person = make_identifier()
    home.registry.grant(make_grant(person))
    home.clock.advance(timedelta(minutes=1))
    home.registry.grant(make_grant(person, area=None, valid_to="2025-11-01"))
    home.clock.advance(timedelta(minutes=1))
    home.registry.grant(make_grant(person, cooperation="sig", recipients=("sig",)))
    home.clock.advance(timedelta(minutes=1))
    home.registry.grant(make_grant(person, area="0581-klockaretorpet", valid_to="2025-10-01"))
    home.clock.advance(timedelta(minutes=1))
    home.registry.withdraw(person, cooperation="sig")
    home.relay.run_once()
    told = [record.area for record in home.sent()]
    assert told == ["0581-hageby"] * 3 + [None, "0581-klockaretorpet"]
