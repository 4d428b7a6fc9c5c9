"""Whom a case is about, on its page: by an act, after consent is decided anew, in the log first."""

from __future__ import annotations

from hub.contract.topics import CONSENTS
from tests.unit.core.make import make_withdrawn
from tests.unit.registry.support import make_grant
from tests.unit.web.cases.make import SARA, act, consent, opened
from tests.unit.web.conftest import Visit
from tests.unit.web.test_identities import NAME, PERSON, SHOWN, secrets_in
from tests.unit.web.town import PagesTown


def revealed(town: PagesTown) -> list[tuple[str, str]]:
    with town.audit.engine.connect() as connection:
        query = "select outcome, rule from audit_entry where action = 'identity_revealed' order by position"
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_an_act_shows_who_it_is_while_the_case_is_open_and_consent_permits(empty_town: PagesTown, visit: Visit) -> None:
    ref = empty_town.consents.registry.grant(make_grant(PERSON)).youth_ref or ""
    consent(empty_town, ref=ref)
    sara = visit(SARA)
    path = opened(sara)
    assert secrets_in(sara.get(path).text) == []
    answer = sara.post(f"{path}/identity")
    assert (answer.status_code, SHOWN in answer.text) == (200, True)
    assert NAME not in answer.text, "nobody has noted a name"
    assert revealed(empty_town) == [("permit", "task")]
    act(sara, path, "close", worry="2")
    assert sara.post(f"{path}/identity").status_code == 404
    empty_town.take(CONSENTS, ref, make_withdrawn(9).model_copy(update={"youth_ref": ref}))
    assert sara.post(f"{path}/identity").status_code == 404
    assert revealed(empty_town) == [("permit", "task"), ("deny", "not_your_task"), ("deny", "not_your_task")]


def test_who_is_known_to_the_registry_no_more_is_shown_to_nobody(empty_town: PagesTown, visit: Visit) -> None:
    consent(empty_town)
    sara = visit(SARA)
    answer = sara.post(f"{opened(sara)}/identity")
    assert (answer.status_code, "Försöket är registrerat" in answer.text) == (409, True)
    assert revealed(empty_town) == [("deny", "no_identity")]
