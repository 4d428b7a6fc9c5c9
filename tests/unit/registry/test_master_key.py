"""The master key changes while everything goes on, and what was cut off in the middle is taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError, FatalError, RejectedError, RetriableError
from hub.installation import initialise, read_key
from hub.registry.master_key import begin_rotation, master_state, retire_master, rewrap
from hub.registry.opening import OpenRegistry, open_registry
from hub.registry.vault import LOOKUP, Vault
from hub.registry.wrapping import FORMER_MASTER, MASTER, MemoryKms
from hub.settings import Settings, load_settings
from tests.unit.registry.support import START, Installation, make_grant, make_identifier

PEOPLE = [make_identifier(number) for number in range(6)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialise(tmp_path)
    return load_settings(tmp_path)


def opened_now(settings: Settings) -> OpenRegistry:
    return open_registry(settings, ManualClock(START), Codec.load())


@pytest.fixture
def opened(settings: Settings) -> Iterator[OpenRegistry]:
    found = opened_now(settings)
    yield found
    found.close()


def no_record() -> None: ...


def rotate(settings: Settings, opened: OpenRegistry) -> int:
    begin_rotation(settings, opened.tools.vault, no_record)
    return rewrap(settings, opened.tools.vault, opened.keyring, lambda _done, _of: None)


def test_a_rotation_changes_the_key_and_nothing_else(settings: Settings, opened: OpenRegistry) -> None:
    references = [opened.registry.grant(make_grant(person)).youth_ref for person in PEOPLE[:5]]
    before = read_key(settings, MASTER)
    assert rotate(settings, opened) == 5
    assert read_key(settings, MASTER) != before
    assert read_key(settings, FORMER_MASTER) == before
    assert opened.registry.references(PEOPLE) == [*references, None]  # the process that was open all the time
    references.append(opened.registry.grant(make_grant(PEOPLE[5])).youth_ref)
    retire_master(settings, opened.tools.vault, opened.keyring, no_record)
    later = opened_now(settings)
    assert later.registry.references(PEOPLE) == references
    assert [later.registry.withdraw(person).status for person in PEOPLE] == ["withdrawn"] * 6
    later.close()
    with pytest.raises(FatalError):
        Vault(before).data_key("x", opened.tools.vault.new_data_key("x")[1])


def test_a_second_rotation_follows_the_first(settings: Settings, opened: OpenRegistry) -> None:
    reference = opened.registry.grant(make_grant()).youth_ref
    for _ in range(3):
        rotate(settings, opened)
        retire_master(settings, opened.tools.vault, opened.keyring, no_record)
        later = opened_now(settings)
        assert later.registry.references(PEOPLE[:1]) == [reference]
        assert later.registry.show(PEOPLE[0]).status == "in_force"
        later.close()


def test_a_key_of_lookups_that_was_not_restored_is_missed_at_the_start(settings: Settings, opened: OpenRegistry) -> None:
    rotate(settings, opened)
    (settings.keys / LOOKUP).unlink()
    with pytest.raises(ConfigError, match=LOOKUP):
        opened_now(settings)


class PlugPulledError(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("after", [1, 2])
def test_a_rotation_that_was_cut_off_is_taken_up_where_it_was(
    settings: Settings, opened: OpenRegistry, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.registry.master_key._AT_ONCE", 2)
    references = [opened.registry.grant(make_grant(person)).youth_ref for person in PEOPLE]
    portions: list[int] = []

    def cut(done: int, of: int) -> None:
        portions.append(done)
        if len(portions) == after:
            raise PlugPulledError

    assert begin_rotation(settings, opened.tools.vault, no_record)
    key = read_key(settings, MASTER)
    with pytest.raises(PlugPulledError):
        rewrap(settings, opened.tools.vault, opened.keyring, cut)
    state = master_state(settings, opened.tools.vault, opened.keyring)
    assert (state.former, state.data_keys, state.waiting) == (True, 6, 6 - 2 * after)
    with pytest.raises(RejectedError) as caught:
        retire_master(settings, opened.tools.vault, opened.keyring, no_record)
    assert caught.value.code == "still_used"
    again = opened_now(settings)
    assert not begin_rotation(settings, again.tools.vault, no_record)  # no third key
    assert read_key(settings, MASTER) == key
    assert rewrap(settings, again.tools.vault, again.keyring, lambda _done, _of: None) == 6 - 2 * after
    retire_master(settings, again.tools.vault, again.keyring, no_record)
    assert again.registry.references(PEOPLE) == references
    assert [again.registry.show(person).status for person in PEOPLE] == ["in_force"] * 6
    again.close()


def test_a_new_key_that_was_never_put_in_place_is_made_at_the_next_run(settings: Settings, opened: OpenRegistry) -> None:
    """The plug was pulled between the two files: both hold the same key."""
    opened.registry.grant(make_grant())
    (settings.keys / FORMER_MASTER).write_bytes((settings.keys / MASTER).read_bytes())
    assert begin_rotation(settings, opened.tools.vault, no_record)
    assert rewrap(settings, opened.tools.vault, opened.keyring, lambda _done, _of: None) == 1


def test_a_rotation_that_cannot_be_logged_is_not_begun(settings: Settings, opened: OpenRegistry) -> None:
    def full() -> None:
        raise RetriableError("no log", code="audit")

    before = {path.name: path.read_bytes() for path in settings.keys.iterdir()}
    with pytest.raises(RetriableError):
        begin_rotation(settings, opened.tools.vault, full)
    assert {path.name: path.read_bytes() for path in settings.keys.iterdir()} == before
    assert not (settings.keys / LOOKUP).exists()


def test_the_keyring_replaces_only_what_is_still_there(home: Installation) -> None:
    home.keyring.put({"a": b"1", "b": b"1"}, START)
    home.keyring.replace({"a": (b"1", b"2"), "b": (b"0", b"2"), "c": (b"1", b"2")})
    home.keyring.replace({})
    assert home.keyring.get(["a", "b", "c"]) == {"a": b"2", "b": b"1"}


def test_a_service_rotates_by_itself_and_the_keys_follow(settings: Settings, sqlite_home: Installation) -> None:
    service = MemoryKms()
    vault = Vault(service, sqlite_home.tools.vault.lookup_key)
    keys = {f"{number:032x}": vault.new_data_key(f"{number:032x}") for number in range(5)}
    sqlite_home.keyring.put({name: wrapped for name, (_, wrapped) in keys.items()}, START)
    first = service.newest
    service.rotate()
    assert rewrap(settings, vault, sqlite_home.keyring, lambda _done, _of: None) == 5
    service.disable(first)
    assert all(vault.data_key(name, sqlite_home.keyring.get([name])[name]) == key for name, (key, _) in keys.items())


def test_a_rotation_that_another_began_or_was_through_with_meanwhile_is_refused_and_no_key_is_lost(
    settings: Settings, opened: OpenRegistry
) -> None:
    """It waits for the audit log when it has looked; the other is quicker."""
    reference = opened.registry.grant(make_grant()).youth_ref
    before = read_key(settings, MASTER)

    def other() -> None:
        rotate(settings, opened)

    def other_to_its_end() -> None:
        rotate(settings, opened)
        retire_master(settings, opened.tools.vault, opened.keyring, no_record)

    for meanwhile in (other, other_to_its_end):
        with pytest.raises(RejectedError) as caught:
            begin_rotation(settings, opened.tools.vault, meanwhile)
        assert caught.value.code == "rotation_under_way"
        if meanwhile is other:
            assert read_key(settings, FORMER_MASTER) == before
            retire_master(settings, opened.tools.vault, opened.keyring, no_record)
    later = opened_now(settings)
    assert later.registry.references(PEOPLE[:1]) == [reference]
    later.close()
