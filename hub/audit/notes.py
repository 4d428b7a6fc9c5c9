"""Checkpoints as signed notes: what another system keeps of the log, and everything later is held against.

The form is C2SP's tlog-checkpoint on signed-note, so that witnesses and tools of transparency logs read it too:

    hub/0581/audit                                   origin, and the name of the key
    1500                                             size: entries so far
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     root hash of RFC 6962, base64
    at 2025-05-19T05:30:00+00:00                     extension line: when it was signed
                                                     (empty line)
    — hub/0581/audit Az3grl…                         base64 of key id (4 bytes) and Ed25519 signature of the lines above
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from hub.errors import ContractError

__all__ = ["Checkpoint", "Signer", "Verifier", "read_note"]

_MARK = "— "
_ED25519 = b"\x01"
_KEY_ID_BYTES, _SIGNATURE_BYTES, _HASH_BYTES = 4, 64, 32
_MAX_NOTE = 16_384


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log as it was: `size` entries under `root` (32 bytes), signed at `at` (UTC)."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nat {self.at.isoformat()}\n"


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_BYTES]


class Signer:
    """Signs as `name`; `seed` is the Ed25519 key's 32 bytes of `keys/audit.key`."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._name = name
        self._key = SigningKey(seed)

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self._name, bytes(self._key.verify_key))

    def sign(self, size: int, root: bytes, at: datetime) -> str:
        """The note of a checkpoint."""
        text = Checkpoint(self._name, size, root, at.astimezone(UTC).replace(microsecond=0)).text()
        signature = self._key.sign(text.encode()).signature
        sealed = base64.b64encode(_key_id(self._name, bytes(self._key.verify_key)) + signature).decode()
        return f"{text}\n{_MARK}{self._name} {sealed}\n"


class Verifier:
    """Knows the log's name and public key."""

    def __init__(self, name: str, public: bytes) -> None:
        self._name = name
        self._public = public

    @classmethod
    def read(cls, text: str) -> Verifier:
        """From the form `NAME+KEYID+KEY` that `text_form` gives. Raises ContractError `bad_public_key`."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ContractError("a public key has the form NAME+KEYID+KEY", code="bad_public_key") from error
        public = raw[1:]
        if raw[:1] != _ED25519 or len(public) != _HASH_BYTES or _key_id(name, public).hex() != key_id:
            raise ContractError("the public key is no Ed25519 key, or its id is another key's", code="bad_public_key")
        return cls(name, public)

    def text_form(self) -> str:
        """What a system that keeps checkpoints needs to check them."""
        return f"{self._name}+{_key_id(self._name, self._public).hex()}+{base64.b64encode(_ED25519 + self._public).decode()}"

    def check(self, note: object) -> Checkpoint:
        """The checkpoint of a note that our key signed, whatever was found in its place.

        Raises ContractError `bad_checkpoint` or `bad_signature`.
        """
        text, signatures = _split(note)
        checkpoint = read_note(note)
        for name, sealed in signatures:
            if name == self._name and sealed[:_KEY_ID_BYTES] == _key_id(name, self._public):
                try:
                    VerifyKey(self._public).verify(text.encode(), sealed[_KEY_ID_BYTES:])
                except (CryptoError, ValueError):
                    break
                if checkpoint.origin == self._name:
                    return checkpoint
        raise ContractError("the checkpoint is not signed by this log's key", code="bad_signature")


def read_note(note: object) -> Checkpoint:
    """What a note says, whoever signed it. Raises ContractError `bad_checkpoint`."""
    text, _ = _split(note)
    lines = text.splitlines()
    try:
        origin, size, root, *more = lines
        at = next(line.removeprefix("at ") for line in more if line.startswith("at "))
        found = Checkpoint(origin, int(size), base64.b64decode(root, validate=True), datetime.fromisoformat(at))
    except (ValueError, StopIteration) as error:
        raise ContractError("no checkpoint: origin, size, root and time, each on its line", code="bad_checkpoint") from error
    if size != str(found.size) or len(found.root) != _HASH_BYTES or found.at.tzinfo is None or not origin:
        raise ContractError("a checkpoint's size, root or time has not its form", code="bad_checkpoint")
    return found


def _split(note: object) -> tuple[str, list[tuple[str, bytes]]]:
    if not isinstance(note, str):
        raise ContractError("no signed note: it is no text", code="bad_checkpoint")
    text, gap, tail = note.partition("\n\n")
    if not gap or len(note) > _MAX_NOTE:
        raise ContractError("no signed note: text, an empty line, signatures", code="bad_checkpoint")
    signatures = []
    for line in tail.splitlines():
        name, _, encoded = line.removeprefix(_MARK).partition(" ")
        try:
            signatures.append((name, base64.b64decode(encoded, validate=True)))
        except ValueError as error:
            raise ContractError("a signature of the note is not base64", code="bad_checkpoint") from error
    return f"{text}\n", signatures
