from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import FatalError
from hub.registry.vault import Vault, subject_hash
from tests.unit.registry.support import MASTER, make_identifier

OTHER = bytes(reversed(MASTER))


@given(st.binary(max_size=64), st.text(max_size=10))
def test_what_is_sealed_opens_again(content: bytes, field: str) -> None:
    vault = Vault(MASTER)
    key, wrapped = vault.new_data_key("a")
    assert vault.data_key("a", wrapped) == key
    assert vault.open(key, "a", field, vault.seal(key, "a", field, content)) == content


def test_a_sealed_field_moved_to_another_row_or_column_does_not_open() -> None:
    vault = Vault(MASTER)
    key, wrapped = vault.new_data_key("a")
    sealed = vault.seal(key, "a", "identity", b"x")
    for youth_id, field in (("b", "identity"), ("a", "link_key.school")):
        with pytest.raises(FatalError) as caught:
            vault.open(key, youth_id, field, sealed)
        assert caught.value.code == "bad_seal"
    with pytest.raises(FatalError):
        vault.data_key("b", wrapped)


def test_another_master_key_opens_nothing() -> None:
    _, wrapped = Vault(MASTER).new_data_key("a")
    with pytest.raises(FatalError):
        Vault(OTHER).data_key("a", wrapped)


def test_lookups_differ_between_installations_and_from_the_subject_hash() -> None:
    person = make_identifier()
    assert Vault(MASTER).lookup(person) == Vault(MASTER).lookup(person)
    assert Vault(MASTER).lookup(person) != Vault(OTHER).lookup(person)
    assert Vault(MASTER).lookup(person).hex() != subject_hash(MASTER, person)
