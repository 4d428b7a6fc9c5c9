"""One person under two numbers, and two under one: what stays, what ends, and that nothing passes from one to the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract.models import ConsentStatus, InfoKind
from hub.errors import RejectedError, RetriableError
from hub.registry import protecting
from hub.registry.granting import Marking, Signatory
from hub.registry.identities import merge, split
from hub.registry.parties import read_parties, seal_parties
from hub.registry.vault import subject_hash
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier

FORMER = make_identifier(3, born="20130364")  # a samordningsnummer: day + 60
PRESENT = make_identifier(4)
SIG = {"cooperation": "sig", "recipients": ("sig",), "agencies": (POLICE,), "kinds": ("police_notice",)}


def refused(code: str, call: object, *arguments: object) -> None:
    with pytest.raises(RejectedError) as caught:
        call(*arguments)  # type: ignore[operator]
    assert caught.value.code == code
    assert not any(number in str(caught.value) for number in (FORMER, PRESENT))


def no_record(_youth_id: str) -> None: ...


def standing(home: Installation) -> dict[str | None, tuple[str, list[str]]]:
    return {record.youth_ref: (record.status, [scope.cooperation for scope in record.scopes]) for record in home.sent()}


def test_a_number_that_replaces_another_is_the_same_person_under_the_same_reference(home: Installation) -> None:
    reference = home.registry.grant(make_grant(FORMER)).youth_ref
    home.relay.run_once()
    (before,) = home.told().entries
    recorded: list[str] = []
    view = merge(home.registry, FORMER, PRESENT, recorded.append)
    assert view.youth_ref == reference
    assert len(recorded) == 1
    assert home.registry.references([FORMER, PRESENT]) == [reference, reference]
    (after,) = home.told(since=before["version"]).entries
    key = home.agencies[SCHOOL].hmac_key
    assert after["subject_hashes"] == [subject_hash(key, number) for number in (PRESENT, FORMER)]
    assert after["link_key"] == before["link_key"]
    refused("already_granted", home.registry.grant, make_grant(PRESENT))
    refused("already_one", merge, home.registry, PRESENT, FORMER, no_record)
    refused("no_consent", merge, home.registry, make_identifier(8), make_identifier(9), no_record)
    home.registry.withdraw(FORMER)
    assert home.registry.references([FORMER, PRESENT]) == [None, None]
    assert home.rows("alias") == 0


def test_of_two_references_the_older_stays_with_the_consents_of_both(home: Installation) -> None:
    older = home.registry.grant(make_grant(FORMER)).youth_ref
    home.clock.advance(timedelta(days=1))
    younger = home.registry.grant(make_grant(PRESENT, **SIG)).youth_ref
    home.relay.run_once()
    home.told(POLICE)
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert view.youth_ref == older
    assert sorted(consent.state for consent in view.consents) == ["in_force", "in_force"]
    home.relay.run_once()
    assert standing(home) == {older: ("in_force", ["sspf", "sig"]), younger: ("withdrawn", [])}
    entries = {entry["youth_ref"]: entry for entry in home.told(POLICE).entries}
    assert entries[younger]["removed"] is True
    assert entries[older]["kinds"] == ["police_notice"]
    assert [status.erasure_id for status in home.registry.erasure_status()] == [entries[younger]["erasure_id"]]


def test_a_row_without_a_reference_goes_into_the_one_that_has_one(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER, signed=("guardian_1",)))
    home.clock.advance(timedelta(days=1))
    reference = home.registry.grant(make_grant(PRESENT, **SIG)).youth_ref
    assert merge(home.registry, FORMER, PRESENT, no_record).youth_ref == reference
    home.registry.sign(FORMER, Signatory.GUARDIAN_2)
    assert [consent.state for consent in home.registry.show(PRESENT).consents] == ["in_force", "in_force"]
    assert home.registry.erasure_status() == []


def test_a_consent_that_the_other_row_saw_withdrawn_later_waits_to_be_signed_again(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    home.clock.advance(timedelta(days=1))
    home.registry.grant(make_grant(PRESENT))
    home.registry.grant(make_grant(PRESENT, **SIG))
    home.clock.advance(timedelta(days=2))
    home.registry.withdraw(PRESENT, "sspf")  # in this row a guardian has said no since
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert {consent.cooperation: consent.state for consent in view.consents} == {"sspf": "suspended", "sig": "in_force"}
    home.relay.run_once()
    (record,) = [one for one in home.sent() if one.youth_ref == view.youth_ref][-1:]
    assert [scope.cooperation for scope in record.scopes] == ["sig"]
    home.registry.sign(PRESENT, Signatory.GUARDIAN_1, "sspf")
    view = home.registry.sign(PRESENT, Signatory.GUARDIAN_2, "sspf")
    assert {consent.state for consent in view.consents} == {"in_force"}


def test_what_still_waits_after_a_withdrawal_keeps_every_number(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    home.registry.grant(make_grant(FORMER, **SIG, signed=()))
    merge(home.registry, FORMER, PRESENT, no_record)
    home.registry.withdraw(PRESENT, "sspf")
    assert [consent.state for number in (FORMER, PRESENT) for consent in home.registry.show(number).consents] == ["waiting"] * 2


def test_a_merge_that_cannot_be_logged_changes_nothing(home: Installation) -> None:
    def full(_youth_id: str) -> None:
        raise RetriableError("no log", code="audit")

    reference = home.registry.grant(make_grant(FORMER)).youth_ref
    for attempt in (lambda: merge(home.registry, FORMER, PRESENT, full), lambda: split(home.registry, FORMER, full)):
        with pytest.raises(RetriableError):
            attempt()
    assert home.registry.references([FORMER, PRESENT]) == [reference, None]
    assert home.rows("outbox") == 1


def test_protection_under_one_number_is_protection_under_both(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    protecting.protect(home.registry, PRESENT, Marking.OWN, no_record)
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert view.status == "suspended"
    refused("manual_handling", home.registry.grant, make_grant(FORMER, **SIG))


@pytest.mark.parametrize("blocked", [FORMER, PRESENT], ids=["the former", "the present"])
def test_what_is_blocked_under_one_number_is_blocked_under_both(home: Installation, blocked: str) -> None:
    home.registry.grant(make_grant(FORMER))
    home.clock.advance(timedelta(days=1))
    home.registry.grant(make_grant(PRESENT, **SIG))
    home.registry.block(blocked, Signatory.YOUTH)
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert [one.state for one in view.consents if one.state != "withdrawn"] == ["blocked", "blocked"]
    home.registry.unblock(PRESENT, Signatory.YOUTH)
    assert [one.state for one in home.registry.show(PRESENT).consents] == ["in_force", "in_force"]


@pytest.mark.parametrize("changed", [FORMER, PRESENT], ids=["the former", "the present"])
def test_a_change_of_custody_under_one_number_suspends_what_was_signed_before_it_under_the_other(
    home: Installation, changed: str
) -> None:
    other = PRESENT if changed == FORMER else FORMER
    home.registry.grant(make_grant(changed))
    home.registry.grant(make_grant(other, **SIG))
    home.clock.advance(timedelta(days=1))
    home.registry.change_custody(changed, (Signatory.GUARDIAN_2,))
    home.registry.sign(changed, Signatory.GUARDIAN_2)
    home.clock.advance(timedelta(days=1))
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert {one.cooperation: one.state for one in view.consents if one.state != "withdrawn"} == {
        "sspf": "in_force",
        "sig": "suspended",
    }
    assert {one.required for one in view.consents} == {("guardian_2",)}
    view = home.registry.sign(PRESENT, Signatory.GUARDIAN_2, "sig")
    assert {one.state for one in view.consents} == {"in_force"}


def test_what_was_signed_after_custody_changed_or_only_signed_for_again_stays(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    home.registry.grant(make_grant(PRESENT, **SIG))
    home.clock.advance(timedelta(days=1))
    home.registry.suspend(FORMER)  # nobody said that custody is another's
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert {one.cooperation: one.state for one in view.consents} == {"sspf": "suspended", "sig": "in_force"}
    third = make_identifier(7)
    home.registry.grant(make_grant(third, valid_to="2025-11-01"))
    home.clock.advance(timedelta(days=1))
    home.registry.change_custody(third, (Signatory.GUARDIAN_1,))
    home.registry.withdraw(PRESENT, "sig")
    home.registry.grant(make_grant(PRESENT, **SIG, valid_to="2025-11-01"))
    view = merge(home.registry, third, PRESENT, no_record)
    assert [one.required for one in view.consents if one.state == "in_force"] == [("guardian_1", "guardian_2")]


@pytest.mark.parametrize("registered", [False, True], ids=["ahead", "registered"])
def test_a_kept_block_ends_with_the_custody_that_the_other_number_knows_to_be_lost(
    home: Installation, *, registered: bool
) -> None:
    began = home.clock.now()
    home.registry.block(FORMER, Signatory.GUARDIAN_2, ahead=True)
    home.clock.advance(timedelta(days=1))
    if registered:
        home.registry.grant(make_grant(PRESENT, signed=("guardian_1",)))
    home.registry.change_custody(PRESENT, (Signatory.GUARDIAN_1,), ahead=True)
    if registered:
        home.registry.sign(PRESENT, Signatory.GUARDIAN_1)
    merge(home.registry, FORMER, PRESENT, no_record)
    if not registered:
        home.registry.grant(make_grant(PRESENT, signed=("guardian_1",)))
    (consent,) = home.registry.show(PRESENT).consents
    assert (consent.state, consent.blocked_by) == ("in_force", ())
    asked = {"source": SCHOOL, "recipient": None, "kind": InfoKind.SCHOOL_ABSENCE}
    decided = [
        home.registry.decide(PRESENT, **asked, at=at).permit for at in (began - timedelta(days=1), began, home.clock.now())
    ]
    assert decided == [True, not registered, True]  # the time in which it met what was registered stays out


def test_a_kept_block_of_the_youth_is_no_matter_of_custody(home: Installation) -> None:
    home.registry.block(FORMER, Signatory.YOUTH, ahead=True)
    home.registry.change_custody(PRESENT, (Signatory.GUARDIAN_1,), ahead=True)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.clock.advance(timedelta(minutes=1))
    assert home.registry.grant(make_grant(PRESENT)).consents[-1].blocked_by == ("youth",)


def test_a_kept_block_of_who_signs_beside_custody_is_as_it_was_after_a_merge(home: Installation) -> None:
    home.registry.change_custody(FORMER, (Signatory.GUARDIAN_1,), ahead=True)
    home.registry.grant(make_grant(FORMER, required=("guardian_1", "guardian_2")))
    home.registry.block(FORMER, Signatory.GUARDIAN_2)
    home.registry.withdraw(FORMER)
    merge(home.registry, FORMER, PRESENT, no_record)
    home.clock.advance(timedelta(minutes=1))
    assert home.registry.grant(make_grant(PRESENT)).consents[-1].blocked_by == ("guardian_2",)


def test_what_happened_under_a_block_of_one_number_is_covered_under_neither(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    home.registry.grant(make_grant(PRESENT, **SIG))
    home.clock.advance(timedelta(days=1))
    home.registry.block(PRESENT, Signatory.YOUTH)
    began = home.clock.now()
    ended = home.clock.advance(timedelta(days=1))
    home.registry.unblock(PRESENT, Signatory.YOUTH)
    home.clock.advance(timedelta(days=1))
    view = merge(home.registry, FORMER, PRESENT, no_record)
    assert {one.state for one in view.consents} == {"in_force"}
    home.relay.run_once()
    record = [one for one in home.sent() if one.youth_ref == view.youth_ref][-1]
    assert not [scope for scope in record.scopes if scope.valid_from < ended and scope.valid_to > began]
    assert len(record.scopes) == 4


def test_after_a_split_nothing_passes_from_one_person_to_the_other(home: Installation) -> None:
    first = home.registry.grant(make_grant(FORMER)).youth_ref
    home.registry.grant(make_grant(FORMER, **SIG, signed=()))
    merge(home.registry, FORMER, PRESENT, no_record)
    with home.registry.work() as work:
        from hub.registry.grants import find_youth

        seal_parties(work, find_youth(work, PRESENT).consents, read_parties({"name": "Test Testsson"}))
    home.relay.run_once()
    (before,) = home.told().entries
    view = split(home.registry, PRESENT, no_record)
    assert [consent.state for consent in view.consents] == ["withdrawn", "withdrawn"]
    assert home.registry.references([FORMER, PRESENT]) == [None, None]
    assert (home.rows("alias"), home.rows("link_key")) == (0, 0)
    (gone,) = home.told().entries
    assert (gone["youth_ref"], gone["removed"], gone["subject_hashes"]) == (first, True, [])
    both = [home.registry.grant(make_grant(number)).youth_ref for number in (FORMER, PRESENT)]
    home.relay.run_once()
    assert len({first, *both}) == 3
    entries = {entry["youth_ref"]: entry for entry in home.told().entries if not entry["removed"]}
    assert len({before["link_key"], *(entry["link_key"] for entry in entries.values())}) == 3
    assert [len(entry["subject_hashes"]) for entry in entries.values()] == [1, 1]
    assert {one.youth_ref for one in home.sent() if one.status is ConsentStatus.WITHDRAWN} == {first}
    refused("no_consent", split, home.registry, make_identifier(9), no_record)


def test_what_is_kept_of_a_number_follows_a_new_one_when_they_are_merged_before_its_form(home: Installation) -> None:
    home.registry.grant(make_grant(FORMER))
    home.registry.change_custody(FORMER, (Signatory.SPECIAL_GUARDIAN,))
    home.registry.block(FORMER, Signatory.YOUTH)
    home.clock.advance(timedelta(days=1))
    home.registry.withdraw(FORMER)
    recorded: list[str] = []
    for _twice in range(2):
        assert merge(home.registry, FORMER, PRESENT, recorded.append).consents == ()
    assert recorded == ["", ""]
    (consent,) = home.registry.grant(make_grant(PRESENT)).consents
    assert (consent.state, consent.blocked_by, consent.missing) == ("blocked", ("youth",), ("special_guardian",))
    home.registry.unblock(PRESENT, Signatory.YOUTH)
    home.registry.sign(PRESENT, Signatory.SPECIAL_GUARDIAN)
    assert home.registry.show(PRESENT).status == "in_force"


def test_a_marking_follows_a_new_number_too_and_nothing_is_tied_where_nothing_is_kept(home: Installation) -> None:
    refused("no_consent", merge, home.registry, FORMER, PRESENT, no_record)
    protecting.protect(home.registry, FORMER, Marking.OWN, no_record)
    refused("no_consent", merge, home.registry, FORMER, FORMER, no_record)
    merge(home.registry, FORMER, PRESENT, no_record)
    refused("manual_handling", home.registry.grant, make_grant(PRESENT))
    assert home.rows("youth") == 0
