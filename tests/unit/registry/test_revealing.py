"""Back from a reference to a person: a right, a purpose, an entry in the log before anything is opened, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.access.four_eyes import FourEyes
from hub.access.opening import build_access_engine, open_four_eyes
from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.audit.tables import EntryRow
from hub.errors import RejectedError, RetriableError
from hub.registry.granting import Marking, Signatory
from hub.registry.grants import find_youth
from hub.registry.parties import read_parties, seal_parties
from hub.registry.protecting import protect
from hub.registry.purposes import Purpose
from hub.registry.revealing import Identity, Revealing
from hub.settings import load_settings
from tests.prepared import initialised
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()
WORKER = Principal("account-1", "Fältare", each_for({Role.TEAM_MEMBER}, {"outreach"}))
OFFICER = Principal("account-2", "Samtycken", each_for({Role.CONSENT_OFFICER}, {"sspf"}))
OTHER = Principal("account-3", "Samtycken", each_for({Role.CONSENT_OFFICER}, {"sspf"}))
OPS = Principal("account-4", "Drift", each_for({Role.OPERATOR}, ()))


class World:
    """A registry with one person in it, a real audit log, real four eyes and one open task."""

    def __init__(self, home: Installation, folder: Path) -> None:
        initialised(folder)
        settings = load_settings(folder)
        self.home = home
        self.audit: AuditLog = open_audit(settings, home.clock)
        self.engine = build_access_engine(settings)
        self.four_eyes: FourEyes = open_four_eyes(settings, self.engine, self.audit, home.clock)
        self.reference = home.registry.grant(make_grant()).youth_ref or ""
        self.tasks = {("task-1", "outreach"): self.reference}
        self.revealing = self.with_log(self.audit)

    def with_log(self, log) -> Revealing:
        return Revealing(self.home.registry, log, self.four_eyes, lambda task_id, team: self.tasks.get((task_id, team)))

    def in_task(
        self, who: Principal = WORKER, *, task_id: str = "task-1", team: str = "outreach", reference: str = ""
    ) -> Identity:
        return self.revealing.reveal(who, reference or self.reference, Purpose.TASK, task_id=task_id, team=team)

    def logged(self) -> list[tuple[str, ...]]:
        with self.audit.engine.connect() as connection:
            columns = (EntryRow.account, EntryRow.action, EntryRow.purpose, EntryRow.outcome, EntryRow.rule)
            return [tuple(row) for row in connection.execute(EntryRow.__table__.select().with_only_columns(*columns))]


@pytest.fixture
def world(sqlite_home: Installation, tmp_path: Path) -> Iterator[World]:
    made = World(sqlite_home, tmp_path / "installation")
    yield made
    made.audit.close()
    made.engine.dispose()


def refused(code: str, call, *arguments: object, **named: object) -> None:
    with pytest.raises(RejectedError) as caught:
        call(*arguments, **named)
    assert caught.value.code == code
    assert PERSON not in str(caught.value)


def test_a_team_reveals_whom_its_open_task_is_about_and_the_log_says_so(world: World) -> None:
    with world.home.registry.work() as work:
        seal_parties(work, find_youth(work, PERSON).consents, read_parties({"name": "Test Testsson"}))
    identity = world.in_task()
    assert identity.identifiers == (PERSON,)
    assert identity.parties is not None
    assert identity.parties.name == "Test Testsson"
    assert not any(secret in repr(identity) for secret in (PERSON, "Testsson"))
    assert world.logged() == [("account-1", "identity_revealed", "task", "permit", "task")]


def test_without_the_right_the_task_or_the_consent_nobody_is_revealed_and_every_refusal_is_logged(world: World) -> None:
    refused("not_permitted", world.in_task, OPS)
    refused("not_permitted", world.in_task, OFFICER)
    refused("not_permitted", world.in_task, WORKER, team="sig")
    refused("not_your_task", world.in_task, WORKER, task_id="task-2")
    refused("not_your_task", world.in_task, WORKER, reference="y" + 32 * "0")
    world.home.registry.suspend(PERSON)
    refused("no_identity", world.in_task)
    world.home.registry.withdraw(PERSON)
    refused("no_identity", world.in_task)
    assert [entry[3:] for entry in world.logged()] == [
        *[("deny", "not_permitted")] * 3,
        *[("deny", "not_your_task")] * 2,
        *[("deny", "no_identity")] * 2,
    ]


def test_no_audit_no_reading(world: World) -> None:
    class Full:
        def append(self, _entry: object) -> int:
            raise RetriableError("no log", code="audit")

    with pytest.raises(RetriableError):
        world.with_log(Full()).reveal(WORKER, world.reference, Purpose.TASK, task_id="task-1", team="outreach")


def test_outside_a_task_it_takes_two_and_works_once(world: World) -> None:
    reveal = world.revealing.reveal
    refused("not_approved", reveal, OFFICER, world.reference, Purpose.EXTRACT)
    request = world.revealing.ask(OFFICER, world.reference, Purpose.EXTRACT, "sspf")
    refused("not_approved", reveal, OFFICER, world.reference, Purpose.EXTRACT, approval=request.request_id)
    world.four_eyes.approve(OTHER, request.request_id)
    # For this purpose, this person and whoever asked, and nothing else.
    refused("not_approved", reveal, OFFICER, world.reference, Purpose.CORRECTION, approval=request.request_id)
    refused("not_approved", reveal, OTHER, world.reference, Purpose.EXTRACT, approval=request.request_id)
    refused("not_approved", reveal, OFFICER, "y" + 32 * "0", Purpose.EXTRACT, approval=request.request_id)
    identity = reveal(OFFICER, world.reference, Purpose.EXTRACT, approval=request.request_id)
    assert identity.identifiers == (PERSON,)
    refused("not_approved", reveal, OFFICER, world.reference, Purpose.EXTRACT, approval=request.request_id)
    permitted = [entry[:3] for entry in world.logged() if entry[3] == "permit" and entry[1] == "identity_revealed"]
    assert permitted == [("account-2", "identity_revealed", "extract")]
    refused("task_needs_none", world.revealing.ask, OFFICER, world.reference, Purpose.TASK, "sspf")


def test_a_protected_identity_is_revealed_to_nobody(world: World) -> None:
    request = world.revealing.ask(OFFICER, world.reference, Purpose.CORRECTION, "sspf")
    world.four_eyes.approve(OTHER, request.request_id)
    protect(world.home.registry, PERSON, Marking.OWN, lambda _: None)
    refused("no_identity", world.in_task)
    refused("no_identity", world.revealing.reveal, OFFICER, world.reference, Purpose.CORRECTION, approval=request.request_id)


def test_inside_a_task_nothing_stands_of_another_cooperations_form(world: World) -> None:
    world.home.registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    with world.home.registry.work() as work:
        sig = [one for one in find_youth(work, PERSON).consents if one.cooperation == "sig"]
        seal_parties(work, sig, read_parties({"name": "Test Testsson"}))
    assert world.in_task().parties is None


def test_inside_a_task_nothing_stands_of_the_form_of_another_team_in_the_same_cooperation(world: World) -> None:
    world.home.registry.grant(make_grant(recipients=("sspf",)))
    with world.home.registry.work() as work:
        theirs = [one for one in find_youth(work, PERSON).consents if one.recipients == ["sspf"]]
        seal_parties(work, theirs, read_parties({"name": "Test Testsson"}))
    assert world.in_task().parties is None


SIG_OFFICERS = [Principal(f"account-{n}", "Samtycken", each_for({Role.CONSENT_OFFICER}, {"sig"})) for n in (7, 8)]
SIG = {"cooperation": "sig", "recipients": ("sig",)}


def approved(world: World, reference: str) -> str:
    """A request on SIG's behalf that somebody else has approved."""
    asking, other = SIG_OFFICERS
    request = world.revealing.ask(asking, reference, Purpose.EXTRACT, "sig")
    world.four_eyes.approve(other, request.request_id)
    return request.request_id


