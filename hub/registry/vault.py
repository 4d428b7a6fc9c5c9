"""Sealing of identities: AES-256-GCM under a data key per youth, itself wrapped by the installation's master key.

Destroying a youth's data key makes every copy of her sealed fields unreadable, in backups too. The additional data binds
each sealed field to its row and purpose, so that a field moved to another row does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import FatalError

__all__ = ["Vault", "subject_hash"]

_NONCE = 12
_KEY = 32


def subject_hash(agency_key: bytes, canonical: str) -> str:
    """What an agency's connector looks a person up by: hex HMAC-SHA256(agency key, canonical identifier)."""
    return hmac.new(agency_key, canonical.encode("ascii"), hashlib.sha256).hexdigest()


class Vault:
    """Seals, opens and looks up. `master` is the 32 bytes of `keys/registry.key`; two keys are derived from it."""

    def __init__(self, master: bytes) -> None:
        self._wrapping = AESGCM(_derived(master, b"hub registry: wrap data keys, v1"))
        self._lookup = _derived(master, b"hub registry: look identifiers up, v1")

    def lookup(self, canonical: str) -> bytes:
        """The keyed hash by which the registry finds a person; useless without the master key."""
        return hmac.new(self._lookup, canonical.encode("ascii"), hashlib.sha256).digest()

    def new_data_key(self, youth_id: str) -> tuple[bytes, bytes]:
        """A fresh data key, and the same wrapped for the youth's row."""
        key = secrets.token_bytes(_KEY)
        return key, _seal(self._wrapping, _bound(youth_id, "data_key"), key)

    def data_key(self, youth_id: str, wrapped: bytes) -> bytes:
        """Unwrap. Raises FatalError `bad_seal` when the master key is another one, or the row was tampered with."""
        return _open(self._wrapping, _bound(youth_id, "data_key"), wrapped)

    def seal(self, data_key: bytes, youth_id: str, field: str, content: bytes) -> bytes:
        """Seal one field of one youth."""
        return _seal(AESGCM(data_key), _bound(youth_id, field), content)

    def open(self, data_key: bytes, youth_id: str, field: str, sealed: bytes) -> bytes:
        """Open one field of one youth. Raises FatalError `bad_seal`."""
        return _open(AESGCM(data_key), _bound(youth_id, field), sealed)


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_KEY, salt=None, info=purpose).derive(master)


def _bound(youth_id: str, field: str) -> bytes:
    return f"youth\x00{youth_id}\x00{field}".encode()


def _seal(cipher: AESGCM, bound: bytes, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, content, bound)


def _open(cipher: AESGCM, bound: bytes, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except InvalidTag:
        raise FatalError(
            "a sealed field does not open: keys/registry.key is not the one it was sealed with, or the row was changed",
            code="bad_seal",
        ) from None
