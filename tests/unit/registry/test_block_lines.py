"""Blocks on the shred list: a backup that was made before a block undoes neither the block nor what is kept of it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect, text

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.reconcile import Reconciled, reconcile
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

PERSON = make_identifier()
G1, YOUTH = Signatory.GUARDIAN_1, Signatory.YOUTH
SIG = {"cooperation": "sig", "recipients": ("sig",)}
LATER = {"valid_to": "2025-11-01"}


def passed(home: Installation, days: int = 1) -> datetime:
    return home.clock.advance(timedelta(days=days))


def restored(home: Installation, copy: dict[str, list[dict]]) -> Reconciled:
    put_back(home, copy)
    return reconcile(home.registry, home.keyring, home.clock.now())


def kept(home: Installation) -> list[tuple[str, str]]:
    with home.engine.connect() as connection:
        query = 'select "by", cooperation from barred_time order by "by", cooperation'
        return [(by, cooperation) for by, cooperation in connection.execute(text(query))]


def counted(home: Installation, at: datetime) -> bool:
    return home.registry.decide(PERSON, source=SCHOOL, recipient=None, kind=InfoKind.SCHOOL_ABSENCE, at=at).permit


def states(home: Installation) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {one.cooperation: (one.state, one.blocked_by) for one in home.registry.show(PERSON).consents}


def test_a_block_outlives_the_last_consent_though_a_backup_from_before_it_is_restored(home: Installation) -> None:
    home.registry.grant(make_grant())
    backup = copy_of(home)
    passed(home)
    home.registry.block(PERSON, YOUTH)
    under = passed(home)
    home.registry.withdraw(PERSON, by=G1)
    passed(home)
    restored(home, backup)
    assert (home.registry.references([PERSON]), kept(home)) == ([None], [("youth", "")])
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    view = home.registry.grant(make_grant(**LATER))
    assert (view.consents[0].state, view.consents[0].blocked_by) == ("blocked", ("youth",))
    home.registry.unblock(PERSON, YOUTH)
    after = passed(home)
    assert [counted(home, at) for at in (under, after)] == [False, True]


def test_a_restored_consent_is_under_the_block_of_the_role_that_set_it_and_that_role_lifts_it(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    backup = copy_of(home)
    passed(home)
    home.registry.block(PERSON, G1, Cooperation.SSPF)
    under = passed(home)
    passed(home)
    assert restored(home, backup).ended == 1
    assert states(home) == {"sspf": ("blocked", ("guardian_1",)), "sig": ("in_force", ())}
    with pytest.raises(RejectedError):
        home.registry.unblock(PERSON, YOUTH)
    home.registry.unblock(PERSON, G1)
    assert states(home)["sspf"] == ("in_force", ())
    home.registry.withdraw(PERSON, Cooperation.SIG)
    assert not counted(home, under)
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)


def test_a_block_on_what_was_suspended_or_blocked_by_another_already_comes_back(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    home.registry.suspend(PERSON, Cooperation.SSPF)
    home.registry.block(PERSON, G1, Cooperation.SIG)
    backup = copy_of(home)
    passed(home)
    home.registry.block(PERSON, YOUTH)
    passed(home)
    assert restored(home, backup).ended == 2
    assert states(home) == {"sspf": ("blocked", ("youth",)), "sig": ("blocked", ("guardian_1", "youth"))}
    home.registry.unblock(PERSON, YOUTH)
    assert states(home) == {"sspf": ("suspended", ()), "sig": ("blocked", ("guardian_1",))}


def test_of_a_block_that_was_set_and_lifted_since_the_backup_its_time_stays_out(home: Installation) -> None:
    home.registry.grant(make_grant())
    before = passed(home)
    backup = copy_of(home)
    passed(home)
    home.registry.block(PERSON, YOUTH)
    under = passed(home)
    passed(home)
    home.registry.unblock(PERSON, YOUTH)
    after = passed(home)
    passed(home)
    for _twice in range(2):
        restored(home, backup)
        assert states(home) == {"sspf": ("in_force", ())}
        assert [counted(home, at) for at in (before, under, after)] == [True, False, True]
        assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)


def test_a_block_that_a_crash_kept_off_the_list_comes_on_it_and_the_list_names_no_person(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    passed(home)
    home.registry.block(PERSON, YOUTH)
    with home.keyring.engine.begin() as connection:
        connection.execute(text("DELETE FROM shred_list WHERE state = 'blocks_all'"))
    assert reconcile(home.registry, home.keyring, home.clock.now()).told == 1
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    listed = str(home.keyring.endings())
    lookups = [home.tools.vault.lookup(PERSON).hex()]
    assert not any(word in listed for word in (PERSON, PERSON[2:], str(reference), *lookups))


def test_a_line_of_every_role_finds_room_on_the_list(home: Installation) -> None:
    (column,) = [one for one in inspect(home.keyring.engine).get_columns("shred_list") if one["name"] == "subject"]
    assert max(len(f"{uuid.uuid4()}.{role}") for role in Signatory) <= column["type"].length
