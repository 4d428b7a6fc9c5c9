"""Custody that was recorded outlives the last consent: who has lost it cannot withdraw all and sign anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.identities import merge, split
from hub.registry.reconcile import reconcile
from hub.registry.upkeep import refresh
from hub.registry.views import NOBODY
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON, OTHER = make_identifier(), make_identifier(1)
G1, G2, SPECIAL = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.SPECIAL_GUARDIAN
SIG = {"cooperation": "sig", "recipients": ("sig",)}


def no_record(_youth_id: str) -> None: ...


def kept(home: Installation) -> list[str]:
    with home.engine.connect() as connection:
        rows = connection.execute(text("select signatories from kept_custody")).scalars().all()
    return [str(row) for row in rows]


def given(home: Installation, **changes: object) -> tuple[str, tuple[str, ...]]:
    """Where a consent stands that both guardians sign, and whose signature it awaits."""
    home.clock.advance(timedelta(minutes=1))
    consent = home.registry.grant(make_grant(**changes)).consents[-1]
    return consent.state, consent.missing


def test_who_has_lost_custody_withdraws_all_and_signs_no_new_consent_into_force(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (SPECIAL,))
    for _ in range(2):  # and not by doing it again
        home.registry.withdraw(PERSON, by=None)
        assert len(kept(home)) == 1
        assert given(home) == ("waiting", ("special_guardian",))
        assert kept(home) == []  # the consent carries it
    home.registry.sign(PERSON, SPECIAL)
    assert home.registry.show(PERSON).consents[-1].state == "in_force"


def test_what_is_kept_is_a_hash_whom_custody_makes_sign_and_since_when(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    home.registry.change_custody(PERSON, (SPECIAL,))
    home.registry.withdraw(PERSON)
    with home.engine.connect() as connection:
        (row,) = connection.execute(text("select * from kept_custody")).all()
    assert len(row) == 3
    assert not any(word in str(row) for word in (PERSON, PERSON[2:], str(reference)))


def test_nothing_is_kept_of_somebody_of_whom_no_change_of_custody_was_recorded(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.withdraw(PERSON)
    assert kept(home) == []
    assert given(home) == ("in_force", ())


def test_custody_recorded_anew_is_what_is_kept(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (SPECIAL,))
    home.registry.withdraw(PERSON)
    given(home)
    home.clock.advance(timedelta(minutes=1))
    home.registry.change_custody(PERSON, (G1, G2))
    home.registry.withdraw(PERSON)
    assert given(home) == ("in_force", ())


def test_what_awaits_a_signature_goes_on_and_a_later_consent_knows_custody_too(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    home.registry.change_custody(PERSON, (SPECIAL,))
    home.registry.withdraw(PERSON, "sspf")  # the other goes on under a row of its own
    assert given(home) == ("waiting", ("special_guardian",))


def test_after_a_split_both_numbers_are_under_it(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (SPECIAL,))
    merge(home.registry, OTHER, PERSON, no_record)
    split(home.registry, PERSON, no_record)
    assert given(home) == ("waiting", ("special_guardian",))
    assert given(home, identifier=OTHER) == ("waiting", ("special_guardian",))


def test_after_a_split_nobody_signs_alone_of_whom_it_may_have_been_and_who_lost_it_signs_for_neither(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (G1,))
    home.registry.grant(make_grant(OTHER))  # whose parents have joint custody
    before = copy_of(home)
    home.clock.advance(timedelta(minutes=1))
    merge(home.registry, OTHER, PERSON, no_record)
    split(home.registry, PERSON, no_record)
    for person in (PERSON, OTHER):
        for signer, other in (("guardian_1", "guardian_2"), ("guardian_2", "guardian_1")):
            asked = {"identifier": person, "signed": (signer,), "required": () if signer == "guardian_1" else (signer,)}
            assert given(home, **asked) == ("waiting", (other,))
            home.registry.withdraw(person)
    home.registry.change_custody(OTHER, (G2,), ahead=True)  # recorded anew, it is in doubt no more
    assert given(home, identifier=OTHER, signed=("guardian_2",)) == ("in_force", ())
    put_back(home, before)  # nor does a backup from before the merge know better
    reconcile(home.registry, home.keyring, home.clock.now())
    assert given(home, signed=("guardian_1",), valid_to="2025-11-01") == ("waiting", ("guardian_2",))


def test_a_split_ends_nobodys_block_by_the_doubt(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (G1,))
    given(home, required=("special_guardian",), signed=(), valid_to="2025-11-01")  # who signs beside her
    home.registry.block(PERSON, SPECIAL)
    home.clock.advance(timedelta(minutes=1))
    split(home.registry, PERSON, no_record)
    assert given(home) == ("blocked", ("special_guardian",))
    home.registry.unblock(PERSON, SPECIAL)
    assert home.registry.show(PERSON).consents[-1].state == "waiting"


def test_a_merge_by_mistake_before_any_form_is_taken_back_of_each_number(home: Installation) -> None:
    home.registry.change_custody(PERSON, (G1,), ahead=True)
    merge(home.registry, PERSON, OTHER, no_record)
    for person in (PERSON, OTHER):
        assert split(home.registry, person, no_record) is NOBODY
        assert given(home, identifier=person, signed=("guardian_1",)) == ("waiting", ("guardian_2",))
    with pytest.raises(RejectedError, match="no custody is kept"):
        split(home.registry, make_identifier(2), no_record)


def test_a_number_under_which_it_is_kept_brings_it_with_it(home: Installation) -> None:
    home.registry.grant(make_grant(OTHER))
    home.registry.grant(make_grant())
    home.clock.advance(timedelta(minutes=1))
    home.registry.change_custody(PERSON, (SPECIAL,))
    home.registry.withdraw(PERSON)
    merge(home.registry, PERSON, OTHER, no_record)
    (consent,) = home.registry.show(OTHER).consents
    assert (consent.state, consent.missing) == ("suspended", ("special_guardian",))
    assert kept(home) == []


def test_who_has_lost_custody_registers_under_another_number_and_it_is_found_to_be_hers(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (SPECIAL,))
    home.registry.sign(PERSON, SPECIAL)
    assert given(home, identifier=OTHER, **SIG) == ("in_force", ())
    merge(home.registry, OTHER, PERSON, no_record)
    found = {one.cooperation: (one.state, one.missing) for one in home.registry.show(PERSON).consents}
    assert found == {"sspf": ("in_force", ()), "sig": ("suspended", ("special_guardian",))}


def test_what_was_registered_later_by_whom_custody_makes_sign_goes_on_after_a_merge(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.change_custody(PERSON, (G1,))
    assert given(home, identifier=OTHER, **SIG) == ("in_force", ())  # both signed
    merge(home.registry, OTHER, PERSON, no_record)
    assert [one.state for one in home.registry.show(PERSON).consents if one.cooperation == "sig"] == ["in_force"]


@pytest.mark.parametrize("kept_by", ["recorded ahead", "a consent that has ended"])
@pytest.mark.parametrize("ends", [True, False], ids=["everything ends first", "beside it"])
def test_what_was_kept_of_a_number_outlives_a_merge_into_one_that_carries_none_of_it(
    home: Installation, kept_by: str, *, ends: bool
) -> None:
    if kept_by == "recorded ahead":
        home.registry.change_custody(PERSON, (G1,), ahead=True)
    else:
        home.registry.grant(make_grant())
        home.registry.change_custody(PERSON, (G1,))
        home.registry.withdraw(PERSON, by=None)
    assert given(home, identifier=OTHER) == ("in_force", ())
    merge(home.registry, PERSON, OTHER, no_record)
    if ends:
        home.registry.withdraw(OTHER, by=G2)
    assert given(home, identifier=OTHER, required=("guardian_2",), signed=("guardian_2",), **SIG) == ("waiting", ("guardian_1",))


def test_an_adults_form_lets_go_of_it_and_so_does_time(home: Installation) -> None:
    person = make_identifier(born="20070610")
    for number, more in ((person, ("youth",)), (OTHER, ())):
        home.registry.grant(make_grant(number, signed=("guardian_1", "guardian_2", *more)))
        home.registry.change_custody(number, (SPECIAL,))
        home.registry.withdraw(number)
    assert len(kept(home)) == 2
    home.clock.advance(timedelta(days=60))
    assert given(home, identifier=person, signed=("youth",)) == ("in_force", ())
    assert len(kept(home)) == 1
    home.clock.advance(timedelta(days=18 * 366))
    refresh(home.registry)
    assert kept(home) == []
