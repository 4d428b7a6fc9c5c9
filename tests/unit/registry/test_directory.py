from __future__ import annotations

import base64
from datetime import timedelta

from sqlalchemy import event

from hub.contract.models import InfoKind
from hub.registry.agencies import AgencyKeys
from hub.registry.granting import Signatory
from tests.unit.registry.support import LEISURE, POLICE, SCHOOL, Installation, make_agencies, make_grant, make_identifier

PERSON = make_identifier()


def test_nothing_is_served_before_kafka_has_acknowledged_the_record(home: Installation) -> None:
    home.registry.grant(make_grant())
    assert home.told().entries == []
    assert home.told().version == 0
    seen: list[int] = []
    home.kafka.before = lambda: seen.append(len(home.told().entries))
    assert home.relay.run_once() == 1
    assert seen == [0]
    (entry,) = home.told().entries
    assert entry["youth_ref"] == home.registry.show(PERSON).youth_ref
    assert entry["removed"] is False
    assert len(base64.b64decode(entry["link_key"])) == 32
    assert entry["spans"] == [{"from": "2025-01-18T23:00:00+00:00", "to": "2025-11-30T23:00:00+00:00"}]
    assert home.registry.show(PERSON).served


def test_each_agency_is_told_its_own_kinds_and_a_key_of_its_own(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    (school,), (police,) = home.told(SCHOOL).entries, home.told(POLICE).entries
    assert (school["kinds"], police["kinds"]) == (["school_absence"], ["police_notice"])
    assert school["link_key"] != police["link_key"]
    assert not set(school["subject_hashes"]) & set(police["subject_hashes"])
    assert home.told(LEISURE).entries == []


def test_an_agency_that_a_consent_names_only_for_kinds_it_does_not_have_is_told_nothing(home: Installation) -> None:
    home.registry.grant(make_grant(kinds=("risk_event",)))
    home.relay.run_once()
    assert home.told(SCHOOL).entries == []


def test_a_withdrawn_reference_disappears_before_anything_is_published_and_for_ever(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    (before,) = home.told().entries
    home.registry.withdraw(PERSON)
    (after,) = home.told().entries
    assert len(home.kafka.published) == 1
    assert after == {
        **{name: [] for name in ("subject_hashes", "kinds", "spans")},
        "link_key": "",
        "youth_ref": before["youth_ref"],
        "version": 2,
        "removed": True,
        "erasure_id": home.registry.erasure_status()[0].erasure_id,
    }
    home.relay.run_once()
    assert home.told().entries == [after]


def test_a_late_acknowledgement_never_resurrects_a_withdrawn_reference(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.kafka.before = lambda: home.registry.withdraw(PERSON) and None
    home.relay.run_once()  # the grant's record is acknowledged when the withdrawal is already in force
    home.kafka.before = None
    assert home.told().entries == []
    home.relay.run_once()
    assert home.told().entries == []
    assert [record.status for record in home.sent()] == ["in_force", "withdrawn"]


def test_a_suspension_hides_the_entry_at_once_without_an_erasure_and_signing_brings_it_back(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    (first,) = home.told().entries
    home.registry.suspend(PERSON)
    (hidden,) = home.told().entries
    assert (hidden["removed"], hidden["erasure_id"]) == (True, None)
    home.relay.run_once()
    assert home.told().entries == [hidden]
    home.registry.sign(PERSON, Signatory.GUARDIAN_1)
    home.registry.sign(PERSON, Signatory.GUARDIAN_2)
    assert home.told().entries == [hidden]
    home.relay.run_once()
    (back,) = home.told().entries
    assert {**back, "version": 0} == {**first, "version": 0}
    assert back["version"] == 3


def test_a_version_is_given_when_a_change_becomes_visible(home: Installation) -> None:
    early, late = make_identifier(1), make_identifier(2)
    home.registry.grant(make_grant(early))
    home.registry.grant(make_grant(late, signed=()))
    home.relay.run_once()
    assert home.told().version == 1
    home.registry.sign(late, Signatory.GUARDIAN_1)
    home.registry.sign(late, Signatory.GUARDIAN_2)
    home.relay.run_once()
    page = home.told(since=1)
    assert [entry["version"] for entry in page.entries] == [page.version] == [2]
    assert home.told(since=2).entries == []


def test_a_second_consent_widens_the_entry_after_its_acknowledgement_and_its_withdrawal_narrows_it_before(
    home: Installation,
) -> None:
    home.registry.grant(make_grant(valid_to="2025-07-01"))
    home.relay.run_once()
    short = home.told().entries[0]["spans"]
    longer = make_grant(cooperation="sig", recipients=("sig",), valid_from="2025-05-01", valid_to="2025-10-01")
    home.registry.grant(longer)
    assert home.told().entries[0]["spans"] == short
    home.relay.run_once()
    assert home.told().entries[0]["spans"] == [{"from": "2025-01-18T23:00:00+00:00", "to": "2025-09-30T22:00:00+00:00"}]
    home.registry.withdraw(PERSON, "sig")
    assert home.told().entries[0]["spans"] == short
    home.relay.run_once()
    assert home.told().version == 3


def test_an_agency_left_out_by_what_remains_loses_its_entry(home: Installation) -> None:
    home.registry.grant(make_grant(agencies=(SCHOOL,), kinds=("school_absence",)))
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",), agencies=(POLICE,), kinds=("police_notice",)))
    home.relay.run_once()
    assert home.told(POLICE).entries[0]["removed"] is False
    home.registry.withdraw(PERSON, "sig")
    (gone,) = home.told(POLICE).entries
    assert gone["removed"] is True
    assert home.told(SCHOOL).entries[0]["removed"] is False


def test_with_an_agencys_last_scope_its_link_key_is_destroyed_its_ledgers_erased_and_a_later_one_gets_another(
    home: Installation,
) -> None:
    sig = make_grant(cooperation="sig", recipients=("sig",), agencies=(POLICE,), kinds=("police_notice",))
    home.registry.grant(make_grant(agencies=(SCHOOL,), kinds=("school_absence",)))
    home.registry.grant(sig)
    home.relay.run_once()
    (before,) = home.told(POLICE).entries
    home.registry.suspend(PERSON, "sig")
    assert home.told(POLICE).entries[0]["erasure_id"] is None
    assert home.rows("link_key") == 2
    home.registry.withdraw(PERSON, "sig")
    (gone,) = home.told(POLICE, since=before["version"] + 1).entries  # hidden already, and told again with the erasure
    assert gone["removed"] is True
    assert gone["erasure_id"] is not None
    assert home.rows("link_key") == 1
    home.registry.grant(sig)
    home.relay.run_once()
    (again,) = home.told(POLICE).entries
    assert (again["removed"], again["erasure_id"], again["youth_ref"]) == (False, None, before["youth_ref"])
    assert again["link_key"] != before["link_key"]
    assert home.told(SCHOOL).version == 1


def test_an_entry_never_allows_a_kind_at_a_time_no_consent_covers(tmp_path) -> None:
    agencies = make_agencies()
    both = frozenset({InfoKind.SCHOOL_ABSENCE, InfoKind.RISK_EVENT})
    agencies[SCHOOL] = AgencyKeys(both, agencies[SCHOOL].hmac_key, "token-1", ("ss12000",))
    home = Installation(tmp_path, agencies)
    home.registry.grant(make_grant(kinds=("school_absence",), valid_to="2025-09-01"))
    home.registry.grant(
        make_grant(cooperation="sig", recipients=("sig",), kinds=("risk_event",), valid_from="2025-05-01", valid_to="2025-12-01")
    )
    home.relay.run_once()
    (entry,) = home.told().entries
    assert entry["kinds"] == ["risk_event", "school_absence"]
    assert entry["spans"] == [{"from": "2025-04-30T22:00:00+00:00", "to": "2025-08-31T22:00:00+00:00"}]
    home.close()


def test_a_whole_directory_takes_as_few_queries_as_one_entry(home: Installation) -> None:
    def queries() -> int:
        seen: list[str] = []

        def see(_connection, _cursor, statement, *_: object) -> None:
            seen.append(statement)

        event.listen(home.engine, "before_cursor_execute", see)
        home.told()
        event.remove(home.engine, "before_cursor_execute", see)
        return len(seen)

    home.registry.grant(make_grant())
    home.relay.run_once()
    home.told()
    one = queries()
    home.registry.grant_many([make_grant(make_identifier(number)) for number in range(1, 20)])
    home.relay.run_once()
    home.told()
    assert len(home.told().entries) == 20
    assert queries() == one


def test_nobody_waits_for_an_agency_that_never_fetched(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    home.told(SCHOOL)
    home.clock.advance(timedelta(minutes=5))
    home.registry.withdraw(PERSON)
    assert home.registry.erasure_status()[0].waiting_for == ("connector-ss12000", "delivery", "worker")
    assert home.told(POLICE).entries == []


def test_an_agency_is_told_once_that_a_reference_is_gone_whatever_ends_of_the_persons_later(home: Installation) -> None:
    told = []
    for number, others in enumerate((False, True)):
        person, seen = make_identifier(number), home.told().version
        home.registry.grant(make_grant(person, agencies=(SCHOOL,), kinds=("school_absence",)))
        if others:
            sig = {"cooperation": "sig", "recipients": ("sig",), "agencies": (POLICE,), "kinds": ("police_notice",)}
            home.registry.grant(make_grant(person, **sig))
        home.relay.run_once()
        shown = home.told(since=seen)
        home.registry.withdraw(person, "sspf")
        home.relay.run_once()
        gone = home.told(since=shown.version)
        home.clock.advance(timedelta(minutes=1))
        if others:
            home.registry.suspend(person, "sig")
            home.registry.withdraw(person, "sig")
            home.relay.run_once()
        after = home.told(since=gone.version)
        told.append([(page.version - seen, [entry["removed"] for entry in page.entries]) for page in (shown, gone, after)])
    assert told[0] == told[1] == [(1, [False]), (2, [True]), (2, [])]
    school, everything = home.registry.erasure_status()[-2:]
    assert ("connector-ss12000" in school.waiting_for, "connector-ss12000" in everything.waiting_for) == (True, False)


def test_what_an_agency_never_fetched_goes_without_a_trace_with_its_last_scope_though_others_stand(home: Installation) -> None:
    home.registry.grant(make_grant(agencies=(SCHOOL,), kinds=("school_absence",)))
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",), agencies=(POLICE,), kinds=("police_notice",)))
    home.relay.run_once()
    home.registry.withdraw(PERSON, "sspf")
    page = home.told()
    assert (page.version, page.entries) == (1, [])
    home.registry.grant(make_grant(agencies=(SCHOOL,), kinds=("school_absence",)))
    home.relay.run_once()
    assert [entry["removed"] for entry in home.told().entries] == [False]


def test_a_later_scope_that_ends_before_it_was_told_tells_the_agency_nothing_anew(home: Installation) -> None:
    mine = make_grant(agencies=(SCHOOL,), kinds=("school_absence",))
    home.registry.grant(mine)
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",), agencies=(POLICE,), kinds=("police_notice",)))
    home.relay.run_once()
    home.told()
    home.registry.withdraw(PERSON, "sspf")
    gone = home.told()
    home.registry.grant(mine)
    home.registry.withdraw(PERSON, "sspf")
    home.relay.run_once()
    assert home.told() == gone
