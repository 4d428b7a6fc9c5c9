"""Signed checkpoints, in the form that witnesses of transparency logs read."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.audit.merkle import leaf_hash
from hub.audit.notes import Checkpoint, Signer, Verifier, read_note
from hub.errors import ContractError

AT = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
ROOT = leaf_hash(b"entry")
SIGNER = Signer("hub/0581/audit", bytes(range(32)))
# The key and the note of the signed-note format's own example (Go's sumdb/note, "PeterNeumann").
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_note_is_text_that_a_person_can_read() -> None:
    lines = SIGNER.sign(1500, ROOT, AT).split("\n")
    assert lines[:5] == ["hub/0581/audit", "1500", base64.b64encode(ROOT).decode(), "at 2025-05-19T05:30:00+00:00", ""]
    assert lines[5].startswith("— hub/0581/audit ")
    assert lines[6:] == [""]


def test_what_was_signed_is_read_back() -> None:
    checkpoint = SIGNER.verifier.check(SIGNER.sign(1500, ROOT, AT))
    assert checkpoint == Checkpoint("hub/0581/audit", 1500, ROOT, AT) == read_note(SIGNER.sign(1500, ROOT, AT))


def test_another_library_finds_the_signature_good() -> None:
    note = SIGNER.sign(7, ROOT, AT)
    text, _, tail = note.partition("\n\n")
    sealed = base64.b64decode(tail.split(" ")[-1])
    name, key_id, key = SIGNER.verifier.text_form().split("+", 2)
    assert (name, bytes.fromhex(key_id)) == ("hub/0581/audit", sealed[:4])
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(sealed[4:], f"{text}\n".encode())


def test_a_published_key_is_read() -> None:
    assert Verifier.read(PUBLISHED_KEY).text_form() == PUBLISHED_KEY


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("1500", "1501"),
        lambda note: note.replace("05:30", "05:31"),
        lambda note: note.replace("hub/0581", "hub/0580", 1),
        lambda note: note[:-6] + "AAAA=\n",
        lambda note: note.partition("\n\n")[0] + "\n\n",
        lambda _: Signer("hub/0581/audit", bytes(32)).sign(1500, ROOT, AT),
        lambda _: Signer("hub/2281/audit", bytes(range(32))).sign(1500, ROOT, AT),
        lambda _: "",
        lambda _: "no note at all\n\nnothing",
        lambda note: note.replace("at 2025", "on 2025"),
    ],
)
def test_whatever_else_is_refused(change) -> None:
    with pytest.raises(ContractError) as caught:
        SIGNER.verifier.check(change(SIGNER.sign(1500, ROOT, AT)))
    assert caught.value.code in {"bad_signature", "bad_checkpoint"}


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AA==", PUBLISHED_KEY.replace("c74f", "c74e"), PUBLISHED_KEY[:-4]])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        Verifier.read(text)
