"""Sealing of identities: AES-256-GCM under a data key per youth, itself wrapped by the installation's master key.

Destroying a youth's data key makes every copy of her sealed fields unreadable, in backups too. The additional data binds
each sealed field to its row and purpose, so that a field moved to another row does not open.

People are found by a keyed hash of their number. Its key is not the master key's child for ever: when the master key is rotated
for the first time it is wrapped like a data key (`keys/registry.lookup`), so that no row need be written anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import FatalError
from hub.installation import read_key, read_secret
from hub.registry.wrapping import MASTER, FileWrapping, KeyWrapping, MasterKeys, derived
from hub.settings import Settings

__all__ = ["LOOKUP", "LOOKUP_CONTEXT", "Vault", "build_vault", "lookup_key_of", "subject_hash"]

LOOKUP = "registry.lookup"
LOOKUP_CONTEXT = b"installation\x00lookup_key"
_NONCE = 12
_KEY = 32


def subject_hash(agency_key: bytes, canonical: str) -> str:
    """What an agency's connector looks a person up by: hex HMAC-SHA256(agency key, canonical identifier)."""
    return hmac.new(agency_key, canonical.encode("ascii"), hashlib.sha256).hexdigest()


def lookup_key_of(master: bytes) -> bytes:
    """The key of lookups as long as the installation's first master key stands."""
    return derived(master, b"hub registry: look identifiers up, v1")


def build_vault(settings: Settings) -> Vault:
    """The vault of an installation. Raises ConfigError when a key is missing or of another form, FatalError `bad_seal`."""
    wrapping = FileWrapping(settings)
    if (settings.keys / LOOKUP).exists():
        wrapped = base64.b64decode(read_secret(settings, LOOKUP))
        return Vault(wrapping, wrapping.unwrap(LOOKUP_CONTEXT, wrapped))
    return Vault(wrapping, lookup_key_of(read_key(settings, MASTER)))


class Vault:
    """Seals, opens and looks up. Made of the port that wraps and the key of lookups, or of a master key of 32 bytes."""

    def __init__(self, wrapping: KeyWrapping | bytes, lookup_key: bytes | None = None) -> None:
        if isinstance(wrapping, bytes):
            lookup_key = lookup_key or lookup_key_of(wrapping)
            wrapping = MasterKeys(wrapping)
        if lookup_key is None:
            raise ValueError("a port that wraps tells no key to look people up by")
        self.wrapping = wrapping
        self.lookup_key = lookup_key

    def lookup(self, canonical: str) -> bytes:
        """The keyed hash by which the registry finds a person; useless without the master key."""
        return hmac.new(self.lookup_key, canonical.encode("ascii"), hashlib.sha256).digest()

    def new_data_key(self, youth_id: str) -> tuple[bytes, bytes]:
        """A fresh data key, and the same wrapped for the youth's row."""
        key = secrets.token_bytes(_KEY)
        return key, self.wrapping.wrap(_bound(youth_id, "data_key"), key)

    def data_key(self, youth_id: str, wrapped: bytes) -> bytes:
        """Unwrap. Raises FatalError `bad_seal` when the master key is another one, or the row was tampered with."""
        return self.wrapping.unwrap(_bound(youth_id, "data_key"), wrapped)

    def rewrapped(self, youth_id: str, wrapped: bytes) -> bytes:
        """The same data key under the newest master key. Raises FatalError `bad_seal`."""
        return self.wrapping.wrap(_bound(youth_id, "data_key"), self.data_key(youth_id, wrapped))

    def seal(self, data_key: bytes, youth_id: str, field: str, content: bytes) -> bytes:
        """Seal one field of one youth."""
        return _seal(AESGCM(data_key), _bound(youth_id, field), content)

    def open(self, data_key: bytes, youth_id: str, field: str, sealed: bytes) -> bytes:
        """Open one field of one youth. Raises FatalError `bad_seal`."""
        return _open(AESGCM(data_key), _bound(youth_id, field), sealed)


def _bound(youth_id: str, field: str) -> bytes:
    return f"youth\x00{youth_id}\x00{field}".encode()


def _seal(cipher: AESGCM, bound: bytes, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, content, bound)


def _open(cipher: AESGCM, bound: bytes, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError):  # a stump is no nonce
        raise FatalError(
            "a sealed field does not open: keys/registry.key is not the one it was sealed with, or the row was changed",
            code="bad_seal",
        ) from None
