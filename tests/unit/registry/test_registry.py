from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.contract.models import ConsentStatus, Cooperation
from hub.errors import RejectedError, RetriableError
from hub.registry.granting import Signatory
from hub.registry.states import State
from hub.registry.tables import Consent
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()


def states(home: Installation, person: str = PERSON) -> list[str]:
    return [consent.state for consent in home.registry.show(person).consents]


def refused(code: str, call: object, *arguments: object) -> None:
    with pytest.raises(RejectedError) as caught:
        call(*arguments)  # type: ignore[operator]
    assert caught.value.code == code
    assert PERSON not in str(caught.value)


def test_a_consent_waits_until_both_guardians_have_signed(home: Installation) -> None:
    view = home.registry.grant(make_grant(signed=("guardian_1",)))
    assert (view.status, view.version, view.youth_ref) == ("none", 0, None)
    assert view.consents[0].missing == ("guardian_2",)
    home.relay.run_once()
    assert home.kafka.published == []
    view = home.registry.sign(PERSON, Signatory.GUARDIAN_2)
    assert (view.status, view.version) == ("in_force", 1)
    assert view.youth_ref is not None
    assert states(home) == ["in_force"]


def test_a_signature_that_nothing_awaits_is_refused(home: Installation) -> None:
    home.registry.grant(make_grant(signed=("guardian_1",)))
    refused("nothing_to_sign", home.registry.sign, PERSON, Signatory.GOD_MAN)
    refused("no_consent", home.registry.sign, make_identifier(5), Signatory.GUARDIAN_1)


def test_any_one_signatory_ends_a_consent(home: Installation) -> None:
    home.registry.grant(make_grant())
    refused("not_a_signatory", home.registry.withdraw, PERSON, None, Signatory.GOD_MAN)
    assert home.registry.withdraw(PERSON, by=Signatory.GUARDIAN_2).status == "withdrawn"
    refused("no_consent", home.registry.show, PERSON)


def test_any_one_signatory_ends_everything_also_what_names_another_alone_and_one_cooperation_only_when_said(
    home: Installation,
) -> None:
    sole = {"required": ("guardian_1",), "signed": ("guardian_1",)}
    sig = {"cooperation": "sig", "recipients": ("sig",)}
    home.registry.grant(make_grant(**sole))
    home.registry.grant(make_grant(**sig))
    home.registry.withdraw(PERSON, Cooperation.SIG, Signatory.GUARDIAN_2)
    assert sorted(states(home)) == ["in_force", "withdrawn"]
    home.registry.grant(make_grant(**sig, valid_to="2025-11-01"))
    assert len(home.registry.withdraw(PERSON, by=Signatory.GUARDIAN_2).consents) == 2
    with home.registry.view() as session:  # her role is noted where she signs
        noted = session.execute(select(Consent.cooperation, Consent.withdrawn_by, Consent.state))
        assert set(noted) == {("sspf", None, "withdrawn"), ("sig", "guardian_2", "withdrawn")}
    refused("no_consent", home.registry.show, PERSON)


def test_a_guardian_ends_no_form_that_an_adult_has_signed(home: Installation) -> None:
    person = make_identifier(born="20070610")
    home.registry.grant(make_grant(person, signed=("guardian_1", "guardian_2", "youth")))
    home.clock.advance(timedelta(days=60))
    home.registry.grant(make_grant(person, signed=("youth",)))
    refused("not_a_signatory", home.registry.withdraw, person, None, Signatory.GUARDIAN_2)
    assert home.registry.withdraw(person, by=Signatory.YOUTH).status == "withdrawn"


def test_a_withdrawal_is_permanent_and_a_later_grant_gets_a_new_reference(home: Installation) -> None:
    first = home.registry.grant(make_grant()).youth_ref
    home.relay.run_once()
    home.registry.withdraw(PERSON)
    second = home.registry.grant(make_grant()).youth_ref
    assert first != second
    home.relay.run_once()
    last = {record.youth_ref: record for record in home.sent()}
    assert last[first].status is ConsentStatus.WITHDRAWN
    assert last[first].version == 2
    assert last[second].version == 1
    assert home.registry.references([PERSON, make_identifier(7)]) == [second, None]


