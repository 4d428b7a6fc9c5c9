"""A block and custody that are said before anything is registered: kept, and met by the first consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.granting import Marking
from hub.registry.protecting import protect
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()
G1, G2, YOUTH, SPECIAL = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.YOUTH, Signatory.SPECIAL_GUARDIAN


def no_record(_youth_id: str) -> None: ...


def refused(code: str, call) -> None:
    with pytest.raises(RejectedError) as caught:
        call()
    assert caught.value.code == code


def kept(home: Installation) -> int:
    with home.engine.connect() as connection:
        return sum(
            connection.execute(text(f"select count(*) from {name}")).scalar_one() for name in ("barred_time", "kept_custody")
        )


def test_without_being_asked_for_nothing_is_kept_of_a_number_that_may_be_mistyped(home: Installation) -> None:
    refused("no_consent", lambda: home.registry.block(PERSON, YOUTH))
    refused("no_consent", lambda: home.registry.change_custody(PERSON, (SPECIAL,)))
    assert kept(home) == 0


def test_a_block_meets_the_first_consent_and_is_lifted_before_it_or_after(home: Installation) -> None:
    for _ in range(2):
        assert home.registry.block(PERSON, YOUTH, ahead=True).consents == ()
    assert kept(home) == 1
    home.registry.unblock(PERSON, YOUTH)
    assert kept(home) == 0
    home.registry.block(PERSON, YOUTH, ahead=True)
    home.clock.advance(timedelta(minutes=1))
    (consent,) = home.registry.grant(make_grant()).consents
    assert (consent.state, consent.blocked_by) == ("blocked", ("youth",))
    assert home.registry.unblock(PERSON, YOUTH).consents[0].state == "in_force"


def test_a_block_of_one_cooperation_meets_no_other(home: Installation) -> None:
    home.registry.block(PERSON, YOUTH, Cooperation.SIG, ahead=True)
    assert home.registry.grant(make_grant()).consents[0].state == "in_force"
    assert kept(home) == 1


def test_custody_says_who_signs_the_first_consent_and_who_may_block_until_then(home: Installation) -> None:
    home.registry.block(PERSON, G2, ahead=True)
    home.registry.change_custody(PERSON, (G1, YOUTH), ahead=True)
    assert kept(home) == 1  # her block ends with her custody
    refused("not_a_signatory", lambda: home.registry.block(PERSON, G2, ahead=True))
    refused("guardian_must_sign", lambda: home.registry.change_custody(PERSON, (YOUTH,), ahead=True))
    home.clock.advance(timedelta(minutes=1))
    (consent,) = home.registry.grant(make_grant(signed=("guardian_2", "guardian_1"))).consents
    assert (consent.state, consent.required) == ("in_force", ("guardian_1",))
    assert kept(home) == 0


def test_of_somebody_who_is_registered_it_is_a_change_like_any_other(home: Installation) -> None:
    home.registry.grant(make_grant())
    assert home.registry.block(PERSON, YOUTH, ahead=True).consents[0].state == "blocked"
    assert home.registry.change_custody(PERSON, (SPECIAL,), ahead=True).consents[0].required == ("special_guardian",)
    assert kept(home) == 0


def test_nothing_is_kept_of_the_protected(home: Installation) -> None:
    protect(home.registry, PERSON, Marking.OWN, no_record)
    refused("no_consent", lambda: home.registry.block(PERSON, YOUTH, ahead=True))
    assert kept(home) == 0


def test_a_block_of_one_cooperation_is_kept_and_answered_alike_whether_another_has_a_consent_or_not(home: Installation) -> None:
    other = make_identifier(1)
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",), required=("guardian_1",), signed=("guardian_1",)))
    for by in (YOUTH, G2):  # whatever the form of the other says of who signs
        beside, alone = (home.registry.block(one, by, Cooperation.SSPF, ahead=True) for one in (PERSON, other))
        assert beside == alone
    assert kept(home) == 4
    home.clock.advance(timedelta(minutes=1))
    for person in (PERSON, other):
        consent = home.registry.grant(make_grant(person)).consents[-1]
        assert (consent.cooperation, consent.state, consent.blocked_by) == ("sspf", "blocked", ("guardian_2", "youth"))
    assert home.registry.show(PERSON).consents[0].state == "in_force"
    assert kept(home) == 0


def test_a_block_of_one_cooperation_beside_anothers_consent_is_lifted_before_it_meets_one(home: Installation) -> None:
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    home.registry.block(PERSON, YOUTH, Cooperation.SSPF, ahead=True)
    refused("no_block", lambda: home.registry.unblock(PERSON, YOUTH, Cooperation.SIG))
    home.registry.unblock(PERSON, YOUTH, Cooperation.SSPF)
    assert kept(home) == 0
    assert home.registry.grant(make_grant()).consents[-1].state == "in_force"


def test_beside_anothers_consent_who_lost_custody_blocks_nothing_and_the_protected_are_as_they_were(home: Installation) -> None:
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    home.registry.change_custody(PERSON, (G1,))
    refused("not_a_signatory", lambda: home.registry.block(PERSON, G2, Cooperation.SSPF, ahead=True))
    protect(home.registry, PERSON, Marking.OWN, no_record)
    refused("nothing_to_block", lambda: home.registry.block(PERSON, YOUTH, Cooperation.SSPF, ahead=True))
    assert kept(home) == 0
