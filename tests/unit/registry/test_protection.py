"""Protected identities never enter, and who has entered leaves: at once for everybody to see, for ever when nobody reverses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.errors import RejectedError, RetriableError
from hub.registry.granting import Marking, Signatory
from hub.registry.grants import find_youth
from hub.registry.identities import merge
from hub.registry.keyring import PROTECTED, Ending
from hub.registry.parties import open_parties, read_parties, seal_parties
from hub.registry.protecting import protect, protect_reference, unprotect
from hub.registry.reconcile import reconcile
from hub.registry.registry import Registry
from hub.registry.tables import Protection
from hub.registry.upkeep import refresh
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import LEISURE, SCHOOL, START, Installation, make_grant, make_identifier

PERSON = make_identifier()
SIG = {"cooperation": "sig", "recipients": ("sig",)}
PARTIES = {"name": "Test Testsson", "parties": [{"role": "guardian_1", "name": "Prov Testsson", "contacts": ["011-15 00 00"]}]}


def no_record(_youth_id: str) -> None: ...


def refused(code: str, call: object, *arguments: object) -> str:
    with pytest.raises(RejectedError) as caught:
        call(*arguments)  # type: ignore[operator]
    assert caught.value.code == code
    assert PERSON not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("marking", list(Marking))
def test_a_consent_of_a_protected_person_enters_nothing_and_lies_whole_in_the_manual_lane(
    home: Installation, marking: Marking
) -> None:
    text = refused("manual_handling", home.registry.grant, make_grant(protected=marking))
    assert not any(word in text for word in ("protect", "skydd", "secre", marking.value))
    assert [home.rows(table) for table in ("youth", "consent", "subject_entry", "outbox")] == [0, 0, 0, 0]
    (case,) = home.lane.cases.values()
    assert (case["identifier"], case["request"]["protected"], case["request"]["cooperation"]) == (PERSON, marking.value, "sspf")
    # From now on without being told, and with the very same words; the same form again is the same case.
    assert refused("manual_handling", home.registry.grant, make_grant(PERSON[:8] + "-" + PERSON[8:])) == text
    refused("manual_handling", home.registry.grant, make_grant(protected=marking))
    assert len(home.lane.cases) == 2


def test_an_import_keeps_the_other_rows_and_says_of_the_protected_one_only_that_it_is_handled_by_hand(home: Installation) -> None:
    rows = [make_grant(make_identifier(number), protected="own" if number == 1 else None) for number in range(3)]
    outcome = home.registry.grant_many(rows)
    assert [(error.row, error.code) for error in outcome.errors] == [(2, "manual_handling")]
    assert (len(outcome.granted), home.rows("youth"), len(home.lane.cases)) == (2, 2, 1)


def test_marking_somebody_with_a_reference_stops_everything_at_once(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    with home.registry.work() as work:
        seal_parties(work, find_youth(work, PERSON).consents, read_parties(PARTIES))
    home.relay.run_once()
    assert home.told().entries[0]["removed"] is False
    recorded: list[str] = []
    assert protect(home.registry, PERSON, Marking.HOUSEHOLD, recorded.append)
    assert len(recorded) == 1
    (entry,) = home.told().entries  # before anything is published
    assert (entry["removed"], entry["erasure_id"]) == (True, None)
    home.relay.run_once()
    assert [(record.youth_ref, record.status, record.area is None) for record in home.sent()][-1][:2] == (reference, "suspended")
    refused("manual_handling", home.registry.sign, PERSON, Signatory.GUARDIAN_2)
    refused("manual_handling", home.registry.grant, make_grant(cooperation="sspf", valid_to="2026-01-01"))
    (case,) = [case for case in home.lane.cases.values() if case["what"] == "stopped"]
    assert (case["marking"], case["parties"]["name"], len(case["consents"])) == ("household", "Test Testsson", 2)
    with home.registry.work() as work:
        assert open_parties(work, find_youth(work, PERSON)) is None
    assert home.registry.erasure_status() == []


def test_a_slip_is_reversed_by_a_decision_and_everything_goes_on(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    home.registry.grant(make_grant(**SIG))
    home.registry.suspend(PERSON, "sig")  # for another reason: a change of custody
    home.relay.run_once()
    (before,) = [entry for entry in home.told().entries if not entry["removed"]]
    protect(home.registry, PERSON, Marking.OWN, no_record)
    home.relay.run_once()
    home.clock.advance(timedelta(days=13))
    refresh(home.registry)
    assert unprotect(home.registry, PERSON, "ksn-2025-17", no_record)
    home.relay.run_once()
    view = home.registry.show(PERSON)
    assert {consent.cooperation: consent.state for consent in view.consents} == {"sspf": "in_force", "sig": "suspended"}
    assert view.youth_ref == reference
    (after,) = home.told().entries
    assert {**after, "version": 0, "spans": []} == {**before, "version": 0, "spans": []}
    marked, lifted = START.isoformat(), (START + timedelta(days=13)).isoformat()
    (whole,) = before["spans"]
    assert after["spans"] == [{"from": whole["from"], "to": marked}, {"from": lifted, "to": whole["to"]}]
    assert [case["decision"] for case in home.lane.cases.values() if case["what"] == "reversed"] == ["ksn-2025-17"]
    refused("not_protected", unprotect, home.registry, PERSON, "ksn-2025-17", no_record)


def test_a_reversal_lifts_no_halt_that_a_restore_set_for_a_block_of_nobody_knows_whom(home: Installation) -> None:
    home.registry.grant(make_grant())
    backup = copy_of(home)
    home.clock.advance(timedelta(days=1))
    home.registry.block(PERSON, Signatory.YOUTH)
    with home.keyring.engine.begin() as connection:  # as a list of an older version has it
        connection.execute(text("DELETE FROM shred_list WHERE state = 'blocks_all'"))
    put_back(home, backup)
    assert reconcile(home.registry, home.keyring, home.clock.now()).ended == 1
    protect(home.registry, PERSON, Marking.OWN, no_record)
    home.clock.advance(timedelta(days=1))
    assert unprotect(home.registry, PERSON, "ksn-2025-17", no_record)
    assert [one.state for one in home.registry.show(PERSON).consents] == ["suspended"]


def test_after_the_time_for_a_reversal_everything_is_erased_and_the_mark_stays(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    home.registry.grant(make_grant(**SIG, signed=()))
    home.relay.run_once()
    home.told()
    protect(home.registry, PERSON, Marking.EXIT, no_record)
    home.clock.advance(timedelta(days=14))
    assert refresh(home.registry) == 1
    home.relay.run_once()
    assert [record.status for record in home.sent()][-1] == "withdrawn"
    assert home.told().entries[0]["erasure_id"] == home.registry.erasure_status()[0].erasure_id
    assert home.rows("link_key") == 0
    assert home.registry.references([PERSON]) == [None]
    refused("manual_handling", home.registry.grant, make_grant())
    assert refresh(home.registry) == 0
    assert not unprotect(home.registry, PERSON, "ksn-2025-18", no_record)
    assert home.registry.grant(make_grant()).youth_ref not in {None, reference}


def test_a_marking_and_a_grant_that_did_not_see_each_other_meet_at_the_next_round(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    with home.registry.work() as work:  # what the other process committed in the same moment
        work.session.add(Protection(lookup=home.tools.vault.lookup(PERSON), marked_at=work.now))
    assert refresh(home.registry) == 1
    assert home.registry.show(PERSON).status == "suspended"
    assert home.told().entries[0]["removed"] is True
    assert refresh(home.registry) == 0


def test_somebody_unknown_can_be_marked_and_never_enters(home: Installation) -> None:
    assert not protect(home.registry, PERSON, Marking.GUARDIAN, no_record)
    refused("manual_handling", home.registry.grant, make_grant())
    assert home.rows("youth") == 0


def test_without_the_manual_lane_nothing_is_changed_and_nothing_is_lost(home: Installation) -> None:
    home.registry.grant(make_grant(make_identifier(1)))
    home.lane.failures = 2
    with pytest.raises(RetriableError):
        home.registry.grant(make_grant(protected="own"))
    with pytest.raises(RetriableError):
        protect(home.registry, make_identifier(1), Marking.OWN, no_record)
    assert (home.rows("protection"), home.registry.show(make_identifier(1)).status) == (0, "in_force")


def test_a_withdrawal_is_taken_from_a_protected_person_too(home: Installation) -> None:
    home.registry.grant(make_grant())
    protect(home.registry, PERSON, Marking.OWN, no_record)
    assert home.registry.withdraw(PERSON).status == "withdrawn"


def test_an_agency_can_say_it_of_a_reference_that_it_was_told_and_of_no_other(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref
    assert reference is not None
    assert not protect_reference(home.registry, reference, SCHOOL, no_record)  # not told yet
    home.relay.run_once()
    recorded: list[str] = []
    assert not protect_reference(home.registry, reference, LEISURE, recorded.append)
    assert not protect_reference(home.registry, "y" + 32 * "0", SCHOOL, recorded.append)
    assert home.registry.show(PERSON).status == "in_force"
    assert protect_reference(home.registry, reference, SCHOOL, recorded.append)
    assert protect_reference(home.registry, reference, SCHOOL, recorded.append)
    assert len(recorded) == 1
    assert home.registry.show(PERSON).status == "suspended"


def test_names_on_the_form_are_sealed_and_bad_ones_are_refused_without_their_value(home: Installation) -> None:
    home.registry.grant(make_grant())
    with home.registry.work() as work:
        youth = find_youth(work, PERSON)
        seal_parties(work, youth.consents, read_parties(PARTIES))
        assert b"Testsson" not in (youth.parties or b"")
        assert open_parties(work, youth) == read_parties(PARTIES)
    assert "Testsson" not in repr(read_parties(PARTIES))
    twice = {**PARTIES, "parties": PARTIES["parties"] * 2}
    for row in ({}, {"name": ""}, {"name": "Test\nTestsson"}, {**PARTIES, "age": 3}, twice):
        assert "Testsson" not in refused("bad_field", read_parties, row)


def with_names(home: Installation) -> None:
    home.registry.grant(make_grant())
    with home.registry.work() as work:
        seal_parties(work, find_youth(work, PERSON).consents, read_parties(PARTIES))


def told(home: Installation) -> list[tuple[str, bool]]:
    """What became of her case in the manual lane, and whether her names are there and here no longer."""
    stopped = [case for case in home.lane.cases.values() if case["what"] == "stopped"]
    with home.engine.connect() as connection:
        left = connection.execute(text("select count(*) from youth where parties is not null")).scalar_one()
    return [(case["consents"][0]["state"], "Test Testsson" in str(case["parties"]) and not left) for case in stopped]


def by_a_form(home: Installation) -> None:
    refused("manual_handling", home.registry.grant, make_grant(**SIG, protected="own"))


def by_a_merge(home: Installation) -> None:
    protect(home.registry, make_identifier(1), Marking.OWN, no_record)
    merge(home.registry, PERSON, make_identifier(1), no_record)


def by_a_merge_with_somebody_older(home: Installation) -> None:
    with home.registry.work() as work:
        find_youth(work, PERSON).created_at += timedelta(days=1)
    home.registry.grant(make_grant(make_identifier(1)))
    with home.registry.work() as work:
        work.session.add(Protection(lookup=home.tools.vault.lookup(make_identifier(1)), marked_at=work.now))
    merge(home.registry, PERSON, make_identifier(1), no_record)


def by_a_round(home: Installation) -> None:
    with home.registry.work() as work:
        work.session.add(Protection(lookup=home.tools.vault.lookup(PERSON), marked_at=work.now))
    refresh(home.registry)


def by_the_shred_list(home: Installation) -> None:
    home.keyring.end([Ending(home.clock.now(), home.tools.vault.lookup(PERSON).hex(), PROTECTED)])
    reconcile(home.registry, home.keyring, home.clock.now())


@pytest.mark.parametrize("become", [by_a_form, by_a_merge, by_a_merge_with_somebody_older, by_a_round, by_the_shred_list])
def test_whichever_way_she_became_protected_the_manual_lane_has_her_case_and_the_names_on_her_form(
    home: Installation, become: Callable[[Installation], None]
) -> None:
    with_names(home)
    become(home)
    assert ("in_force", True) in told(home)
    refresh(home.registry)
    count = len(home.lane.cases)
    reconcile(home.registry, home.keyring, home.clock.now())
    refresh(home.registry)
    assert len(home.lane.cases) == count  # told once


def test_while_the_lane_takes_nothing_a_form_that_says_so_changes_nothing_and_no_name_is_lost(home: Installation) -> None:
    with_names(home)
    home.lane.failures = 1
    with pytest.raises(RetriableError):
        home.registry.grant(make_grant(**SIG, protected="own"))
    assert (home.registry.show(PERSON).status, told(home)) == ("in_force", [])
    by_a_form(home)
    assert told(home) == [("in_force", True)]


def test_a_restore_without_a_lane_stops_her_and_keeps_the_names_until_a_process_that_has_one_hands_them_over(
    home: Installation,
) -> None:
    with_names(home)
    home.keyring.end([Ending(home.clock.now(), home.tools.vault.lookup(PERSON).hex(), PROTECTED)])
    without = Registry(home.engine, replace(home.tools, lane=None), home.registry.rules, home.clock)
    reconcile(without, home.keyring, home.clock.now())
    refresh(without)
    assert (home.registry.show(PERSON).status, home.lane.cases) == ("suspended", {})
    assert home.rows("youth where parties is not null") == 1
    refresh(home.registry)
    assert told(home) == [("suspended", True)]
    unprotect(home.registry, PERSON, "ksn-2025-17", no_record)
    assert home.registry.show(PERSON).status == "in_force"