def test_a_waiting_consent_can_be_withdrawn_and_leaves_no_mapping(home: Installation) -> None:
    home.registry.grant(make_grant(signed=()))
    home.registry.withdraw(PERSON)
    refused("no_consent", home.registry.show, PERSON)
    home.relay.run_once()
    assert home.kafka.published == []
    assert home.registry.erasure_status() == []


def test_withdrawing_one_cooperation_keeps_the_reference(home: Installation) -> None:
    before = home.registry.grant(make_grant())
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    view = home.registry.withdraw(PERSON, "sig")
    assert [consent.state for consent in view.consents] == ["withdrawn"]
    assert home.registry.show(PERSON).youth_ref == before.youth_ref
    assert states(home) == ["in_force", "withdrawn"] or states(home) == ["withdrawn", "in_force"]
    (erasure,) = home.registry.erasure_status()
    assert erasure.scope_id == next(one.consent_id for one in view.consents)
    assert erasure.waiting_for == ("delivery", "worker")


def test_what_still_waits_goes_on_without_the_withdrawn_reference(home: Installation) -> None:
    first = home.registry.grant(make_grant()).youth_ref
    home.registry.grant(make_grant(cooperation="sig", recipients=("sig",), signed=("guardian_1",)))
    home.registry.withdraw(PERSON, "sspf")
    assert states(home) == ["waiting"]
    view = home.registry.sign(PERSON, Signatory.GUARDIAN_2)
    assert view.version == 1
    assert view.youth_ref != first
    home.relay.run_once()
    assert [(record.youth_ref == first, record.status) for record in home.sent()] == [
        (True, ConsentStatus.IN_FORCE),
        (True, ConsentStatus.WITHDRAWN),
        (False, ConsentStatus.IN_FORCE),
    ]


def test_a_suspended_consent_returns_when_all_have_signed_again(home: Installation) -> None:
    before = home.registry.grant(make_grant())
    assert home.registry.suspend(PERSON).status == "suspended"
    refused("not_in_force", home.registry.suspend, PERSON)
    home.registry.sign(PERSON, Signatory.GUARDIAN_1)
    view = home.registry.sign(PERSON, Signatory.GUARDIAN_2)
    assert (view.status, view.version, view.youth_ref) == ("in_force", 3, before.youth_ref)


def test_a_consent_whose_time_is_over_gets_no_reference(home: Installation) -> None:
    view = home.registry.grant(make_grant(valid_from="2024-01-01", valid_to="2025-05-01"))
    assert [consent.state for consent in view.consents] == ["expired"]
    assert view.youth_ref is None
    assert home.registry.references([PERSON]) == [None]


def test_the_same_consent_is_registered_once(home: Installation) -> None:
    home.registry.grant(make_grant())
    refused("already_granted", home.registry.grant, make_grant(f"{PERSON[:8]}-{PERSON[8:]}"))
    home.registry.withdraw(PERSON)
    home.registry.grant(make_grant())


def test_an_unknown_agency_or_recipient_is_refused(home: Installation) -> None:
    refused("unknown_agency", home.registry.grant, make_grant(agencies=("school-elsewhere",)))
    refused("unknown_recipient", home.registry.grant, make_grant(recipients=("everybody",)))
    refused("unresolved_identifier", home.registry.grant, make_grant(PERSON[2:]))
    assert home.rows("youth") == 0


