"""Content that lies sealed on disk: AES-256-GCM under a key made for one purpose, bound to the place that it belongs to."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["Seal", "derived"]

_KEY_BYTES = 32
_NONCE_BYTES = 12


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose of a key's, by HKDF-SHA256."""
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(key)


class Seal:
    """Seals and opens for one purpose. `key` has 32 bytes; another purpose, or another place, opens nothing."""

    def __init__(self, key: bytes, purpose: bytes) -> None:
        self._cipher = AESGCM(derived(key, purpose))

    def seal(self, place: bytes, content: bytes) -> bytes:
        """As it may lie on disk."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, place: bytes, sealed: bytes) -> bytes | None:
        """What was sealed; None when it was under another key, for another place, or changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError):  # a stump is no nonce
            return None
