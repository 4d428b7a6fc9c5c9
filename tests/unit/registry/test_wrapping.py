"""What wraps data keys: one suite over the file and over a key management service's twin."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.contract.ids import key_id
from hub.errors import ConfigError, FatalError, RetriableError
from hub.registry.vault import Vault
from hub.registry.wrapping import FORMER_MASTER, MASTER, FileWrapping, KeyWrapping, MasterKeys, MemoryKms, derived
from tests.support import make_settings
from tests.unit.registry.support import MASTER as OLD

NEW = bytes(range(32, 64))
KEY = b"d" * 32


def put(folder: Path, name: str, key: bytes) -> None:
    """As `hub keys` does: a new file in the old one's place."""
    fresh = folder / f".{name}.new"
    fresh.write_text(base64.b64encode(key).decode())
    fresh.replace(folder / name)
    os.utime(folder, ns=(0, folder.stat().st_mtime_ns + 1_000_000))


@pytest.fixture(params=["file", "service"])
def wrapping(request: pytest.FixtureRequest, tmp_path: Path) -> KeyWrapping:
    if request.param == "service":
        return MemoryKms()
    settings = make_settings(tmp_path)
    settings.keys.mkdir()
    put(settings.keys, MASTER, OLD)
    return FileWrapping(settings)


def test_what_was_wrapped_opens_under_its_context_and_says_its_master_key(wrapping: KeyWrapping) -> None:
    wrapped = wrapping.wrap(b"youth 1", KEY)
    assert wrapping.unwrap(b"youth 1", wrapped) == KEY
    assert KEY not in wrapped
    assert wrapping.wrapped_under(wrapped) == wrapping.newest
    assert wrapping.wrap(b"youth 1", KEY) != wrapped
    for context, changed in ((b"youth 2", wrapped), (b"youth 1", wrapped[:-1] + bytes([wrapped[-1] ^ 1])), (b"youth 1", b"")):
        with pytest.raises(FatalError) as caught:
            wrapping.unwrap(context, changed)
        assert caught.value.code == "bad_seal"


def test_it_serves_a_vault(wrapping: KeyWrapping) -> None:
    vault = Vault(wrapping, b"l" * 32)
    key, wrapped = vault.new_data_key("a")
    assert vault.data_key("a", vault.rewrapped("a", wrapped)) == key
    with pytest.raises(ValueError, match="look people up"):
        Vault(wrapping)


def test_a_file_that_was_replaced_is_read_again_and_the_former_key_opens_what_it_wrapped(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    settings.keys.mkdir()
    with pytest.raises(ConfigError):
        FileWrapping(settings)
    put(settings.keys, MASTER, OLD)
    wrapping = FileWrapping(settings)
    before = wrapping.wrap(b"c", KEY)
    put(settings.keys, FORMER_MASTER, OLD)
    put(settings.keys, MASTER, NEW)
    assert wrapping.unwrap(b"c", before) == KEY
    assert (wrapping.wrapped_under(before), wrapping.newest) == (key_id(OLD), key_id(NEW))
    after = wrapping.wrap(b"c", KEY)
    (settings.keys / FORMER_MASTER).unlink()
    os.utime(settings.keys, ns=(0, settings.keys.stat().st_mtime_ns + 1_000_000))
    assert wrapping.unwrap(b"c", after) == KEY
    with pytest.raises(FatalError):
        wrapping.unwrap(b"c", before)


def test_what_an_early_version_wrapped_without_a_name_opens_under_either_key() -> None:
    nonce = b"n" * 12
    early = nonce + AESGCM(derived(OLD, b"hub registry: wrap data keys, v1")).encrypt(nonce, KEY, b"c")
    assert MasterKeys(NEW, OLD).unwrap(b"c", early) == KEY
    assert MasterKeys(OLD).wrapped_under(early) == ""
    with pytest.raises(FatalError):
        MasterKeys(NEW).unwrap(b"c", early)


def test_a_service_keeps_its_versions_until_they_are_disabled_and_may_be_out_of_reach() -> None:
    answers = [True]
    service = MemoryKms(lambda: answers[0])
    before, first = service.wrap(b"c", KEY), service.newest
    second = service.rotate()
    assert (service.newest, second != first, service.unwrap(b"c", before)) == (second, True, KEY)
    service.disable(first)
    with pytest.raises(FatalError):
        service.unwrap(b"c", before)
    answers[0] = False
    with pytest.raises(RetriableError) as caught:
        service.wrap(b"c", KEY)
    assert (caught.value.code, service.calls) == ("kms", 4)
