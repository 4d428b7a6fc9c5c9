"""Every operation of the registry is somebody's: in the audit log before it is committed or told, or it does not happen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Record, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.opening import migrate_audit
from hub.audit.reading import Filter, the_latest
from hub.audit.spool import Spool
from hub.contract.models import Cooperation
from hub.database import build_engine
from hub.errors import RejectedError, RetriableError
from hub.registry.audited import AuditedRegistry
from hub.registry.granting import Signatory
from hub.registry.kept_tables import BarredTime
from hub.registry.registry import Registry
from tests.unit.registry.support import Installation, make_grant, make_identifier

CLERK = Actor("account-5", unit="sspf", role="consent-officer")
PERSON = make_identifier()


@pytest.fixture
def audit(home: Installation, tmp_path: Path) -> Iterator[AuditLog]:
    audit = AuditLog(build_engine(f"sqlite:///{tmp_path / 'audit.db'}"), bytes(32), home.clock)
    migrate_audit(audit.engine)
    yield audit
    audit.close()


@pytest.fixture
def registry(home: Installation, audit: AuditLog) -> AuditedRegistry:
    return AuditedRegistry(home.registry, audit, CLERK)


def entries(audit: AuditLog) -> list[Record]:
    return the_latest(audit.engine, Filter(), 1000)[::-1]


def told(audit: AuditLog) -> list[tuple[str, str, str]]:
    return [(one.action, one.outcome, one.rule) for one in entries(audit)]


def gone(audit: AuditLog) -> None:
    with audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))


def test_a_consent_from_registration_to_withdrawal(registry: AuditedRegistry, home: Installation, audit: AuditLog) -> None:
    view = registry.grant(make_grant(signed=("guardian_1",)))
    assert view.youth_ref is None
    view = registry.sign(PERSON, Signatory.GUARDIAN_2)
    registry.suspend(PERSON)
    registry.show(PERSON)
    registry.withdraw(PERSON)
    found = entries(audit)
    assert [(one.action, one.outcome) for one in found] == [
        ("consent_registered", "permit"), ("consent_signed", "permit"), ("consent_suspended", "permit"), ("consent_shown", "permit"),
        ("consent_withdrawn", "permit"), ("erasure_requested", "permit"),
    ]  # fmt: skip
    assert {(one.account, one.unit, one.role) for one in found} == {("account-5", "sspf", "consent-officer")}
    with home.engine.connect() as connection:
        youth_id, youth_ref = connection.execute(text("SELECT youth_id, youth_ref FROM youth")).one()
    assert {one.subject for one in found} == set(audit.pseudonyms([Subject(SubjectKind.YOUTH, youth_id)]))
    assert {one.item for one in found[1:]} == set(audit.pseudonyms([Subject(SubjectKind.REFERENCE, youth_ref)]))
    assert view.youth_ref == youth_ref


def test_a_withdrawal_of_one_of_two_asks_for_no_erasure(registry: AuditedRegistry, audit: AuditLog) -> None:
    registry.grant(make_grant())
    registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    registry.withdraw(PERSON, cooperation="sig")
    assert [action for action, _, _ in told(audit)] == ["consent_registered", "consent_registered", "consent_withdrawn"]


def test_a_block_that_outlived_everything_is_lifted_with_an_entry_about_nobody_or_not_at_all(
    registry: AuditedRegistry, audit: AuditLog
) -> None:
    registry.grant(make_grant())
    registry.block(PERSON, Signatory.YOUTH)
    registry.withdraw(PERSON)
    before = len(entries(audit))
    assert registry.unblock(PERSON, Signatory.YOUTH).status == "none"
    (entry,) = entries(audit)[before:]
    assert (entry.action, entry.subject) == (Action.CONSENT_UNBLOCKED, "")
    registry.grant(make_grant())
    registry.block(PERSON, Signatory.YOUTH)
    registry.withdraw(PERSON)
    gone(audit)
    with pytest.raises(RetriableError):
        registry.unblock(PERSON, Signatory.YOUTH)
    with registry.work() as work:
        assert work.session.query(BarredTime).count() == 1


def test_what_is_said_before_anything_is_registered_is_an_entry_too(registry: AuditedRegistry, audit: AuditLog) -> None:
    before = len(entries(audit))
    registry.block(PERSON, Signatory.YOUTH, ahead=True)
    registry.change_custody(PERSON, (Signatory.GUARDIAN_1,), ahead=True)
    said = [(entry.action, entry.subject) for entry in entries(audit)[before:]]
    assert said == [(Action.CONSENT_BLOCKED, ""), (Action.CONSENT_SUSPENDED, "")]
    gone(audit)
    with pytest.raises(RetriableError):
        registry.block(PERSON, Signatory.GUARDIAN_1, ahead=True)
    with registry.work() as work:
        assert work.session.query(BarredTime).count() == 1


def test_refusals_are_entries_with_their_rule(registry: AuditedRegistry, audit: AuditLog) -> None:
    for refused in (
        lambda: registry.show(PERSON),
        lambda: registry.withdraw(PERSON),
        lambda: registry.sign(PERSON, Signatory.GUARDIAN_1),
        lambda: registry.grant(make_grant(agencies=("nobody",))),
    ):
        with pytest.raises(RejectedError):
            refused()
    assert told(audit) == [
        ("consent_shown", "deny", "no_consent"), ("consent_withdrawn", "deny", "no_consent"), ("consent_signed", "deny", "no_consent"),
        ("consent_registered", "deny", "unknown_agency"),
    ]  # fmt: skip


def test_an_import_tells_of_each_person_and_each_refusal(registry: AuditedRegistry, audit: AuditLog) -> None:
    rows = [make_grant(make_identifier(number)) for number in range(3)]
    registry.grant_many([*rows, rows[0], {"identifier": "nothing"}])
    found = entries(audit)
    assert [one.outcome for one in found] == ["permit"] * 3 + ["deny"] * 2
    assert len({one.subject for one in found[:3]}) == 3


def test_a_row_that_changed_nothing_is_no_registration(registry: AuditedRegistry, audit: AuditLog) -> None:
    registry.grant(make_grant())
    registry.grant_many([make_grant()])
    assert [outcome for _, outcome, _ in told(audit)] == ["permit", "deny"]


def test_lists_are_looks_too(registry: AuditedRegistry, audit: AuditLog) -> None:
    registry.consents()
    registry.erasure_status()
    registry.counts()
    assert [action for action, _, _ in told(audit)] == ["consent_listed", "erasure_listed", "statistics_shown"]


def test_who_looks_references_up_leaves_an_entry_for_each(registry: AuditedRegistry, audit: AuditLog) -> None:
    ref = registry.grant(make_grant()).youth_ref
    assert ref is not None
    assert registry.references([PERSON, make_identifier(1)]) == [ref, None]
    assert registry.references([]) == []
    with pytest.raises(RejectedError):
        registry.references(["nothing"])
    assert told(audit)[1:] == [
        ("references_sought", "permit", ""), ("references_sought", "deny", "nobody"),
        ("references_sought", "deny", "unresolved_identifier"),
    ]  # fmt: skip
    assert entries(audit)[1].subject == audit.pseudonyms([Subject(SubjectKind.REFERENCE, ref)])[0]


def test_a_block_that_is_kept_beside_what_still_waits_is_lifted_with_an_entry(registry: AuditedRegistry, audit: AuditLog) -> None:
    registry.grant(make_grant())
    registry.grant(make_grant(cooperation="sig", recipients=("sig",), signed=("guardian_1",)))
    registry.block(PERSON, Signatory.YOUTH, Cooperation.SSPF)
    registry.withdraw(PERSON, Cooperation.SSPF)
    before = len(entries(audit))
    registry.unblock(PERSON, Signatory.YOUTH, Cooperation.SSPF)
    assert [entry.action for entry in entries(audit)[before:]] == [Action.CONSENT_UNBLOCKED]


def test_without_the_log_nothing_changes(registry: AuditedRegistry, home: Installation, audit: AuditLog) -> None:
    registry.grant(make_grant(signed=("guardian_1",)))
    gone(audit)
    for change in (
        lambda: registry.grant(make_grant(make_identifier(1))),
        lambda: registry.grant_many([make_grant(make_identifier(2))]),
        lambda: registry.sign(PERSON, Signatory.GUARDIAN_2),
        lambda: registry.withdraw(PERSON),
    ):
        with pytest.raises(RetriableError) as caught:
            change()
        assert caught.value.code == "audit"
    assert (home.rows("youth"), home.rows("consent"), home.rows("outbox")) == (1, 1, 0)
    assert home.registry.show(PERSON).consents[0].state == "waiting"


def test_a_withdrawal_alone_goes_on_while_the_log_is_away(
    registry: AuditedRegistry, home: Installation, audit: AuditLog, tmp_path: Path
) -> None:
    audit.spool = Spool(tmp_path / "audit-waiting", bytes(32))
    registry.grant(make_grant())
    registry.grant(make_grant(make_identifier(1), signed=("guardian_1",)))
    gone(audit)
    for change in (
        lambda: registry.block(PERSON, Signatory.YOUTH),
        lambda: registry.suspend(PERSON),
        lambda: registry.sign(make_identifier(1), Signatory.GUARDIAN_2),
    ):
        with pytest.raises(RetriableError):
            change()
    assert not audit.spool.waits()
    assert registry.withdraw(PERSON).status == "withdrawn"
    assert home.registry.show(make_identifier(1)).consents[0].state == "waiting"
    with pytest.raises(RejectedError):
        registry.withdraw(make_identifier(2))
    assert [(one.values["action"], one.values["outcome"], one.values["rule"]) for one in audit.spool.look().entries] == [
        ("consent_withdrawn", "permit", ""), ("erasure_requested", "permit", ""), ("consent_withdrawn", "deny", "no_consent"),
    ]  # fmt: skip


def test_without_the_log_nothing_is_told(registry: AuditedRegistry, audit: AuditLog) -> None:
    registry.grant(make_grant())
    gone(audit)
    for look in (
        lambda: registry.show(PERSON), registry.consents, registry.erasure_status, registry.counts,
        lambda: registry.references([PERSON]),
    ):  # fmt: skip
        with pytest.raises(RetriableError):
            look()


def test_what_the_registry_does_by_itself_is_nobodys(home: Installation, registry: AuditedRegistry, audit: AuditLog) -> None:
    with registry.work() as work:
        assert work.now == home.clock.now()
    assert told(audit) == []


def test_who_saw_what_of_a_person_is_found_while_her_mapping_stands(registry: AuditedRegistry, audit: AuditLog) -> None:
    ref = registry.grant(make_grant()).youth_ref
    registry.grant(make_grant(make_identifier(1)))
    assert ref is not None
    audit.append(Entry(Actor("account-9"), Action.TASK_OPENED, subject=Subject(SubjectKind.REFERENCE, ref)))
    assert [(one.account, one.action) for one in registry.trail(PERSON)] == [
        ("account-5", "consent_registered"), ("account-9", "task_opened"), ("account-5", "extract_made"),
    ]  # fmt: skip
    registry.withdraw(PERSON)
    with pytest.raises(RejectedError):
        registry.trail(PERSON)


# What is no access of a person's: the processes beside the registry use it, and pages by way of what has an entry of its own.
_NOBODYS = {"work", "view", "look", "rules", "shrink"}


def test_every_operation_is_audited_here() -> None:
    operations = {name for name in vars(Registry) if not name.startswith("_")}
    assert operations - _NOBODYS - set(vars(AuditedRegistry)) == set()


def test_a_protected_identitys_form_is_no_registration(registry: AuditedRegistry, audit: AuditLog) -> None:
    registry.grant(make_grant())
    for person in (PERSON, make_identifier(1)):  # somebody registered, and somebody unknown
        with pytest.raises(RejectedError):
            registry.grant(make_grant(person, cooperation="sig", recipients=("sig",), protected="own"))
    assert registry.grant_many([make_grant(make_identifier(2), protected="exit")]).errors[0].code == "manual_handling"
    diverted = [("protected_case", "permit", ""), ("consent_registered", "deny", "manual_handling")]
    assert told(audit) == [("consent_registered", "permit", ""), *diverted * 3]
    assert [bool(one.subject) for one in entries(audit) if one.action == "protected_case"] == [True, False, False]
