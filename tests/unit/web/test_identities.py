"""Whom a task is about, on the task's page: by an act, after consent is decided anew, in the log first, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.registry.granting import Marking
from hub.registry.grants import find_youth
from hub.registry.parties import read_parties, seal_parties
from hub.registry.protecting import protect
from tests.unit.registry.support import make_grant, make_identifier
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import NOW, PagesTown, make_consent, make_task, member, officer

PERSON = make_identifier()
SHOWN = f"{PERSON[:8]}-{PERSON[8:]}"
NAME = "Kim Testsson"
PEOPLE = {"name": NAME, "parties": [{"role": "guardian_1", "name": "Robin Testsson", "contacts": ["011-15 00 00"]}]}


@dataclass
class Case:
    """A person in the registry, an open task about her, and somebody of its team."""

    town: PagesTown
    path: str
    reference: str
    task: str

    def logged(self) -> list[tuple[str, str, str, str]]:
        """(action, outcome, rule, account) of every look at an identity."""
        with self.town.audit.engine.connect() as connection:
            query = "select action, outcome, rule, account from audit_entry where action = 'identity_revealed' order by position"
            return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.fixture
def case(empty_town: PagesTown) -> Case:
    registry = empty_town.consents.registry
    reference = registry.grant(make_grant(PERSON)).youth_ref or ""
    with registry.work() as work:
        seal_parties(work, find_youth(work, PERSON).consents, read_parties(PEOPLE))
    task = empty_town.add("hers", make_task("absence-alone", created=NOW - timedelta(hours=3), days=5, ref=reference))
    return Case(empty_town, f"/team/outreach/task/{task.task_id}", reference, task.task_id)


@pytest.fixture
def client(case: Case, visit: Visit) -> Browser:
    return visit(member("Fältare", "outreach"))


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (PERSON, SHOWN, PERSON[2:], NAME, "Robin Testsson", "011-15 00 00") if secret in text]


def test_the_task_page_offers_it_and_tells_nobody_before(case: Case, client: Browser) -> None:
    page = client.get(case.path).text
    assert f'action="{case.path}/identity"' in page
    assert "Visa vem det gäller" in page
    assert secrets_in(page) == []
    assert case.logged() == []


def test_an_act_shows_who_it_is_and_how_to_reach_the_guardians_and_the_log_says_so(case: Case, client: Browser) -> None:
    answer = client.post(f"{case.path}/identity")
    assert answer.status_code == 200
    for part in (SHOWN, NAME, "Robin Testsson", "011-15 00 00", "Vårdnadshavare 1", "antecknat"):
        assert part in answer.text
    assert case.logged() == [("identity_revealed", "permit", "task", member("Fältare").account)]


def test_what_is_shown_stands_in_no_address_title_header_or_log_and_is_stored_nowhere(case: Case, client: Browser) -> None:
    answer = client.post(f"{case.path}/identity")
    title = answer.text.split("<title>", 1)[1].split("</title>", 1)[0]
    assert secrets_in(title + str(answer.headers) + str(answer.url)) == []
    assert secrets_in("".join(part for part in answer.text.split('"')[1::2])) == []  # nor in an attribute
    assert answer.headers["cache-control"] == "no-store"
    with case.town.audit.engine.connect() as connection:
        assert secrets_in(str(connection.exec_driver_sql("select * from audit_entry").all())) == []
    assert client.get(f"{case.path}/identity").status_code == 405


def test_consent_is_decided_as_of_now_and_not_when_the_page_was_shown(case: Case, client: Browser) -> None:
    client.get(case.path)
    case.town.withdraw(make_task("absence-alone", created=NOW - timedelta(hours=3), days=5, ref=case.reference))
    answer = client.post(f"{case.path}/identity")
    assert answer.status_code == 404
    assert secrets_in(answer.text) == []
    assert case.logged() == [("identity_revealed", "deny", "not_your_task", member("Fältare").account)]


def test_what_the_registry_knows_already_and_delivery_not_yet_refuses_too(case: Case, client: Browser) -> None:
    case.town.consents.registry.suspend(PERSON)
    answer = client.post(f"{case.path}/identity")
    assert answer.status_code == 409
    assert "samtyckesansvarig" in answer.text
    assert secrets_in(answer.text) == []
    assert case.logged()[-1][1:3] == ("deny", "no_identity")


def test_a_protected_identity_is_told_like_every_other_refusal_and_where_to_go(case: Case, client: Browser) -> None:
    protect(case.town.consents.registry, PERSON, Marking.OWN, lambda _: None)
    answer = client.post(f"{case.path}/identity")
    assert answer.status_code == 409
    assert "skyddade ärenden" in answer.text
    assert secrets_in(answer.text) == []


@pytest.mark.parametrize(
    "who",
    [member("SIG", "sig"), officer("Samtycken", "outreach"), Principal("account-9", "Drift", each_for({Role.OPERATOR}, ()))],
    ids=["another team", "a consent officer", "an operator"],
)
def test_nobody_but_the_team_that_answers_for_it_sees_her(case: Case, visit: Visit, who: Principal) -> None:
    answer = visit(who).post(f"{case.path}/identity")
    assert answer.status_code == 403
    assert secrets_in(answer.text) == []
    assert case.logged() == []
    assert case.town.trail.told()[-1] == ("request_refused", "deny", "identity.in-task")


def test_another_teams_address_and_an_unknown_number_show_nobody(case: Case, visit: Visit) -> None:
    sig = visit(member("SIG", "sig", "outreach"))
    for path in (f"/team/sig/task/{case.task}/identity", "/team/outreach/task/00000000-0000-4000-8000-000000000000/identity"):
        answer = sig.post(path)
        assert answer.status_code == 404
        assert secrets_in(answer.text) == []
    assert {entry[2] for entry in case.logged()} == {"not_your_task"}


def test_without_the_audit_log_nobody_is_shown(case: Case, client: Browser) -> None:
    with case.town.audit.engine.begin() as connection:
        connection.exec_driver_sql("alter table audit_entry rename to elsewhere")
    answer = client.post(f"{case.path}/identity")
    assert answer.status_code == 500
    assert secrets_in(answer.text) == []


def test_a_presence_task_and_an_ended_one_offer_nothing(town: PagesTown, visit: Visit) -> None:
    client = visit(member("Fältare", "outreach"))
    for name in ("presence", "cancelled", "recalled", "hidden"):
        assert "/identity" not in client.get(town.path(name)).text
        assert client.post(f"{town.path(name)}/identity").status_code == 404


def test_a_consent_that_names_another_team_shows_nobody(case: Case, client: Browser) -> None:
    from hub.contract.topics import CONSENTS

    case.town.take(CONSENTS, case.reference, make_consent(case.reference, "sspf").model_copy(update={"version": 3}))
    assert client.post(f"{case.path}/identity").status_code == 404
