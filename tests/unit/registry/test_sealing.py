"""Whatever changes a consent, its form, change, end and receipt are sealed before the commit, and outlive the erasure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey
from sqlalchemy import text

from hub.audit.log import AuditLog
from hub.audit.opening import migrate_audit
from hub.audit.sealed import SealedVault
from hub.contract.models import Cooperation, Erasure, ErasureKind
from hub.database import build_engine
from hub.errors import RetriableError
from hub.registry.erasures import record_receipt
from hub.registry.granting import Signatory
from hub.registry.parties import note_parties, read_parties
from hub.registry.registry import Registry
from hub.registry.sealing import seal_missing
from tests.unit.registry.support import Installation, make_grant, make_identifier

KEY = PrivateKey(bytes(range(32)))
PERSON = make_identifier()


@pytest.fixture
def vault(home: Installation, tmp_path: Path) -> Iterator[SealedVault]:
    log = AuditLog(build_engine(f"sqlite:///{tmp_path / 'audit.db'}"), bytes(32), home.clock)
    migrate_audit(log.engine)
    yield SealedVault(log, bytes(KEY.public_key))
    log.close()


@pytest.fixture
def registry(home: Installation, vault: SealedVault) -> Registry:
    return Registry(home.engine, replace(home.tools, sealed=vault), home.registry._rules, home.clock)


def parts(vault: SealedVault, number: int = 0) -> list[tuple[str, dict[str, Any]]]:
    document = vault.documents()[number].document
    return [(part.kind.value, dict(part.content)) for part in vault.open(document, bytes(KEY))]


def kinds(vault: SealedVault) -> list[tuple[str, ...]]:
    return [one.kinds for one in vault.documents()]


def answer(registry: Registry, ref: str) -> None:
    """Everybody who has to says that it has erased."""
    (status,) = registry.erasure_status()
    for component in status.waiting_for:
        receipt = Erasure(
            kind=ErasureKind.RECEIPT,
            erasure_id=status.erasure_id,
            youth_ref=ref,
            component=component,
            occurred_at=status.requested_at,
        )
        with registry.work() as work:
            assert record_receipt(work.session, receipt, work.now)


def test_the_form_says_who_and_what_was_agreed(registry: Registry, vault: SealedVault) -> None:
    registry.grant(make_grant(signed=("guardian_1",)))
    ((kind, form),) = parts(vault)
    assert (kind, form["identifier"], form["cooperation"], form["state"]) == ("form", PERSON, "sspf", "waiting")
    assert form["required"] == ["guardian_1", "guardian_2"]
    assert list(form["signed"]) == ["guardian_1"]
    assert form["recipients"] == ["outreach", "sspf"]


def test_the_document_tells_the_whole_story_after_the_erasure(registry: Registry, home: Installation, vault: SealedVault) -> None:
    registry.grant(make_grant(signed=("guardian_1",)))
    ref = registry.sign(PERSON, Signatory.GUARDIAN_2).youth_ref
    assert ref is not None
    registry.suspend(PERSON)
    registry.withdraw(PERSON, by=Signatory.GUARDIAN_1)
    answer(registry, ref)
    with home.engine.connect() as connection:
        assert connection.execute(text("SELECT identity FROM youth")).scalar_one() is None
    told = parts(vault)
    assert [kind for kind, _ in told] == ["form", "change", "change", "end", "receipt"]
    assert told[0][1]["identifier"] == PERSON
    assert (told[3][1]["state"], told[3][1]["withdrawn_by"], told[3][1]["youth_ref"]) == ("withdrawn", "guardian_1", ref)
    assert set(told[4][1]["answers"]) >= {"worker", "delivery"}
    assert told[4][1]["completed_at"]


def test_each_consent_has_its_own_document(registry: Registry, vault: SealedVault) -> None:
    registry.grant(make_grant())
    registry.grant(make_grant(cooperation="sig", recipients=("sig",)))
    registry.withdraw(PERSON, Cooperation.SIG)
    assert kinds(vault) == [("form",), ("form", "end")]


def test_names_noted_later_are_a_part_of_every_form(registry: Registry, vault: SealedVault) -> None:
    registry.grant(make_grant())
    named = read_parties({"name": "Planted Name", "parties": [{"role": "guardian_1", "name": "Planted Guardian"}]})
    note_parties(registry, PERSON, named, lambda _: None)
    assert kinds(vault) == [("form", "change")]
    assert parts(vault)[-1][1]["parties"]["parties"][0]["name"] == "Planted Guardian"


def test_what_changes_no_consent_seals_nothing(registry: Registry, vault: SealedVault) -> None:
    registry.grant(make_grant())
    with registry.work():
        pass
    registry.show(PERSON)
    assert kinds(vault) == [("form",)]


def test_what_cannot_be_sealed_does_not_happen(registry: Registry, home: Installation, vault: SealedVault) -> None:
    registry.grant(make_grant())
    with vault.log.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_sealed RENAME TO gone"))
    with pytest.raises(RetriableError):
        registry.withdraw(PERSON)
    assert registry.show(PERSON).status == "in_force"


def test_forms_of_an_earlier_time_are_sealed_once_when_the_process_starts(
    registry: Registry, home: Installation, vault: SealedVault
) -> None:
    home.registry.grant(make_grant())  # a version without the vault
    home.registry.grant(make_grant(make_identifier(1)))
    home.registry.withdraw(make_identifier(1))  # whose mapping is gone: nobody knows any more who it was
    registry.grant(make_grant(make_identifier(2)))
    assert seal_missing(registry, vault) == 1
    assert seal_missing(registry, vault) == 0
    assert kinds(vault) == [("form",), ("form",)]
    assert parts(vault, 1)[0][1]["identifier"] == PERSON


def test_an_import_is_sealed_row_by_row(registry: Registry, vault: SealedVault) -> None:
    registry.grant_many([make_grant(make_identifier(number)) for number in range(5)])
    assert kinds(vault) == [("form",)] * 5
    assert {parts(vault, number)[0][1]["identifier"] for number in range(5)} == {make_identifier(number) for number in range(5)}
