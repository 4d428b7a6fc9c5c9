"""What a block or a protection keeps out of later consents, and how little is kept for that when all else is erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.granting import Marking
from hub.registry.identities import merge, split
from hub.registry.protecting import protect, unprotect
from hub.registry.upkeep import refresh
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

PERSON, OTHER = make_identifier(), make_identifier(1)
G1, G2, YOUTH = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.YOUTH
SIG = {"cooperation": "sig", "recipients": ("sig",)}
LATER = {"valid_to": "2025-11-01"}
SOLE = {"required": ("guardian_1",), "signed": ("guardian_1",)}


def no_record(_youth_id: str) -> None: ...


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(RejectedError) as caught:
        call()
    assert caught.value.code == code


def states(home: Installation, person: str = PERSON) -> dict[str, str]:
    return {one.cooperation: one.state for one in home.registry.show(person).consents if one.state != "withdrawn"}


def passed(home: Installation, days: int = 1) -> datetime:
    return home.clock.advance(timedelta(days=days))


def counted(home: Installation, at: datetime, person: str = PERSON) -> tuple[bool, str]:
    """May what happened then be counted, and by which rule? The consent that decided is always named."""
    decision = home.registry.decide(person, source=SCHOOL, recipient=None, kind=InfoKind.SCHOOL_ABSENCE, at=at)
    assert decision.scope_id is not None
    return decision.permit, decision.rule


def told(home: Installation, person: str = PERSON) -> str:
    """The rule by which a team may be told something now, or may not."""
    return home.registry.decide(person, source=SCHOOL, recipient="outreach", kind=InfoKind.SCHOOL_ABSENCE).rule


def kept(home: Installation) -> list[tuple[str, str]]:
    with home.engine.connect() as connection:
        query = 'select "by", cooperation from barred_time order by "by", cooperation, lookup'
        return [(by, cooperation) for by, cooperation in connection.execute(text(query))]


def test_a_block_outlives_the_last_consent_so_that_withdrawing_and_registering_anew_lifts_nothing(home: Installation) -> None:
    before = home.registry.grant(make_grant()).youth_ref
    passed(home)
    home.registry.block(PERSON, YOUTH)
    passed(home)
    assert home.registry.withdraw(PERSON, by=G1).status == "withdrawn"
    assert (home.registry.references([PERSON]), kept(home)) == ([None], [("youth", "")])
    passed(home)
    view = home.registry.grant(make_grant(**LATER))
    assert (view.consents[0].state, view.consents[0].blocked_by, view.youth_ref) == ("blocked", ("youth",), None)
    assert kept(home) == []  # the consent itself carries it now
    refused("no_block", lambda: home.registry.unblock(PERSON, G1))
    assert home.registry.unblock(PERSON, YOUTH).youth_ref not in {None, before}


def test_of_the_time_under_a_kept_block_the_next_consent_covers_nothing(home: Installation) -> None:
    home.registry.grant(make_grant())
    earlier = home.clock.now() - timedelta(days=3)
    passed(home)
    home.registry.block(PERSON, YOUTH)
    under = passed(home)
    home.registry.withdraw(PERSON)
    erased = passed(home)
    home.registry.grant(make_grant(**LATER))
    waiting = passed(home)
    passed(home)
    home.registry.unblock(PERSON, YOUTH)
    after = passed(home)
    assert counted(home, earlier) == (True, "permitted")  # the form says so
    assert [counted(home, at) for at in (under, erased, waiting)] == [(False, "not_in_force_then")] * 3
    assert counted(home, after) == (True, "permitted")


def test_whoever_lifts_her_block_leaves_nothing_before_the_last_consent_or_after_it(home: Installation) -> None:
    for lifted_first in (True, False):
        home.registry.grant(make_grant())
        passed(home)
        home.registry.block(PERSON, YOUTH)
        passed(home)
        if lifted_first:
            home.registry.unblock(PERSON, YOUTH)
        home.registry.withdraw(PERSON)
        if not lifted_first:
            refused("no_consent", lambda: home.registry.unblock(PERSON, G1))
            refused("no_consent", lambda: home.registry.unblock(PERSON, YOUTH, "sig"))
            assert home.registry.unblock(PERSON, YOUTH).status == "none"
        assert kept(home) == []
    assert home.registry.grant(make_grant()).status == "in_force"


def test_what_happened_under_a_block_that_was_lifted_is_not_pulled_in_by_another_consent(home: Installation) -> None:
    home.registry.grant(make_grant(**SIG))
    passed(home)
    home.registry.block(PERSON, YOUTH)
    under = passed(home)
    passed(home)
    home.registry.unblock(PERSON, YOUTH)
    between = passed(home)
    home.registry.block(PERSON, YOUTH, "sig")  # of the other cooperation: no matter of this one
    under_sig = passed(home)
    home.registry.grant(make_grant())
    assert counted(home, under) == (False, "not_in_force_then")
    assert [counted(home, at) for at in (between, under_sig)] == [(True, "permitted")] * 2


def test_a_block_before_all_had_signed_keeps_its_time_out_though_the_form_includes_what_was_earlier(home: Installation) -> None:
    home.registry.grant(make_grant(signed=("guardian_1",)))
    open_then = passed(home)
    passed(home)
    home.registry.block(PERSON, YOUTH)
    under = passed(home)
    passed(home)
    home.registry.unblock(PERSON, YOUTH)
    passed(home)
    home.registry.sign(PERSON, G2)
    assert counted(home, open_then) == (True, "permitted")
    assert counted(home, under) == (False, "not_in_force_then")


def test_a_block_of_a_cooperation_that_has_ended_is_kept_when_what_waits_goes_on_alone(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    passed(home)
    home.registry.block(PERSON, YOUTH, "sspf")
    passed(home)
    home.registry.withdraw(PERSON, "sspf")
    assert states(home) == {"sig": "waiting"}
    home.registry.grant(make_grant(**LATER))
    home.registry.sign(PERSON, G2, "sig")
    assert states(home) == {"sspf": "blocked", "sig": "in_force"}
    home.registry.unblock(PERSON, YOUTH, "sspf")
    assert (states(home), kept(home)) == ({"sspf": "in_force", "sig": "in_force"}, [])


def test_a_block_of_a_cooperation_that_has_ended_is_lifted_though_a_consent_to_the_other_is_open(home: Installation) -> None:
    for signed in ({}, {"signed": ("guardian_1",)}):  # still a row of hers, or kept by the keyed hash
        home.registry.grant(make_grant(**LATER))
        home.registry.grant(make_grant(**SIG, **signed))
        passed(home)
        home.registry.block(PERSON, YOUTH, "sspf")
        home.registry.withdraw(PERSON, "sspf")
        refused("no_block", lambda: home.registry.unblock(PERSON, G1, "sspf"))
        refused("no_block", lambda: home.registry.unblock(PERSON, YOUTH, "sig"))
        passed(home)
        home.registry.unblock(PERSON, YOUTH, "sspf")
        refused("no_block", lambda: home.registry.unblock(PERSON, YOUTH))
        assert home.registry.grant(make_grant()).consents[-1].state == "in_force"
        home.registry.withdraw(PERSON)
        assert kept(home) == []


def test_lifting_what_one_cooperation_is_under_leaves_the_others_block_that_outlived_its_consent(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    passed(home)
    home.registry.block(PERSON, YOUTH, "sspf")
    home.registry.block(PERSON, YOUTH, "sig")
    home.registry.withdraw(PERSON, "sspf")
    passed(home)
    home.registry.unblock(PERSON, YOUTH, "sig")
    home.registry.withdraw(PERSON)
    assert kept(home) == [("youth", "sspf")]


def test_at_18_a_guardians_block_ends_with_the_form_and_the_youths_own_stays(home: Installation) -> None:
    person = make_identifier(born="20070610")
    home.registry.grant(make_grant(person, signed=("guardian_1", "guardian_2", "youth")))
    passed(home)
    home.registry.block(person, G1)
    home.registry.block(person, YOUTH)
    passed(home, 60)
    refresh(home.registry)
    assert kept(home) == [("youth", "")]
    view = home.registry.grant(make_grant(person, signed=("youth",)))
    assert (view.consents[0].state, view.consents[0].blocked_by) == ("blocked", ("youth",))
    home.registry.withdraw(person)
    assert kept(home) == [("youth", "")]


def test_nobody_can_tell_whose_a_split_persons_block_was_so_it_meets_both(home: Installation) -> None:
    home.registry.grant(make_grant())
    merge(home.registry, PERSON, OTHER, no_record)
    passed(home)
    home.registry.block(PERSON, YOUTH)
    passed(home)
    split(home.registry, PERSON, no_record)
    for person in (PERSON, OTHER):
        home.registry.grant(make_grant(person))
        assert states(home, person) == {"sspf": "blocked"}
        home.registry.unblock(person, YOUTH)
        assert states(home, person) == {"sspf": "in_force"}


def test_what_happened_while_somebody_was_protected_enters_no_later_consent(home: Installation) -> None:
    protect(home.registry, PERSON, Marking.OWN, no_record)
    under = passed(home)
    passed(home)
    unprotect(home.registry, PERSON, "ksn-2025-17", no_record)
    after = passed(home)
    passed(home)
    home.registry.grant(make_grant())
    assert [counted(home, at) for at in (under, after)] == [(False, "not_in_force_then"), (True, "permitted")]


def test_a_protection_that_was_reversed_leaves_the_time_in_which_it_stood_uncovered(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    before = passed(home)
    passed(home)
    protect(home.registry, PERSON, Marking.OWN, no_record)
    under = passed(home)
    passed(home)
    unprotect(home.registry, PERSON, "ksn-2025-17", no_record)
    after = passed(home)
    passed(home)
    home.registry.withdraw(PERSON, "sspf")
    home.registry.sign(PERSON, G2, "sig")
    home.registry.grant(make_grant(**LATER))  # neither what waited then nor what is registered now covers it
    assert states(home) == {"sspf": "in_force", "sig": "in_force"}
    assert [counted(home, at)[0] for at in (before, under, after)] == [True, False, True]


def test_what_is_kept_of_a_lifted_protection_goes_when_no_consent_can_reach_so_far_back(home: Installation) -> None:
    protect(home.registry, PERSON, Marking.HOUSEHOLD, no_record)
    passed(home)
    unprotect(home.registry, PERSON, "ksn-2025-17", no_record)
    home.registry.grant(make_grant(OTHER))
    home.registry.block(OTHER, YOUTH)
    home.registry.withdraw(OTHER)
    passed(home, 999)
    refresh(home.registry)
    assert kept(home) == [("", ""), ("youth", "")]
    passed(home, 2)
    refresh(home.registry)
    assert kept(home) == [("youth", "")]  # a block has no such end


def test_what_is_kept_holds_neither_number_nor_reference(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    home.registry.block(PERSON, YOUTH)
    passed(home)
    home.registry.withdraw(PERSON)
    with home.engine.connect() as connection:
        (row,) = connection.execute(text("select * from barred_time")).all()
    assert len(row) == 5
    assert not any(word in str(row) for word in (PERSON, PERSON[2:], str(reference)))


def test_a_guardians_block_meets_a_form_that_names_the_other_guardian_alone(home: Installation) -> None:
    home.registry.grant(make_grant())
    passed(home)
    home.registry.block(PERSON, G2)
    passed(home)
    home.registry.grant(make_grant(**SOLE, **LATER))
    assert [(one.state, one.blocked_by) for one in home.registry.show(PERSON).consents] == [("blocked", ("guardian_2",))] * 2
    assert told(home) == "blocked"
    home.registry.unblock(PERSON, G2)
    assert told(home) == "permitted"


def test_a_guardians_block_of_everything_meets_what_the_other_had_signed_alone_before(home: Installation) -> None:
    home.registry.grant(make_grant(**SOLE, **LATER))
    refused("not_a_signatory", lambda: home.registry.block(PERSON, G2))  # nothing says that she has custody
    home.registry.grant(make_grant())
    home.registry.block(PERSON, G2)
    assert told(home) == "blocked"


def test_a_guardians_block_is_not_lifted_by_withdrawing_and_registering_for_the_other_alone(home: Installation) -> None:
    home.registry.grant(make_grant())
    passed(home)
    home.registry.block(PERSON, G2)
    passed(home)
    for _ in range(2):  # and not by doing it again
        home.registry.withdraw(PERSON, by=G1)
        assert kept(home) == [("guardian_2", "")]
        home.registry.grant(make_grant(**SOLE))
        assert (states(home), told(home), kept(home)) == ({"sspf": "blocked"}, "blocked", [])
        passed(home)
    home.registry.unblock(PERSON, G2)
    assert told(home) == "permitted"


def test_a_guardians_block_meets_the_other_number_though_its_form_names_the_other_guardian_alone(home: Installation) -> None:
    home.registry.grant(make_grant(**SOLE))
    home.registry.grant(make_grant(OTHER, **SIG))
    home.registry.block(OTHER, G2)
    merge(home.registry, PERSON, OTHER, no_record)
    assert states(home) == {"sspf": "blocked", "sig": "blocked"}


def test_a_guardians_block_ends_when_custody_is_recorded_as_anothers_and_not_when_the_same_sign_again(home: Installation) -> None:
    home.registry.grant(make_grant(**SOLE))
    home.registry.grant(make_grant(**SIG))
    passed(home)
    home.registry.block(PERSON, G2)
    home.registry.block(PERSON, YOUTH, "sig")
    passed(home)
    home.registry.change_custody(PERSON, (G1, G2))
    assert states(home) == {"sspf": "blocked", "sig": "blocked"}
    home.registry.change_custody(PERSON, (G1,))
    home.registry.sign(PERSON, G1)
    assert states(home) == {"sspf": "in_force", "sig": "blocked"}
    passed(home)
    home.registry.withdraw(PERSON)
    assert kept(home) == [("youth", "sig")]


def test_signing_again_without_a_word_of_custody_ends_no_block(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.block(PERSON, G2)
    home.registry.grant(make_grant(**SOLE, **LATER, state="suspended"))
    home.registry.sign(PERSON, G1)
    assert told(home) == "blocked"


def test_a_kept_block_ends_when_custody_is_recorded_as_anothers(home: Installation) -> None:
    home.registry.grant(make_grant(**SIG))
    home.registry.block(PERSON, G2)
    home.registry.block(PERSON, YOUTH, "sig")
    home.registry.unblock(PERSON, G2)
    home.registry.block(PERSON, G2, "sig")
    home.registry.withdraw(PERSON)
    home.registry.grant(make_grant())
    assert (states(home), kept(home)) == ({"sspf": "in_force"}, [("guardian_2", "sig"), ("youth", "sig")])
    home.registry.change_custody(PERSON, (G1,))
    assert kept(home) == [("youth", "sig")]


def test_the_time_of_a_block_that_another_consent_took_up_is_covered_by_no_later_one(home: Installation) -> None:
    home.registry.block(PERSON, YOUTH, ahead=True)
    before_it = passed(home)
    passed(home)
    home.registry.grant(make_grant(**SIG))  # it stood longer than this consent
    passed(home)
    home.registry.unblock(PERSON, YOUTH)
    passed(home)
    home.registry.grant(make_grant())
    assert counted(home, before_it) == (False, "not_in_force_then")
    assert counted(home, before_it - timedelta(days=3)) == (True, "permitted")


def test_the_time_of_a_block_that_a_merge_brought_is_covered_by_no_later_consent(home: Installation) -> None:
    home.registry.grant(make_grant())  # the row that stays
    passed(home)
    home.registry.grant(make_grant(OTHER))
    home.registry.grant(make_grant(OTHER, **SIG, kinds=("police_notice",)))
    passed(home)
    home.registry.block(OTHER, YOUTH, "sspf")
    under = passed(home)
    passed(home)
    home.registry.withdraw(OTHER, "sspf")
    passed(home)
    merge(home.registry, OTHER, PERSON, no_record)
    passed(home)
    home.registry.unblock(PERSON, YOUTH)
    passed(home)
    home.registry.grant(make_grant(**LATER))
    assert counted(home, under) == (False, "not_in_force_then")


def test_a_kept_block_of_everything_is_not_lost_behind_one_of_a_cooperation(home: Installation) -> None:
    home.registry.block(PERSON, YOUTH, Cooperation.SIG, ahead=True)
    passed(home)
    home.registry.block(PERSON, YOUTH, ahead=True)
    passed(home)
    home.registry.grant(make_grant(**SIG))
    assert kept(home) == []
    home.registry.grant(make_grant())
    assert states(home) == {"sig": "blocked", "sspf": "blocked"}
