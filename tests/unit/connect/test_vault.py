from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

from hub.connect.vault import Copy, DirectoryFile

KEY = b"k" * 32
NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


def make_copy(world) -> Copy:
    return Copy(7, '"7"', NOW, {"a" * 64: world.entry(1), "b" * 64: world.entry(2, spans=((NOW, NOW + timedelta(days=1)),))})


def test_what_was_saved_is_loaded(world) -> None:
    file = DirectoryFile(world.folder / "deep" / "directory.sealed", KEY, "ss12000")
    assert file.load() is None
    file.save(make_copy(world))
    assert file.load() == make_copy(world)


def test_what_was_saved_with_the_former_key_is_loaded_and_then_opens_with_this_one_alone(world) -> None:
    path, new = world.folder / "directory.sealed", b"n" * 32
    DirectoryFile(path, KEY, "ss12000").save(make_copy(world))
    assert DirectoryFile(path, new, "ss12000", former_key=KEY).load() == make_copy(world)
    assert DirectoryFile(path, new, "ss12000").load() == make_copy(world)
    assert DirectoryFile(path, b"o" * 32, "ss12000", former_key=KEY).load() is None


def test_the_file_says_nothing_to_others(world) -> None:
    path = world.folder / "directory.sealed"
    DirectoryFile(path, KEY, "ss12000").save(make_copy(world))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert world.entry(1).youth_ref.encode() not in content
    assert ("a" * 64).encode() not in content


def test_another_key_another_instance_or_a_changed_byte_is_no_copy(world) -> None:
    path = world.folder / "directory.sealed"
    DirectoryFile(path, KEY, "ss12000").save(make_copy(world))
    assert DirectoryFile(path, b"x" * 32, "ss12000").load() is None
    assert DirectoryFile(path, KEY, "sdk").load() is None
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert DirectoryFile(path, KEY, "ss12000").load() is None
    path.write_bytes(b"")
    assert DirectoryFile(path, KEY, "ss12000").load() is None
