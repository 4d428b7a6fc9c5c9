"""The names on consent forms: one form to a consent, read by whom that names, and none of another cooperation's or team's."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from hub.contract.models import Cooperation
from hub.errors import RejectedError
from hub.registry import lifecycle
from hub.registry.grants import find_youth
from hub.registry.identities import merge
from hub.registry.parties import note_parties, open_parties, read_parties, seal_parties
from hub.registry.tables import PARTIES, Consent
from hub.registry.upkeep import refresh
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()
SIG = {"cooperation": "sig", "recipients": ("sig",)}
OURS = read_parties({"name": "Test Testsson", "parties": [{"role": "guardian_1", "name": "Prov Testsson"}]})
THEIRS = read_parties({"name": "Prov Andersson"})


def no_record(_youth_id: str) -> None: ...


def names(home: Installation, *teams: str) -> list[str | None]:
    """The youth's name on the form that each team may read (SSPF's and SIG's, unless others are given), and on all together."""
    with home.registry.work() as work:
        youth = find_youth(work, PERSON)
        forms = [open_parties(work, youth, partial(_names, team)) for team in teams or ("sspf", "sig")]
        forms.append(open_parties(work, youth))
    return [None if form is None else form.name for form in forms]


def _names(team: str, consent: Consent) -> bool:
    return team in consent.recipients


def of(consents: list[Consent], *recipients: str) -> list[Consent]:
    return [one for one in consents if one.recipients == sorted(recipients)]


def seal_as_before(home: Installation, *, cooperation: str = "") -> None:
    """What earlier versions kept: one form to a person, or to a cooperation."""
    with home.registry.work() as work:
        youth = find_youth(work, PERSON)
        _, data_key = lifecycle.identity(work, youth)
        form = OURS.model_dump(mode="json")
        content = json.dumps({"forms": {cooperation: form}} if cooperation else form).encode()
        youth.parties = work.tools.vault.seal(data_key, youth.youth_id, PARTIES, content)


