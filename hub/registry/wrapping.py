"""Wrapping of data keys by a master key: the port a key management service (KMS) fits, the file, and a service's twin.

A youth's data key never lies anywhere but wrapped. What is wrapped names the master key it is wrapped under, so that master keys
can be changed while the registry runs: new keys go under the newest, older ones are re-wrapped one by one, and both are
read meanwhile. `context` is bound to the wrapped key: moved to another youth it does not open.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.contract.ids import key_id
from hub.errors import FatalError, RetriableError
from hub.installation import read_key
from hub.settings import Settings

__all__ = ["FORMER_MASTER", "MASTER", "FileWrapping", "KeyWrapping", "MasterKeys", "MemoryKms", "derived"]

MASTER, FORMER_MASTER = "registry.key", "registry.key.former"
_MAGIC = b"hubwrap1"
_NONCE = 12
_KEY = 32
_ID = 8


class KeyWrapping(Protocol):
    """What the vault needs of a KMS. Every method may raise RetriableError when the service does not answer."""

    @property
    def newest(self) -> str:
        """The id of the master key that new keys are wrapped under."""
        ...

    def wrap(self, context: bytes, key: bytes) -> bytes:
        """Wrap a data key under the newest master key."""
        ...

    def unwrap(self, context: bytes, wrapped: bytes) -> bytes:
        """The data key. Raises FatalError `bad_seal` when the master key is another one, or `wrapped` was tampered with."""
        ...

    def wrapped_under(self, wrapped: bytes) -> str:
        """The id of the master key it is wrapped under; empty when it does not say."""
        ...


def derived(master: bytes, purpose: bytes) -> bytes:
    """A key for one purpose of a master key's, by HKDF-SHA256."""
    return HKDF(algorithm=hashes.SHA256(), length=_KEY, salt=None, info=purpose).derive(master)


class MasterKeys:
    """AES-256-GCM under one of several master keys, the newest first. What an early version wrapped has no name of its key."""

    def __init__(self, *masters: bytes) -> None:
        self._ciphers = {key_id(one): AESGCM(derived(one, b"hub registry: wrap data keys, v1")) for one in masters}
        self._newest = key_id(masters[0])

    @property
    def newest(self) -> str:
        return self._newest

    def wrap(self, context: bytes, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return _MAGIC + self._newest.encode() + nonce + self._ciphers[self._newest].encrypt(nonce, key, context)

    def unwrap(self, context: bytes, wrapped: bytes) -> bytes:
        name = self.wrapped_under(wrapped)
        sealed = wrapped[len(_MAGIC) + _ID :] if name else wrapped
        ciphers = [self._ciphers[name]] if name in self._ciphers else list(self._ciphers.values()) if not name else []
        for cipher in ciphers:
            try:
                return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
            except (InvalidTag, ValueError):  # a stump is no nonce
                continue
        raise FatalError(
            "a data key does not open: keys/registry.key is not the one it was wrapped with, or it was changed", code="bad_seal"
        )

    def wrapped_under(self, wrapped: bytes) -> str:
        named = wrapped.startswith(_MAGIC) and len(wrapped) > len(_MAGIC) + _ID
        return wrapped[len(_MAGIC) : len(_MAGIC) + _ID].decode("ascii", "replace") if named else ""


class FileWrapping:
    """`keys/registry.key`, and while it is being rotated `keys/registry.key.former`; read again when one of them was replaced.

    Raises ConfigError when it is made and `keys/registry.key` is missing or of another form.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._changed_at, self._keys = self._changed(), _read(settings)

    @property
    def newest(self) -> str:
        return self._current().newest

    def wrap(self, context: bytes, key: bytes) -> bytes:
        return self._current().wrap(context, key)

    def unwrap(self, context: bytes, wrapped: bytes) -> bytes:
        return self._current().unwrap(context, wrapped)

    def wrapped_under(self, wrapped: bytes) -> str:
        return self._keys.wrapped_under(wrapped)

    def _current(self) -> MasterKeys:
        changed_at = self._changed()
        if changed_at != self._changed_at:
            with self._lock:
                self._keys, self._changed_at = _read(self._settings), changed_at
        return self._keys

    def _changed(self) -> int:
        return self._settings.keys.stat().st_mtime_ns


def _read(settings: Settings) -> MasterKeys:
    former = [read_key(settings, FORMER_MASTER)] if (settings.keys / FORMER_MASTER).exists() else []
    return MasterKeys(read_key(settings, MASTER), *former)


class MemoryKms:
    """A key management service's twin: its master keys never leave it, it has versions, and it can be out of reach.

    `rotate` makes a new version; what older ones wrapped opens until `disable` takes them away. `calls` counts what was asked.
    """

    def __init__(self, answers: Callable[[], bool] = lambda: True) -> None:
        self._versions: dict[str, bytes] = {}
        self._answers = answers
        self.calls = 0
        self.rotate()

    @property
    def newest(self) -> str:
        return next(iter(self._versions))

    def rotate(self) -> str:
        """A new version of the master key, under which everything is wrapped from now on."""
        fresh = secrets.token_bytes(_KEY)
        self._versions = {key_id(fresh): fresh, **self._versions}
        return self.newest

    def disable(self, version: str) -> None:
        """What this version wrapped opens no more."""
        del self._versions[version]

    def wrap(self, context: bytes, key: bytes) -> bytes:
        return self._answering(self._versions).wrap(context, key)

    def unwrap(self, context: bytes, wrapped: bytes) -> bytes:
        return self._answering(self._versions).unwrap(context, wrapped)

    def wrapped_under(self, wrapped: bytes) -> str:
        return MasterKeys(*self._versions.values()).wrapped_under(wrapped)

    def _answering(self, versions: Mapping[str, bytes]) -> MasterKeys:
        self.calls += 1
        if not self._answers():
            raise RetriableError("the key management service does not answer", code="kms")
        return MasterKeys(*versions.values())
