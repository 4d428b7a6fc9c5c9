from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PublicKey

from hub.connector import report_number
from hub.errors import ConfigError, ContractError, RejectedError
from hub.statutory.store import StatutoryStore
from tests.unit.statutory.make import KEY, MESSAGE_ID, NOW, SECRET, make_message, make_store


def test_a_message_comes_back_byte_for_byte(tmp_path):
    store = make_store(tmp_path)
    content = bytes(range(256)) * 40
    store.put(make_message(content=content))
    (stored,), damaged = store.list()
    assert damaged == []
    assert stored.envelope.message_id == MESSAGE_ID
    assert (stored.envelope.arrived_at, stored.envelope.stored_at, stored.envelope.size) == (NOW, NOW, len(content))
    assert store.read(stored.entry)[1] == content


@settings(max_examples=30, deadline=None)
@given(message_id=st.text(max_size=200), content=st.binary(max_size=4000))
def test_any_id_and_any_bytes_are_taken(tmp_path_factory, message_id, content):
    store = make_store(tmp_path_factory.mktemp("store"))
    store.put(make_message(message_id, content))
    assert store.has(message_id)
    assert store.read(store.list()[0][0].entry)[1] == content


def test_the_clocks_run_in_swedish_calendar_days_from_arrival(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message(arrived=datetime(2025, 5, 18, 22, 30, tzinfo=UTC)))  # half past midnight on the 19th in Sweden
    clocks = store.list()[0][0].clocks
    assert clocks.arrived_on == date(2025, 5, 19)
    assert (clocks.protect_by, clocks.decide_by) == (date(2025, 5, 20), date(2025, 6, 2))


def test_the_writer_can_neither_list_nor_read(tmp_path):
    writer = make_store(tmp_path, private=False)
    writer.put(make_message())
    assert not writer.readable
    assert writer.has(MESSAGE_ID)
    for reading in (writer.list, lambda: writer.read("x")):
        with pytest.raises(ConfigError) as caught:
            reading()
        assert caught.value.code == "no_private_key"


def test_the_mark_of_a_message_changes_with_a_content_and_not_with_a_repeat(tmp_path):
    writer, number = make_store(tmp_path, private=False), report_number(MESSAGE_ID)
    marks = [writer.contents(number)]
    for content in (b"one", b"one", b"two"):
        writer.put(make_message(content=content))
        marks.append(writer.contents(number))
    assert marks[0] == ""
    assert marks[1] == marks[2]
    assert len(set(marks)) == 3
    assert all(len(mark) <= 64 for mark in marks)


def test_two_keys_that_are_no_pair_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="not a pair"):
        StatutoryStore(tmp_path, PublicKey(bytes(32)), KEY)


def test_the_same_message_twice_is_kept_once(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message())
    store.put(make_message())
    assert len(store.list()[0]) == 1


def flipped(raw: bytes) -> bytes:
    return raw[:-5] + bytes([raw[-5] ^ 0xFF]) + raw[-4:]


@pytest.mark.parametrize(
    ("damage", "private"),
    [
        (lambda raw: b"", False), (lambda raw: raw[:-1], False), (lambda raw: b"X" + raw[1:], False),
        (lambda raw: raw + b"\x00", False), (flipped, True),
    ],
)  # fmt: skip
def test_a_damaged_file_is_mended_when_the_message_comes_again(tmp_path, damage, private):
    make_store(tmp_path).put(make_message())
    (path,) = make_store(tmp_path).files()
    path.write_bytes(damage(path.read_bytes()))
    assert len(make_store(tmp_path).check()) == 1
    make_store(tmp_path, private=private).put(make_message())
    assert make_store(tmp_path).check() == ()
    assert list(make_store(tmp_path).files()) == [path]
    assert make_store(tmp_path).read_file(path)[1] == SECRET.encode()


def test_what_is_whole_is_not_written_again(tmp_path):
    for private in (True, False):
        make_store(tmp_path).put(make_message())
        (path,) = make_store(tmp_path).files()
        before = path.read_bytes()
        make_store(tmp_path, private=private).put(make_message())
        assert path.read_bytes() == before


def test_two_contents_under_one_id_are_both_kept(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message(content=b"first"))
    store.put(make_message(content=b"second"))
    found = store.list()[0]
    assert {store.read(each.entry)[1] for each in found} == {b"first", b"second"}
    assert len({each.entry for each in found}) == 2


def test_no_byte_and_no_name_in_the_store_tells_of_anybody(tmp_path):
    make_store(tmp_path).put(make_message(message_id="20120314-9800"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    planted = tmp_path / "control"
    planted.write_bytes(SECRET.encode())
    assert _holds([planted], SECRET)
    assert not any(_holds(files, needle) for needle in (SECRET, "Anna", "20120314-9800", "application/json"))
    assert not any(needle in str(path.relative_to(tmp_path)) for path in files for needle in ("1912", "1212-1212"))


def _holds(files: list[Path], needle: str) -> bool:
    forms = [needle.encode(), needle.encode("utf-16-le"), needle.encode().hex().encode(), base64.b64encode(needle.encode())[:-4]]
    return any(form in path.read_bytes() for path in files for form in forms)


def test_files_belong_to_their_owner_alone(tmp_path):
    make_store(tmp_path / "store").put(make_message())
    paths = [tmp_path / "store", *(tmp_path / "store").rglob("*")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda raw: b"", "truncated"),
        (lambda raw: raw[:30], "truncated"),
        (lambda raw: b"x" + raw[1:], "bad_magic"),
        (lambda raw: raw[:60] + bytes([raw[60] ^ 1]) + raw[61:], "will_not_open"),
        (lambda raw: raw[:8] + bytes(8) + raw[16:], "disagrees"),
    ],
)
def test_a_damaged_file_is_reported_and_hides_no_other(tmp_path, damage, reason):
    store = make_store(tmp_path)
    store.put(make_message())
    (path,) = tmp_path.rglob("*.sealed")
    store.put(make_message("another"))
    path.write_bytes(damage(path.read_bytes()))
    messages, damaged = store.list()
    assert [each.envelope.message_id for each in messages] == ["another"]
    assert [each.reason for each in damaged] == [reason]
    assert store.check() == tuple(damaged)


def test_a_changed_message_is_found_by_the_check_and_not_shown(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message())
    (path,) = tmp_path.rglob("*.sealed")
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert [each.reason for each in store.check()] == ["will_not_open"]
    with pytest.raises(ContractError):
        store.read(store.list()[0][0].entry)


def test_an_envelope_with_another_message_behind_it_is_found_out(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message(content=b"a" * 50))
    store.put(make_message("other", b"b" * 50))
    one, two = sorted(tmp_path.rglob("*.sealed"))
    one.write_bytes(one.read_bytes()[:-98] + two.read_bytes()[-98:])
    assert [each.reason for each in store.check()] == ["disagrees"]


def test_without_the_private_key_the_check_still_judges_the_form(tmp_path):
    store = make_store(tmp_path, private=False)
    store.put(make_message())
    assert not store.check()
    next(tmp_path.rglob("*.sealed")).write_bytes(b"short")
    assert [each.reason for each in store.check()] == ["truncated"]


def test_a_file_that_goes_while_it_is_checked_is_not_damaged(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message())
    (path,) = store.files()
    path.unlink()
    assert store.damage_of(path) is None


def test_an_unknown_message_is_refused(tmp_path):
    store = make_store(tmp_path)
    assert not store.has(MESSAGE_ID)
    with pytest.raises(RejectedError):
        store.read("nothing")
