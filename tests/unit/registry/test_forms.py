"""The names on consent forms: one form to a cooperation, and none of another's."""

from __future__ import annotations

import pytest

from hub.contract.models import Cooperation
from hub.errors import RejectedError
from hub.registry import lifecycle
from hub.registry.grants import find_youth
from hub.registry.parties import note_parties, open_parties, read_parties, seal_parties
from hub.registry.tables import PARTIES
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()
SIG = {"cooperation": "sig", "recipients": ("sig",)}
OURS = read_parties({"name": "Test Testsson", "parties": [{"role": "guardian_1", "name": "Prov Testsson"}]})
THEIRS = read_parties({"name": "Prov Andersson"})


def no_record(_youth_id: str) -> None: ...


def names(home: Installation) -> list[str | None]:
    """The youth's name on the form of each cooperation, and on all together."""
    with home.registry.work() as work:
        forms = [open_parties(work, find_youth(work, PERSON), which) for which in ("sspf", "sig", None)]
    return [None if form is None else form.name for form in forms]


def seal_as_before(home: Installation) -> None:
    """What an earlier version kept: one form to a person."""
    with home.registry.work() as work:
        youth = find_youth(work, PERSON)
        _, data_key = lifecycle.identity(work, youth)
        youth.parties = work.tools.vault.seal(data_key, youth.youth_id, PARTIES, OURS.model_dump_json().encode())


def test_what_one_cooperation_writes_down_leaves_the_others_form_as_it_is(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG))
    with home.registry.work() as work:
        seal_parties(work, find_youth(work, PERSON), "sspf", OURS)
        seal_parties(work, find_youth(work, PERSON), "sig", THEIRS)
        assert open_parties(work, find_youth(work, PERSON), "sspf") == OURS
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