def test_what_is_asked_for_on_a_teams_behalf_needs_a_consent_that_the_team_may_know_of_and_no_others_opens_it(
    world: World,
) -> None:
    def reveal(reference: str) -> Identity:
        return world.revealing.reveal(SIG_OFFICERS[0], reference, Purpose.EXTRACT, approval=approved(world, reference))

    alone = world.home.registry.grant(make_grant(other := make_identifier(1), **SIG)).youth_ref or ""
    refused("no_identity", reveal, world.reference)  # another cooperation's consent alone
    refused("no_identity", reveal, "y" + 32 * "0")
    world.home.registry.grant(make_grant(**SIG, signed=("guardian_1",)))
    refused("no_identity", reveal, world.reference)  # never in force
    world.home.registry.sign(PERSON, Signatory.GUARDIAN_2)
    assert reveal(world.reference).identifiers == (PERSON,)
    world.home.registry.suspend(PERSON)
    assert reveal(world.reference).identifiers == (PERSON,)  # an extract is given while it is suspended too
    requests = [(reference, approved(world, reference)) for reference in (world.reference, alone)]
    for person in (PERSON, other):
        world.home.registry.withdraw(person, "sig")
    for reference, request in requests:  # whether somebody else has a consent shows in nothing
        refused("no_identity", world.revealing.reveal, SIG_OFFICERS[0], reference, Purpose.EXTRACT, approval=request)


def test_inside_a_task_only_a_consent_in_force_that_names_the_team_opens_and_a_birthday_acts_at_its_instant(world: World) -> None:
    world.home.registry.grant(make_grant(**SIG))
    world.home.registry.withdraw(PERSON, "sspf")
    refused("no_identity", world.in_task)
    grown = make_identifier(born="20070520")
    reference = world.home.registry.grant(make_grant(grown, signed=("guardian_1", "guardian_2", "youth"))).youth_ref or ""
    world.tasks["task-2", "outreach"] = reference
    assert world.in_task(task_id="task-2", reference=reference).identifiers == (grown,)
    world.home.clock.advance(timedelta(days=1))  # while the registry's own round has not been made
    refused("no_identity", world.in_task, task_id="task-2", reference=reference)
