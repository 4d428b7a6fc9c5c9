"""The sealed vault: who writes cannot read, nothing is changed or removed unseen, and an open part is what was sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from nacl.public import PrivateKey, SealedBox
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from hub.audit.actions import Action
from hub.audit.checkpoints import Checkpoints
from hub.audit.entries import SYSTEM, Entry, Subject, SubjectKind
from hub.audit.faults import Fault
from hub.audit.log import AuditLog
from hub.audit.notes import Signer
from hub.audit.pruning import limit_of, prune
from hub.audit.reading import stored
from hub.audit.sealed import Part, PartKind, SealedVault
from hub.audit.tables import SealedRow
from hub.audit.verify import verify
from hub.clock import ManualClock
from hub.database import build_engine
from hub.errors import ConfigError, ContractError, RejectedError, RetriableError
from tests.unit.audit.conftest import NOW
from tests.unit.audit.kept import migrate_url
from tests.unit.audit.tampering import run

KEY = PrivateKey(bytes(range(32)))
SIGNER = Signer("hub/0581/audit", bytes(range(32)))
SECRET = "planted-secret"


@pytest.fixture
def vault(databases: Callable[..., str], clock: ManualClock) -> Iterator[SealedVault]:
    vault = SealedVault(AuditLog(build_engine(databases("audit", migrate_url)), bytes(32), clock), bytes(KEY.public_key))
    yield vault
    vault.close()


@pytest.fixture
def filled(vault: SealedVault) -> SealedVault:
    vault.append([make_part("one"), make_part("two")], NOW)
    vault.append([make_part("one", PartKind.END)], NOW)
    return vault


def make_part(document: str, kind: PartKind = PartKind.FORM) -> Part:
    return Part(document, kind, {"who": SECRET, "document": document})


def found(vault: SealedVault) -> list[tuple[Fault, int]]:
    return [(one.fault, one.first) for one in verify(vault.log.engine, SIGNER.verifier).findings]


def test_what_was_sealed_is_opened_with_the_private_key_in_order(filled: SealedVault) -> None:
    assert filled.open("one", bytes(KEY)) == [make_part("one"), make_part("one", PartKind.END)]
    assert [(one.document, one.kinds) for one in filled.documents()] == [("one", ("form", "end")), ("two", ("form",))]
    assert [one.document for one in filled.documents("two")] == ["two"]


def test_nothing_of_it_stands_in_the_database(filled: SealedVault) -> None:
    with filled.log.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM audit_sealed")).all()
        entries = connection.execute(text("SELECT * FROM audit_entry")).all()
    assert SECRET not in str(rows) + str(entries)
    assert SECRET.encode() not in b"".join(bytes(row.sealed) for row in rows)


def test_every_part_has_its_entry(filled: SealedVault) -> None:
    assert verify(filled.log.engine, SIGNER.verifier).whole
    assert verify(filled.log.engine, SIGNER.verifier).size == 3


def test_nothing_to_seal_is_nothing(vault: SealedVault) -> None:
    vault.append([], NOW)
    assert vault.documents() == []


@pytest.mark.parametrize(
    ("statement", "fault", "place"),
    [
        (
            "UPDATE audit_sealed SET sealed = (SELECT sealed FROM audit_sealed WHERE position = 3) WHERE position = 1",
            Fault.EDIT,
            1,
        ),
        ("UPDATE audit_sealed SET document = 'two' WHERE position = 3", Fault.EDIT, 3),
        ("UPDATE audit_sealed SET kind = 'change' WHERE position = 3", Fault.EDIT, 3),
        ("UPDATE audit_sealed SET at = '1999-01-01T00:00:00.000000+00:00' WHERE position = 3", Fault.EDIT, 3),
        ("DELETE FROM audit_sealed WHERE position = 1", Fault.DELETION, 1),
        ("INSERT INTO audit_sealed SELECT 9, document, kind, at, sealed FROM audit_sealed WHERE position = 1", Fault.EDIT, 9),
        ("INSERT INTO audit_sealed SELECT -1, document, kind, at, sealed FROM audit_sealed WHERE position = 1", Fault.EDIT, 0),
    ],
    ids=["exchanged", "moved to another document", "of another kind", "of another time", "removed", "put in", "put in before"],
)
def test_a_part_that_was_tampered_with_is_found(filled: SealedVault, statement: str, fault: Fault, place: int) -> None:
    with pytest.raises(DBAPIError, match="only appended to"), filled.log.engine.begin() as connection:
        connection.execute(text("UPDATE audit_sealed SET kind = 'end'"))
    run(filled.log.engine, statement)
    assert found(filled) == [(fault, place)]
    with pytest.raises(ContractError, match="hub audit verify"):
        filled.open("one", bytes(KEY))


@pytest.mark.parametrize("place", [-1, 9])
def test_a_part_that_no_entry_vouches_for_is_not_opened_though_anybody_can_seal_one(filled: SealedVault, place: int) -> None:
    forged = {"document": "one", "kind": "form", "at": NOW.isoformat(), "content": {"who": "somebody else"}}
    sealed = SealedBox(KEY.public_key).encrypt(json.dumps(forged).encode())
    with filled.log.engine.begin() as connection:
        values = {"position": place, "document": "one", "kind": "form", "at": stored(NOW), "sealed": sealed}
        connection.execute(insert(SealedRow).values(**values))
    with pytest.raises(ContractError, match="hub audit verify"):
        filled.open("one", bytes(KEY))
    assert filled.open("two", bytes(KEY)) == [make_part("two")]


def test_of_a_part_of_an_earlier_version_the_bytes_and_the_document_are_held_against_its_entry(vault: SealedVault) -> None:
    row = {"document": "one", "kind": "form", "at": stored(NOW), "sealed": b"sealed before"}
    rule = f"sha256:{hashlib.sha256(b'sealed before').hexdigest()[:56]}"
    entry = Entry(SYSTEM, Action.VAULT_SEALED, item=Subject(SubjectKind.DOCUMENT, "one"), rule=rule)
    vault.log.append_many([entry], [row])
    assert verify(vault.log.engine, SIGNER.verifier, named=vault.log.document).whole
    run(vault.log.engine, "UPDATE audit_sealed SET document = 'two'")
    (finding,) = verify(vault.log.engine, SIGNER.verifier, named=vault.log.document).findings
    assert (finding.fault, finding.first) == (Fault.EDIT, 1)


def test_parts_outlive_their_entries_and_stay_held_to_what_retention_left(filled: SealedVault, clock: ManualClock) -> None:
    Checkpoints(filled.log.engine, SIGNER, clock, entries=1000, minutes=60).sign()
    clock.advance(timedelta(days=6 * 365))
    limit = limit_of(clock, 5)
    assert prune(filled.log, SIGNER.verifier, limit) == 3

    def after(*statements: str) -> list[tuple[Fault, int, int]]:
        run(filled.log.engine, *statements)
        findings = verify(filled.log.engine, SIGNER.verifier, oldest=limit, named=filled.log.document).findings
        return [(one.fault, one.first, one.last) for one in findings]

    assert after() == []
    assert filled.open("two", bytes(KEY)) == [make_part("two")]
    filled.append([make_part("three")], NOW)
    assert after() == []
    assert after("UPDATE audit_sealed SET document = 'two' WHERE position = 3") == [(Fault.EDIT, 1, 3)]
    with pytest.raises(ContractError, match="hub audit verify"):
        filled.open("one", bytes(KEY))
    put_in = "INSERT INTO audit_sealed SELECT -1, document, kind, at, sealed FROM audit_sealed WHERE position = 1"
    assert after("UPDATE audit_sealed SET document = 'one' WHERE position = 3", put_in) == [(Fault.EDIT, 1, 3)]
    assert after("DELETE FROM audit_sealed WHERE position = -1") == []
    assert after("DELETE FROM audit_sealed WHERE position = 2") == [(Fault.EDIT, 1, 3)]


def test_a_part_under_another_documents_name_does_not_open(filled: SealedVault) -> None:
    run(filled.log.engine, "UPDATE audit_sealed SET document = 'two' WHERE position = 1")
    with pytest.raises(ContractError, match="hub audit verify"):
        filled.open("two", bytes(KEY))


def test_a_changed_part_does_not_open(filled: SealedVault) -> None:
    run(
        filled.log.engine,
        "UPDATE audit_sealed SET sealed = (SELECT sealed FROM audit_sealed WHERE position = 2) WHERE position = 1",
    )
    with pytest.raises(ContractError):
        filled.open("one", bytes(KEY))


def test_another_key_and_an_unknown_document_are_told_before(filled: SealedVault) -> None:
    filled.require("one", bytes(KEY))
    with pytest.raises(ConfigError):
        filled.require("one", bytes(32))
    with pytest.raises(RejectedError, match="hub vault list"):
        filled.require("three", bytes(KEY))


def test_without_the_log_nothing_is_sealed(vault: SealedVault) -> None:
    with vault.log.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    with pytest.raises(RetriableError):
        vault.append([make_part("one")], NOW)
    assert vault.documents() == []
