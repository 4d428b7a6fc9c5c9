"""The export: another system checks it with nothing of ours but the public key."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from hub.audit.checkpoints import Checkpoints
from hub.audit.export import export_lines
from hub.audit.log import AuditLog
from hub.audit.merkle import verify_consistency
from hub.audit.notes import Signer, read_note
from hub.clock import ManualClock
from hub.errors import RejectedError
from tests.unit.audit.make import make_entry
from tests.unit.audit.test_merkle import define

FIELDS = ("at", "account", "unit", "role", "action", "subject", "item", "purpose", "outcome", "rule")


@pytest.fixture
def checkpoints(log: AuditLog, clock: ManualClock) -> Checkpoints:
    return Checkpoints(log.engine, Signer("hub/0581/audit", bytes(range(32))), clock, entries=1000, minutes=60)


def exported(log: AuditLog, checkpoints: Checkpoints, since: int = 0) -> list[dict]:
    return [json.loads(line) for line in export_lines(log.engine, checkpoints, since)]


def content(line: dict) -> bytes:
    return json.dumps(["hub-audit-1", *(line[name] for name in FIELDS)], ensure_ascii=False, separators=(",", ":")).encode()


def test_whoever_receives_it_computes_the_signed_root(log: AuditLog, checkpoints: Checkpoints) -> None:
    log.append_many([make_entry(number) for number in range(7)])
    *entries, last = exported(log, checkpoints)
    note = read_note(last["checkpoint"])
    assert (len(entries), note.size, last["since"]) == (7, 7, 0)
    assert define([content(line) for line in entries]) == note.root
    assert [line["leaf"] for line in entries] == [hashlib.sha256(b"\x00" + content(line)).hexdigest() for line in entries]


@pytest.mark.parametrize("since", range(1, 12))
def test_the_next_one_goes_on_from_what_the_receiver_has_and_proves_it(
    log: AuditLog, checkpoints: Checkpoints, since: int
) -> None:
    log.append_many([make_entry(number) for number in range(11)])
    *entries, last = exported(log, checkpoints, since)
    assert [line["position"] for line in entries] == list(range(since + 1, 12))
    *everything, _ = exported(log, checkpoints)
    old = define([content(line) for line in everything[:since]])
    proof = [base64.b64decode(step) for step in last["consistency"]]
    assert verify_consistency(since, 11, old, read_note(last["checkpoint"]).root, proof)


def test_a_size_beyond_the_log_is_refused(log: AuditLog, checkpoints: Checkpoints) -> None:
    with pytest.raises(RejectedError, match="empty"):
        export_lines(log.engine, checkpoints)
    log.append(make_entry())
    with pytest.raises(RejectedError, match="hub audit verify"):
        export_lines(log.engine, checkpoints, 2)