@pytest.mark.parametrize(
    ("cooperation", "recipients", "told"),
    [
        ("sspf", ("outreach", "sig"), "a consent to sspf does not cover sig (sig)"),
        ("sig", ("sspf",), "does not cover sspf (sspf)"),
    ],
)
def test_a_consent_to_one_cooperation_names_no_team_of_the_other(
    home: Installation, cooperation: str, recipients: tuple[str, ...], told: str
) -> None:
    with pytest.raises(RejectedError) as refusal:
        home.registry.grant(make_grant(cooperation=cooperation, recipients=recipients))
    assert refusal.value.code == "other_cooperation"
    assert told in str(refusal.value)
    assert home.rows("youth") == 0


def test_an_import_keeps_the_good_rows_and_names_the_bad_ones(home: Installation) -> None:
    rows = [make_grant(make_identifier(number)).model_dump(mode="json") for number in range(6)]
    rows[1]["identifier"] = rows[1]["identifier"][:-1] + str((int(rows[1]["identifier"][-1]) + 1) % 10)
    rows[2]["kinds"] = ["gossip"]
    rows[4] = dict(rows[3])
    done: list[int] = []
    outcome = home.registry.grant_many(rows, done.append)
    assert [(error.row, error.code) for error in outcome.errors] == [
        (2, "unresolved_identifier"),
        (3, "bad_field"),
        (5, "already_granted"),
    ]
    assert [error.message.split(":")[0] for error in outcome.errors[:2]] == ["identifier", "kinds.0"]
    assert not any(row["identifier"][:8] in error.message for row in rows for error in outcome.errors)
    assert len(outcome.granted) == home.rows("youth") == home.rows("outbox") == 3
    assert done == [6]


def test_an_import_of_many_takes_few_transactions_and_two_rows_of_one_youth_meet(home: Installation) -> None:
    people = [make_identifier(number) for number in range(300)]
    rows = [make_grant(person) for person in people]
    rows += [make_grant(person, cooperation="sig", recipients=("sig",)) for person in people[:150]]
    done: list[int] = []
    outcome = home.registry.grant_many(rows, done.append)
    assert done == list(range(50, 451, 50))
    assert outcome.errors == ()
    assert home.rows("youth") == 300
    assert home.registry.counts() == {state.value: 450 if state == "in_force" else 0 for state in State}
    home.relay.run_once()
    assert sorted({record.youth_ref: record.version for record in home.sent()}.values()) == [1] * 150 + [2] * 150


def test_consents_from_paper_may_have_been_suspended_or_withdrawn_since(home: Installation) -> None:
    rows = [make_grant(make_identifier(number), state=state) for number, state in enumerate(("suspended", "withdrawn"))]
    rows.append(make_grant(make_identifier(2), state="withdrawn", signed=("guardian_1",)))
    outcome = home.registry.grant_many(rows)
    assert [view.consents[0].state for view in outcome.granted] == ["suspended", "withdrawn"]
    assert [(error.row, error.code) for error in outcome.errors] == [(3, "not_in_force")]
    home.relay.run_once()
    assert home.told().entries == []
    assert [record.status for record in {record.youth_ref: record for record in home.sent()}.values()] == [
        ConsentStatus.SUSPENDED,
        ConsentStatus.WITHDRAWN,
    ]


def test_a_grant_that_is_rolled_back_leaves_nothing(home: Installation) -> None:
    def fails(*_arguments: object, **_named: object) -> object:
        raise RetriableError("the disk is full", code="database")

    home.registry.grant(make_grant(make_identifier(3)))
    tables = ("youth", "consent", "link_key", "subject_entry", "outbox")
    before = [home.rows(table) for table in tables]
    object.__setattr__(home.tools, "envelope", fails)  # the last thing a grant does
    with pytest.raises(RetriableError):
        home.registry.grant(make_grant())
    assert [home.rows(table) for table in tables] == before


def test_the_list_of_consents_ties_none_to_a_person(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.clock.advance(timedelta(minutes=1))
    home.registry.grant(make_grant(make_identifier(1), signed=()))
    assert [consent.state for consent in home.registry.consents()] == ["in_force", "waiting"]
    text = repr(home.registry.consents())
    assert PERSON not in text
    assert str(home.registry.show(PERSON).youth_ref) not in text
