"""What is kept of a number whose owner has a consent when the number becomes another: it is her under each, whatever ends then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Signatory
from hub.registry.granting import Marking
from hub.registry.identities import merge, split
from hub.registry.protecting import protect, unprotect
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

FORMER, PRESENT = make_identifier(), make_identifier(1)
G1, G2, YOUTH = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.YOUTH
SIG = {"cooperation": "sig", "recipients": ("sig",)}


def no_record(_youth_id: str) -> None: ...


@pytest.fixture
def home(sqlite_home: Installation) -> Installation:
    return sqlite_home


def passed(home: Installation, days: int = 1) -> datetime:
    return home.clock.advance(timedelta(days=days))


def given(home: Installation, person: str = PRESENT, **changes: object) -> tuple[str, tuple[str, ...]]:
    """Where a new consent to SIG stands, and by whom it is blocked."""
    passed(home)
    consent = home.registry.grant(make_grant(person, **SIG, **changes)).consents[-1]
    return consent.state, consent.blocked_by


def counted(home: Installation, at: datetime) -> bool:
    return home.registry.decide(PRESENT, source=SCHOOL, recipient=None, kind=InfoKind.SCHOOL_ABSENCE, at=at).permit


def kept_since(home: Installation) -> list[datetime]:
    with home.registry.view() as session:
        return list(session.execute(text("select since from barred_time")).scalars())


@pytest.mark.parametrize("registered_first", [FORMER, PRESENT], ids=["former", "present"])
@pytest.mark.parametrize("asked_for", [FORMER, PRESENT], ids=["under-former", "under-present"])
def test_a_block_that_no_open_consent_meets_stands_under_both_numbers(home, registered_first: str, asked_for: str) -> None:
    home.registry.grant(make_grant(registered_first))
    home.registry.block(FORMER, YOUTH, Cooperation.SIG, ahead=True)
    passed(home)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.registry.withdraw(PRESENT)
    assert given(home, asked_for) == ("blocked", ("youth",))


def test_a_block_that_outlived_all_consents_stands_under_both_numbers(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER, **SIG))
    home.registry.block(FORMER, YOUTH, Cooperation.SIG)
    home.registry.withdraw(FORMER)
    home.registry.grant(make_grant(PRESENT))
    passed(home)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.registry.withdraw(PRESENT)
    assert given(home) == ("blocked", ("youth",))


def test_the_time_of_a_protection_that_was_reversed_stays_out_under_both_numbers(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    passed(home)
    protect(home.registry, FORMER, Marking.OWN, no_record)
    protected = passed(home)
    passed(home)
    unprotect(home.registry, FORMER, "KS 1", no_record)
    after = passed(home)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.registry.withdraw(PRESENT)
    passed(home)
    home.registry.grant(make_grant(PRESENT))
    assert (counted(home, protected), counted(home, after)) == (False, True)


def test_a_guardians_block_ends_by_custody_that_the_other_number_knows_under_both(home: Installation) -> None:
    home.registry.block(FORMER, G2, Cooperation.SIG, ahead=True)
    passed(home)
    home.registry.grant(make_grant(PRESENT))
    home.registry.change_custody(PRESENT, (G1,))
    passed(home)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.registry.withdraw(PRESENT)
    assert given(home, required=("guardian_1",), signed=("guardian_1",))[1] == ()
    assert home.rows("barred_time") == 0


def test_custody_that_a_consent_under_the_other_number_met_already_is_kept_of_both(home: Installation) -> None:
    home.registry.change_custody(FORMER, (G1,), ahead=True)
    passed(home)
    home.registry.grant(make_grant(PRESENT))  # both sign: also whom custody makes sign
    passed(home)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.registry.withdraw(PRESENT)
    assert given(home, required=("guardian_2",), signed=("guardian_2",))[0] == "waiting"


def test_custody_that_was_kept_of_one_number_is_in_doubt_after_a_split_too(home: Installation) -> None:
    home.registry.change_custody(FORMER, (G1,), ahead=True)
    passed(home)
    home.registry.grant(make_grant(PRESENT))
    passed(home)
    merge(home.registry, FORMER, PRESENT, no_record)
    split(home.registry, PRESENT, no_record)
    assert given(home, required=("guardian_1",), signed=("guardian_1",))[0] == "waiting"
    home.registry.sign(PRESENT, G2)
    assert home.registry.show(PRESENT).consents[-1].state == "in_force"


def test_a_block_that_is_said_again_ahead_stands_since_the_first(home: Installation) -> None:
    home.registry.grant(make_grant(PRESENT))
    home.registry.grant(make_grant(PRESENT, **SIG))
    first = passed(home)
    home.registry.block(PRESENT, YOUTH, Cooperation.SIG)
    passed(home)
    home.registry.withdraw(PRESENT, Cooperation.SIG)
    between = passed(home)
    home.registry.block(PRESENT, YOUTH, Cooperation.SIG, ahead=True)
    home.registry.withdraw(PRESENT)
    assert [str(one)[:19] for one in kept_since(home)] == [str(first)[:19]]
    assert given(home) == ("blocked", ("youth",))
    home.registry.unblock(PRESENT, YOUTH)
    assert not counted(home, between)