def test_what_one_cooperation_writes_down_leaves_the_others_form_as_it_is(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    with home.registry.work() as work:
        consents = find_youth(work, PERSON).consents
        seal_parties(work, of(consents, "outreach", "sspf"), OURS)
        seal_parties(work, of(consents, "sig"), THEIRS)
        assert open_parties(work, find_youth(work, PERSON), partial(_names, "sspf")) == OURS
    assert names(home) == ["Test Testsson", "Prov Andersson", "Test Testsson / Prov Andersson"]


def test_a_form_sealed_by_an_earlier_version_belongs_to_the_only_cooperation_and_stays_with_it(home: Installation) -> None:
    home.registry.grant(make_grant())
    seal_as_before(home)
    assert names(home) == ["Test Testsson", None, "Test Testsson"]
    home.registry.grant(make_grant(**SIG))
    assert names(home) == ["Test Testsson", None, "Test Testsson"]


def test_a_form_of_an_earlier_version_that_may_be_either_cooperations_is_on_neithers(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    seal_as_before(home)
    assert names(home) == [None, None, "Test Testsson"]


def test_what_still_awaits_a_signature_keeps_its_own_form_when_the_rest_is_withdrawn(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=()))
    note_parties(home.registry, PERSON, OURS, no_record, Cooperation.SSPF)
    note_parties(home.registry, PERSON, THEIRS, no_record, Cooperation.SIG)
    home.registry.withdraw(PERSON, Cooperation.SSPF)
    assert names(home) == [None, "Prov Andersson", "Prov Andersson"]


@pytest.mark.parametrize("goes", [0, 1])
def test_each_consent_keeps_its_form_when_two_numbers_are_found_to_be_one_persons(home: Installation, goes: int) -> None:
    numbers = (PERSON, make_identifier(1))
    home.registry.grant(make_grant(numbers[goes]))
    note_parties(home.registry, numbers[goes], OURS, no_record)
    home.clock.advance(timedelta(days=1))
    home.registry.grant(make_grant(numbers[1 - goes], **SIG))
    note_parties(home.registry, numbers[1 - goes], THEIRS, no_record)
    merge(home.registry, numbers[1], PERSON, no_record)
    assert names(home) == ["Test Testsson", "Prov Andersson", "Test Testsson / Prov Andersson"]


def test_names_go_with_the_last_open_consent_to_their_cooperation_though_another_keeps_the_person(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    note_parties(home.registry, PERSON, OURS, no_record, Cooperation.SSPF)
    home.registry.grant(make_grant(**SIG, valid_to="2025-06-01"))
    note_parties(home.registry, PERSON, THEIRS, no_record, Cooperation.SIG)
    home.registry.withdraw(PERSON, Cooperation.SSPF)
    assert names(home) == [None, "Prov Andersson", "Prov Andersson"]
    home.clock.advance(timedelta(days=20))
    refresh(home.registry)  # one of two has expired
    assert names(home) == [None, "Prov Andersson", "Prov Andersson"]
    home.registry.grant(make_grant())
    home.registry.withdraw(PERSON, Cooperation.SIG)
    assert names(home) == [None, None, None]


def test_names_noted_for_a_person_with_consents_to_several_need_the_cooperation(home: Installation) -> None:
    home.registry.grant(make_grant())
    note_parties(home.registry, PERSON, OURS, no_record)
    assert names(home) == ["Test Testsson", None, "Test Testsson"]
    home.registry.grant(make_grant(**SIG))
    with pytest.raises(RejectedError, match="--cooperation") as caught:
        note_parties(home.registry, PERSON, THEIRS, no_record)
    assert caught.value.code == "which_cooperation"
    home.registry.withdraw(PERSON, Cooperation.SIG)
    with pytest.raises(RejectedError) as caught:
        note_parties(home.registry, PERSON, THEIRS, no_record, Cooperation.SIG)
    assert caught.value.code == "no_consent"


def test_what_a_team_writes_down_leaves_another_teams_form_of_its_own_cooperation_as_it_is_and_unread(home: Installation) -> None:
    home.registry.grant(make_grant(recipients=("sspf",)))
    home.registry.grant(make_grant(recipients=("outreach",)))
    with home.registry.work() as work:
        seal_parties(work, of(find_youth(work, PERSON).consents, "sspf"), OURS)
    assert names(home, "sspf", "outreach") == ["Test Testsson", None, "Test Testsson"]
    with home.registry.work() as work:
        seal_parties(work, of(find_youth(work, PERSON).consents, "outreach"), THEIRS)
    assert names(home, "sspf", "outreach")[:2] == ["Test Testsson", "Prov Andersson"]


def test_a_form_that_an_earlier_version_kept_for_a_cooperation_is_no_teams_when_its_consents_name_different_ones(
    home: Installation,
) -> None:
    home.registry.grant(make_grant(recipients=("sspf",)))
    home.registry.grant(make_grant(recipients=("outreach",)))
    seal_as_before(home, cooperation="sspf")
    assert names(home, "sspf", "outreach") == [None, None, "Test Testsson"]


def test_a_form_that_an_earlier_version_kept_for_a_cooperation_stays_with_the_team_of_all_its_consents(
    home: Installation,
) -> None:
    home.registry.grant(make_grant(recipients=("sspf",)))
    home.registry.grant(make_grant(recipients=("sspf",), kinds=("school_absence",)))
    seal_as_before(home, cooperation="sspf")
    assert names(home, "sspf", "outreach")[:2] == ["Test Testsson", None]
    home.registry.grant(make_grant(recipients=("outreach",)))
    assert names(home, "sspf", "outreach")[:2] == ["Test Testsson", None]


def test_a_form_that_an_earlier_version_kept_stays_with_its_team_when_another_numbers_consents_come_beside(
    home: Installation,
) -> None:
    home.registry.grant(make_grant(recipients=("sspf",)))
    other = make_identifier(1)
    home.registry.grant(make_grant(other, recipients=("outreach",), signed=("guardian_1",)))
    seal_as_before(home, cooperation="sspf")
    merge(home.registry, other, PERSON, no_record)
    assert names(home, "sspf", "outreach")[:2] == ["Test Testsson", None]


def test_names_noted_for_a_person_whose_consents_name_different_teams_need_the_consent(home: Installation) -> None:
    home.registry.grant(make_grant(recipients=("sspf",)))
    home.registry.grant(make_grant(recipients=("outreach",)))
    with pytest.raises(RejectedError, match="--consent") as caught:
        note_parties(home.registry, PERSON, OURS, no_record)
    assert caught.value.code == "which_consent"
    with home.registry.work() as work:
        number = of(find_youth(work, PERSON).consents, "sspf")[0].consent_id
    note_parties(home.registry, PERSON, OURS, no_record, consent=number)
    assert names(home, "sspf", "outreach")[:2] == ["Test Testsson", None]
