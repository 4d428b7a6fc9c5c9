"""Custody on the shred list: a backup that was made before a change gives it back to nobody who has lost it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import chain, combinations

from sqlalchemy import inspect, select, text

from hub.core.consent_rules import Signatory
from hub.registry.custody_lines import custody_lines_of
from hub.registry.reconcile import Reconciled, reconcile
from hub.registry.tables import ConsentFact
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import START, Installation, make_grant, make_identifier

PERSON = make_identifier()
G1, G2, SPECIAL, SOCIAL, YOUTH = (
    Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.SPECIAL_GUARDIAN, Signatory.SOCIAL_SERVICES, Signatory.YOUTH,
)  # fmt: skip
LATER = {"valid_to": "2025-11-01"}


def passed(home: Installation) -> None:
    home.clock.advance(timedelta(days=1))


def restored(home: Installation, copy: dict[str, list[dict]]) -> Reconciled:
    passed(home)
    put_back(home, copy)
    found = reconcile(home.registry, home.keyring, home.clock.now())
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    return found


def granted(home: Installation) -> dict[str, list[dict]]:
    """A backup with one consent in force, that both guardians signed."""
    home.registry.grant(make_grant())
    backup = copy_of(home)
    passed(home)
    return backup


def stands(home: Installation) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    consent = home.registry.show(PERSON).consents[-1]
    return consent.state, consent.missing, consent.blocked_by


def history(home: Installation) -> list[tuple[str, str | None]]:
    with home.registry.view() as session:
        return [(one.kind, one.by) for one in session.scalars(select(ConsentFact).order_by(ConsentFact.position))]


def test_who_lost_custody_after_the_backup_signs_neither_the_restored_consent_nor_the_next(home: Installation) -> None:
    backup = granted(home)
    home.registry.change_custody(PERSON, (SOCIAL,))
    assert restored(home, backup).ended == 1
    assert stands(home) == ("suspended", ("social_services",), ())
    assert home.registry.grant(make_grant(**LATER)).consents[-1].missing == ("social_services",)
    home.registry.sign(PERSON, SOCIAL)
    assert {one.state for one in home.registry.show(PERSON).consents} == {"in_force"}


def test_who_has_custody_signs_again_what_she_signed_after_the_backup(home: Installation) -> None:
    backup = granted(home)
    home.registry.change_custody(PERSON, (SOCIAL,))
    home.registry.sign(PERSON, SOCIAL)
    restored(home, backup)
    assert stands(home) == ("suspended", ("social_services",), ())


def test_custody_outlives_the_last_consent_though_a_backup_from_before_it_is_restored(home: Installation) -> None:
    backup = granted(home)
    home.registry.change_custody(PERSON, (SOCIAL,))
    passed(home)
    home.registry.withdraw(PERSON)
    restored(home, backup)
    assert home.registry.references([PERSON]) == [None]
    home.registry.grant(make_grant(**LATER))
    assert stands(home) == ("waiting", ("social_services",), ())


def test_of_several_changes_the_last_counts_and_each_comes_back_at_its_instant(home: Installation) -> None:
    backup = granted(home)
    for roles in ((SPECIAL,), (G1, G2), (SPECIAL,), (G1,)):
        home.registry.change_custody(PERSON, roles)
        passed(home)
    before = history(home)
    restored(home, backup)
    assert history(home) == before
    assert stands(home) == ("suspended", ("guardian_1",), ())


def test_a_block_ends_with_its_custody_and_one_that_was_set_since_stands(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.block(PERSON, G1)
    home.registry.block(PERSON, YOUTH)
    backup = copy_of(home)
    passed(home)
    home.registry.change_custody(PERSON, (SPECIAL,))
    passed(home)
    restored(home, backup)
    assert stands(home)[2] == ("youth",)
    home.registry.change_custody(PERSON, (G1, G2))
    passed(home)
    home.registry.block(PERSON, G1)
    restored(home, backup)
    assert stands(home)[2] == ("guardian_1", "youth")


def test_a_change_that_a_crash_kept_off_the_list_comes_on_it_and_the_list_names_no_person(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    passed(home)
    home.registry.change_custody(PERSON, (SOCIAL, G2))
    with home.keyring.engine.begin() as connection:
        assert connection.execute(text("DELETE FROM shred_list WHERE subject LIKE '%.custody'")).rowcount == 1
    assert reconcile(home.registry, home.keyring, home.clock.now()).told == 1
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    listed = str(home.keyring.endings())
    lookups = [home.tools.vault.lookup(PERSON).hex()]
    assert not any(word in listed for word in (PERSON, PERSON[2:], str(reference), *lookups))


def test_a_line_of_whoever_may_have_custody_finds_room_on_the_list_and_is_no_others(home: Installation) -> None:
    roles = [one.value for one in Signatory]
    every = list(chain.from_iterable(combinations(roles, size) for size in range(1, len(roles) + 1)))
    facts = [
        ConsentFact(position=0, at=START, kind="custody_changed", details={"signatories": list(some), "named": True})
        for some in every
    ]
    lines = list(custody_lines_of(str(uuid.uuid4()), facts))
    assert len({one.state for one in lines}) == len(every)
    columns = inspect(home.keyring.engine).get_columns("shred_list")
    room = {one["name"]: one["type"].length for one in columns if one["name"] in {"subject", "state"}}
    assert all(len(one.subject) <= room["subject"] and len(one.state) <= room["state"] for one in lines)
