"""What people do with consents: signatures, a no, blocks, custody, less; and what a history keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from hub.contract.models import ConsentStatus, InfoKind
from hub.core.consent_rules import AgeSpan, AtSigningAge, Dated, Signatory
from hub.errors import RejectedError, RetriableError
from hub.registry.deeds import Less, read_day
from hub.registry.upkeep import next_refresh, refresh
from tests.unit.registry.support import POLICE, Installation, make_grant, make_identifier, make_rules

PERSON = make_identifier()
G1, G2, YOUTH = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.YOUTH
SIG = {"cooperation": "sig", "recipients": ("sig",)}


def states(home: Installation) -> dict[str, str]:
    return {one.cooperation: one.state for one in home.registry.show(PERSON).consents}


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(RejectedError) as caught:
        call()
    assert caught.value.code == code
    assert PERSON not in str(caught.value)


def facts(home: Installation) -> list[tuple[str, str | None]]:
    with home.engine.connect() as connection:
        query = 'select kind, "by" from consent_fact order by consent_id, position'
        return [(kind, by) for kind, by in connection.execute(text(query))]


def test_two_guardians_who_disagree_are_shown_as_such_and_nothing_is_in_force(home: Installation) -> None:
    home.registry.grant(make_grant(signed=("guardian_1",)))
    view = home.registry.decline(PERSON, G2)
    assert (view.status, view.consents[0].state, view.consents[0].declined) == ("none", "disputed", ("guardian_2",))
    home.relay.run_once()
    assert home.kafka.published == []
    assert home.registry.sign(PERSON, G2).status == "in_force"
    refused("already_signed", lambda: home.registry.decline(PERSON, G1))
    refused("nothing_to_sign", lambda: home.registry.decline(PERSON, Signatory.GOD_MAN))


def test_a_block_beats_every_signature_and_only_who_set_it_lifts_it(home: Installation) -> None:
    before = home.registry.grant(make_grant())
    home.clock.advance(timedelta(days=1))
    view = home.registry.block(PERSON, YOUTH)
    assert (view.status, view.consents[0].state, view.consents[0].blocked_by) == ("suspended", "blocked", ("youth",))
    refused("no_block", lambda: home.registry.unblock(PERSON, G1))
    refused("not_a_signatory", lambda: home.registry.block(PERSON, Signatory.GOD_MAN))
    home.clock.advance(timedelta(days=1))
    assert home.registry.unblock(PERSON, YOUTH).youth_ref == before.youth_ref
    home.relay.run_once()
    assert [record.status for record in home.sent()] == [ConsentStatus.IN_FORCE, ConsentStatus.SUSPENDED, ConsentStatus.IN_FORCE]


def test_what_happened_under_a_block_is_covered_by_no_span_afterwards(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.clock.advance(timedelta(days=1))
    began = home.clock.now()
    home.registry.block(PERSON, YOUTH)
    ended = home.clock.advance(timedelta(days=1))
    home.registry.unblock(PERSON, YOUTH)
    home.relay.run_once()
    spans = [(scope.valid_from, scope.valid_to) for scope in home.sent()[-1].scopes]
    assert [(end, start) for (_, end), (start, _) in pairwise(spans)] == [(began, ended)]
    (entry,) = home.told().entries
    assert len(entry["spans"]) == 2


def test_a_block_of_everything_meets_later_consents_and_one_of_a_cooperation_only_its_own(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.block(PERSON, YOUTH, "sspf")
    home.registry.grant(make_grant(**SIG))
    assert states(home) == {"sspf": "blocked", "sig": "in_force"}
    home.registry.block(PERSON, YOUTH)
    home.registry.withdraw(PERSON, "sig")
    home.registry.grant(make_grant(**SIG, valid_to="2025-11-01"))
    assert sorted(one.state for one in home.registry.show(PERSON).consents) == ["blocked", "blocked", "withdrawn"]
    home.registry.unblock(PERSON, YOUTH)
    assert sorted(one.state for one in home.registry.show(PERSON).consents) == ["in_force", "in_force", "withdrawn"]


def test_a_block_outlives_the_consent_that_carried_it(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    home.registry.block(PERSON, YOUTH, "sspf")
    home.registry.withdraw(PERSON, "sspf")
    home.registry.grant(make_grant(valid_to="2025-11-01"))
    assert sorted(one.state for one in home.registry.show(PERSON).consents) == ["blocked", "in_force", "withdrawn"]
    home.registry.withdraw(PERSON, "sig")
    home.registry.grant(make_grant(**SIG, valid_to="2025-11-01"))  # carried on, the block is still one of SSPF alone
    assert sorted(one.state for one in home.registry.show(PERSON).consents) == ["blocked", "in_force"]
    home.clock.advance(timedelta(hours=1))
    home.registry.unblock(PERSON, YOUTH)
    home.registry.withdraw(PERSON, "sspf")
    home.registry.grant(make_grant(valid_to="2025-10-01"))
    assert sorted(one.state for one in home.registry.show(PERSON).consents) == ["in_force", "in_force", "withdrawn"]


def test_nothing_registered_needs_no_block(home: Installation) -> None:
    refused("no_consent", lambda: home.registry.block(PERSON, YOUTH))


def test_a_consent_blocked_from_the_first_moment_gets_no_reference(home: Installation) -> None:
    home.registry.grant(make_grant(signed=()))
    home.registry.block(PERSON, G1)
    home.registry.sign(PERSON, G1)
    view = home.registry.sign(PERSON, G2)
    assert (view.consents[0].state, view.youth_ref) == ("blocked", None)
    assert home.registry.unblock(PERSON, G1).youth_ref is not None


def test_who_has_lost_custody_signs_no_new_consent_into_force(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (Signatory.SPECIAL_GUARDIAN,))
    home.clock.advance(timedelta(days=1))
    later = home.registry.grant(make_grant(valid_to="2025-11-01")).consents[-1]
    assert (later.state, later.missing) == ("waiting", ("special_guardian",))
    named = home.registry.grant(make_grant(**SIG, required=("guardian_1",), signed=("guardian_1",))).consents[-1]
    assert (named.state, named.missing) == ("waiting", ("special_guardian",))  # a form of theirs alone is no other
    asked = {"source": POLICE, "recipient": "outreach", "kind": InfoKind.POLICE_NOTICE}
    assert home.registry.decide(PERSON, **asked).permit is False
    refused("nothing_to_sign", lambda: home.registry.sign(PERSON, G2))
    view = home.registry.sign(PERSON, Signatory.SPECIAL_GUARDIAN)
    assert {one.state for one in view.consents} == {"in_force"}
    assert home.registry.decide(PERSON, **asked).permit is True


def test_who_has_custody_now_signs_a_later_consent_and_nobody_else_need(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (G1,))
    home.clock.advance(timedelta(days=1))
    view = home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    assert states(home) == {"sspf": "suspended", "sig": "in_force"}
    assert {one.required for one in view.consents} == {("guardian_1",)}
    home.registry.change_custody(PERSON, (G1, G2))  # to be joint again it is recorded again
    home.clock.advance(timedelta(days=1))
    later = home.registry.grant(make_grant(**SIG, signed=("guardian_1",), valid_to="2025-11-01")).consents[-1]
    assert (later.state, later.missing) == ("waiting", ("guardian_2",))


def test_recorded_custody_is_known_though_only_what_was_registered_since_is_left(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (Signatory.SPECIAL_GUARDIAN,))
    home.clock.advance(timedelta(days=1))
    home.registry.grant(make_grant(**SIG))
    home.registry.withdraw(PERSON, "sspf")
    later = next(one for one in home.registry.grant(make_grant(valid_to="2025-11-01")).consents if one.cooperation == "sspf")
    assert (later.state, later.missing) == ("waiting", ("special_guardian",))


def test_custody_says_nothing_of_an_adults_form(home: Installation) -> None:
    person = make_identifier(born="20070610")
    home.registry.grant(make_grant(person, signed=("guardian_1", "guardian_2", "youth")))
    home.registry.change_custody(person, (G1,))
    home.registry.sign(person, G1)
    home.clock.advance(timedelta(days=60))
    later = home.registry.grant(make_grant(person, signed=("youth",))).consents[-1]
    assert (later.state, later.required) == ("in_force", ("youth",))


def test_after_a_change_of_custody_the_new_signatories_sign(home: Installation) -> None:
    before = home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    view = home.registry.change_custody(PERSON, (Signatory.SPECIAL_GUARDIAN,))
    assert {one.state for one in view.consents} == {"suspended", "waiting"}
    assert {one.required for one in view.consents} == {("special_guardian",)}
    refused("nothing_to_sign", lambda: home.registry.sign(PERSON, G1))
    refused("not_a_signatory", lambda: home.registry.withdraw(PERSON, by=G1))
    view = home.registry.sign(PERSON, Signatory.SPECIAL_GUARDIAN)
    assert (set(states(home).values()), view.youth_ref) == ({"in_force"}, before.youth_ref)
    refused("guardian_must_sign", lambda: home.registry.change_custody(PERSON, (YOUTH,)))


def test_custody_is_nothing_that_an_adult_has(home: Installation) -> None:
    home.registry.grant(make_grant(adult := make_identifier(born="20050310"), signed=("youth",)))
    refused("no_custody", lambda: home.registry.change_custody(adult, (G1,)))
    refused("not_in_force", lambda: home.registry.suspend(adult))


def test_less_is_covered_at_once_and_without_a_signature(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    view = home.registry.narrow(PERSON, Less(kinds=frozenset({InfoKind.POLICE_NOTICE}), until=read_day("2025-09-01")))
    assert (view.consents[0].kinds, view.consents[0].valid_to) == (("school_absence",), datetime(2025, 8, 31, 22, tzinfo=UTC))
    home.relay.run_once()
    (scope,) = home.sent()[-1].scopes
    assert (scope.kinds, scope.valid_to) == ((InfoKind.SCHOOL_ABSENCE,), datetime(2025, 8, 31, 22, tzinfo=UTC))
    refused("nothing_to_narrow", lambda: home.registry.narrow(PERSON, Less(kinds=frozenset({InfoKind.RISK_EVENT}))))
    refused("nothing_left", lambda: home.registry.narrow(PERSON, Less(kinds=frozenset({InfoKind.SCHOOL_ABSENCE}))))
    refused("bad_field", lambda: read_day("in autumn"))


def test_without_the_forms_word_nothing_from_before_it_came_into_force_is_covered(home: Installation) -> None:
    home.registry.grant(make_grant(signed=("guardian_1",), valid_from="2025-05-19", includes_earlier=False))
    in_force = home.clock.advance(timedelta(days=20))
    home.registry.sign(PERSON, G2)
    home.relay.run_once()
    (scope,) = home.sent()[-1].scopes
    assert scope.valid_from == in_force
    assert home.told().entries[0]["spans"][0]["from"] == in_force.isoformat()


def test_whose_signature_was_once_needed_may_withdraw_orally(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.withdraw(PERSON, by=G2, oral=True)
    with home.engine.connect() as connection:
        query = "select oral from consent_fact where kind = 'withdrawn'"
        assert connection.execute(text(query)).scalars().all() in ([True], [1])


def test_a_history_keeps_every_deed_in_order_and_refuses_change_and_deletion(home: Installation) -> None:
    home.registry.grant(make_grant(signed=("guardian_1",)))
    home.registry.decline(PERSON, G2)
    home.registry.sign(PERSON, G2)
    home.registry.block(PERSON, YOUTH)
    home.registry.unblock(PERSON, YOUTH)
    home.registry.change_custody(PERSON, (G1,))
    home.registry.withdraw(PERSON)
    assert facts(home) == [
        ("registered", None),
        ("signed", "guardian_1"),
        ("declined", "guardian_2"),
        ("signed", "guardian_2"),
        ("blocked", "youth"),
        ("unblocked", "youth"),
        ("custody_changed", None),
        ("withdrawn", None),
    ]
    for statement in ('update consent_fact set "by" = null', "delete from consent_fact"):
        with pytest.raises(Exception, match="append-only"), home.engine.begin() as connection:
            connection.execute(text(statement))
    with pytest.raises(RetriableError), home.registry.work() as work:
        work.session.execute(text("delete from consent_fact"))
    assert len(facts(home)) == 8


def test_at_the_signing_age_a_consent_goes_on_or_waits_for_the_youth_as_the_municipality_says(home: Installation) -> None:
    suspends = make_rules(at_signing_age=Dated.always(AtSigningAge.SUSPEND))
    object.__setattr__(home.tools, "consent", suspends)
    person = make_identifier(born="20100610")
    home.registry.grant(make_grant(person))
    home.clock.set(datetime(2025, 6, 9, 21, 59, 59, tzinfo=UTC))
    assert refresh(home.registry) == 0
    home.clock.set(datetime(2025, 6, 9, 22, tzinfo=UTC))  # midnight in Sweden, in summer
    assert refresh(home.registry) == 1
    (consent,) = home.registry.show(person).consents
    assert (consent.state, consent.rule, consent.missing) == ("suspended", "youth_must_sign", ("youth",))
    assert home.registry.sign(person, YOUTH).status == "in_force"


def test_who_outgrows_a_cooperation_leaves_it_at_midnight_and_the_record_shows_no_birthday(home: Installation) -> None:
    sspf = {"sspf": Dated.always(AgeSpan(10, 12)), "sig": Dated.always(AgeSpan())}
    object.__setattr__(home.tools, "consent", make_rules(cooperations=sspf))
    person = make_identifier(born="20120610")
    home.registry.grant(make_grant(person))
    home.registry.grant(make_grant(person, **SIG))
    home.clock.set(datetime(2025, 6, 9, 22, tzinfo=UTC))
    refresh(home.registry)
    found = {one.cooperation: (one.state, one.rule) for one in home.registry.show(person).consents}
    assert found == {"sspf": ("expired", "outgrown"), "sig": ("in_force", "in_force")}
    home.relay.run_once()
    assert [scope.cooperation for scope in home.sent()[-1].scopes] == ["sig"]


def test_a_birthday_acts_before_what_is_done_after_it_also_when_nobody_was_awake(home: Installation) -> None:
    person = make_identifier(born="20070610")
    home.registry.grant(make_grant(person, signed=("guardian_1", "youth")))
    home.clock.set(datetime(2025, 6, 12, tzinfo=UTC))
    with pytest.raises(RejectedError):
        home.registry.sign(person, G2)
    view = home.registry.grant(make_grant(person, signed=("youth",)))
    assert [one.state for one in view.consents] == ["in_force"]


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (datetime(2025, 3, 29, 22, 30, tzinfo=UTC), datetime(2025, 3, 29, 23, tzinfo=UTC)),
        (datetime(2025, 3, 30, 21, 30, tzinfo=UTC), datetime(2025, 3, 30, 22, tzinfo=UTC)),
        (datetime(2025, 10, 26, 22, 30, tzinfo=UTC), datetime(2025, 10, 26, 23, tzinfo=UTC)),
        (datetime(2025, 6, 1, 12, 0, tzinfo=UTC), datetime(2025, 6, 1, 13, tzinfo=UTC)),
    ],
)
def test_the_next_round_is_at_midnight_in_sweden_or_within_the_hour(last: datetime, due: datetime) -> None:
    assert next_refresh(last) == due
