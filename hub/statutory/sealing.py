"""The form of one sealed file.

    8 bytes   magic `HUBSTAT1`
    8 bytes   arrival, milliseconds since 1970 (signed, big-endian): the only content in clear, so that clocks can be
              watched by a process that may not read the messages
    4 bytes   length of the sealed envelope (big-endian)
    n bytes   envelope: JSON in a SealedBox
    rest      the message, byte for byte as received, in a SealedBox of its own

SealedBox (X25519, XSalsa20-Poly1305): whoever has the public key can write, only the private key can read, and a changed
byte does not open. The envelope is sealed apart, so that a list of what has arrived opens no message. It names the
message's SHA-256: an envelope and a message that do not belong together are found out.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from nacl.bindings import crypto_secretbox_MACBYTES
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from hub.errors import ContractError

__all__ = ["Envelope", "file_size", "open_content", "open_envelope", "read_header", "seal"]

_MAGIC = b"HUBSTAT1"
_HEADER = struct.Struct(">8sqI")
_MAX_ENVELOPE = 65_536
_SEAL = PublicKey.SIZE + crypto_secretbox_MACBYTES
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message without reading it. Instants are UTC; `arrived_at` is in the municipality's message system."""

    message_id: str
    arrived_at: datetime
    stored_at: datetime
    content_type: str
    size: int
    sha256: str


def seal(envelope: Envelope, content: bytes, recipient: PublicKey) -> bytes:
    """The whole file, ready to be written."""
    box = SealedBox(recipient)
    text = json.dumps(
        {
            "message_id": envelope.message_id,
            "arrived_at": envelope.arrived_at.isoformat(),
            "stored_at": envelope.stored_at.isoformat(),
            "content_type": envelope.content_type,
            "size": envelope.size,
            "sha256": envelope.sha256,
        }
    )
    sealed = box.encrypt(text.encode())
    if len(sealed) > _MAX_ENVELOPE:
        raise ContractError("the envelope of a statutory message is too large", code="envelope_too_large")
    return _HEADER.pack(_MAGIC, _millis(envelope.arrived_at), len(sealed)) + sealed + box.encrypt(content)


def read_header(stream: BinaryIO) -> tuple[datetime, int]:
    """Arrival and the length of the sealed envelope. Raises ContractError `truncated` or `bad_magic`."""
    head = stream.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise ContractError("a sealed file ends within its header", code="truncated")
    magic, arrived, length = _HEADER.unpack(head)
    if magic != _MAGIC or length > _MAX_ENVELOPE:
        raise ContractError("a file in the statutory store is not one of ours", code="bad_magic")
    try:
        return _EPOCH + arrived * _MILLISECOND, length
    except OverflowError as error:
        raise ContractError("a sealed file has an impossible time of arrival", code="bad_magic") from error


def file_size(envelope_length: int, content_size: int) -> int:
    """How many bytes a whole file has, from the length in its header and the size of its message; needs no key."""
    return _HEADER.size + envelope_length + _SEAL + content_size


def open_envelope(stream: BinaryIO, key: PrivateKey) -> Envelope:
    """Read and open header and envelope; the stream then stands at the sealed message.

    Raises ContractError `truncated`, `bad_magic`, `will_not_open` or `disagrees`.
    """
    arrived, length = read_header(stream)
    sealed = stream.read(length)
    if len(sealed) < length:
        raise ContractError("a sealed file ends within its envelope", code="truncated")
    try:
        fields = json.loads(SealedBox(key).decrypt(sealed))
        envelope = Envelope(
            message_id=str(fields["message_id"]),
            arrived_at=_aware(fields["arrived_at"]),
            stored_at=_aware(fields["stored_at"]),
            content_type=str(fields["content_type"]),
            size=int(fields["size"]),
            sha256=str(fields["sha256"]),
        )
    except (CryptoError, ValueError, KeyError, TypeError) as error:
        raise ContractError("a sealed envelope does not open with this key, or was changed", code="will_not_open") from error
    if _millis(envelope.arrived_at) != _millis(arrived):
        raise ContractError("arrival in clear and arrival in the envelope differ", code="disagrees")
    return envelope


def open_content(stream: BinaryIO, envelope: Envelope, key: PrivateKey) -> bytes:
    """Open the message that follows `envelope`. Raises ContractError `will_not_open` or `disagrees`."""
    try:
        content = SealedBox(key).decrypt(stream.read())
    except (CryptoError, ValueError, TypeError) as error:
        raise ContractError("a sealed message does not open with this key, or was changed", code="will_not_open") from error
    if hashlib.sha256(content).hexdigest() != envelope.sha256:
        raise ContractError("envelope and message do not belong together", code="disagrees")
    return content


def _millis(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant without zone")
    return instant
