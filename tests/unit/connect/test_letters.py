from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hub.connect.letters import Gathering, Letter, Sealing, names_of
from hub.connector import Batch, Unmapped
from tests.unit.connect.conftest import KEY, NOW

SEALING = Sealing(KEY, "toy")


def bad(name: str = "", content: bytes = b"") -> Unmapped:
    return Unmapped("bad_minutes", intentional=False, source_id=name, content=content)


def gathering(*, may_keep: bool = False) -> Gathering:
    return Gathering({}, SEALING, may_keep=may_keep)


def test_a_letter_comes_out_once_the_cursor_has_passed_its_record(world) -> None:
    gathered = gathering()
    assert gathered.take(Batch([world.incident(), bad()], {}), {1: "bad_minutes"}, NOW) == []
    (letter,) = gathered.take(Batch([world.incident()], {"next": 1}), {}, NOW)
    assert (letter.reason, letter.start, letter.ordinal, letter.found_at) == ("bad_minutes", {}, 1, NOW)


def test_a_place_counts_from_the_last_cursor_and_leaves_out_what_is_retold(world) -> None:
    gathered = gathering()
    gathered.take(Batch([world.incident()], {"next": 1}), {}, NOW)
    assert gathered.take(Batch([bad()], {"next": 1}, retold=True), {0: "bad_minutes"}, NOW) == []
    gathered.take(Batch([world.incident()], {"next": 1}), {}, NOW)
    (letter,) = gathered.take(Batch([bad()], {"next": 2}), {0: "bad_minutes"}, NOW)
    assert (letter.start, letter.ordinal) == ({"next": 1}, 1)


def test_what_may_be_about_a_person_is_never_kept() -> None:
    gathered = gathering()
    (letter,) = gathered.take(Batch([bad("a1", b'{"civicNo":"201103159801"}')], {"next": 1}), {0: "bad_minutes"}, NOW)
    assert letter.sealed == b""


def test_a_letter_says_neither_the_record_s_name_nor_the_same_twice() -> None:
    gathered = gathering()
    one, two = gathered.take(Batch([bad("a1"), bad("a1")], {"next": 1}), {0: "bad_minutes", 1: "bad_minutes"}, NOW)
    assert one.token != two.token
    assert one.letter_id != two.letter_id
    assert all(SEALING.is_of(letter, bad("a1")) and not SEALING.is_of(letter, bad("a2")) for letter in (one, two))


def test_a_row_about_a_place_is_one_letter_however_often_the_feed_shows_it() -> None:
    ids = set()
    for number in range(3):
        gathered = gathering(may_keep=True)
        (letter,) = gathered.take(Batch([bad(content=b"row")], {"next": number + 1}), {0: "no_place"}, NOW)
        ids.add(letter.letter_id)
        assert SEALING.open(letter.letter_id, letter.sealed) == b"row"
    assert len(ids) == 1


def test_a_fact_is_of_the_record_that_its_name_begins_with(world) -> None:
    letter = Letter("l1", NOW, "no_identifier", {}, 0, token=SEALING.token("l1", "a7"))
    assert SEALING.is_of(letter, world.absence(world.person(), "a7:excused"))
    assert SEALING.is_of(letter, world.absence(world.person(), "a7#1"))
    assert not SEALING.is_of(letter, world.absence(world.person(), "a70"))
    assert list(names_of("")) == []


@given(st.binary(max_size=200), st.text(max_size=20))
def test_a_body_opens_for_its_own_letter_and_key_only(content, other) -> None:
    sealed = SEALING.seal("l1", content)
    assert SEALING.open("l1", sealed) == content
    assert other == "l1" or SEALING.open(other, sealed) is None
    assert Sealing(KEY, "another").open("l1", sealed) is None
    assert Sealing(bytes(32), "toy").open("l1", sealed) is None
    assert SEALING.open("l1", sealed[:8]) is None


def test_nothing_of_a_letter_prints_what_it_holds() -> None:
    letter = Letter("l1", NOW, "no_place", {}, 0, token="secret-token", sealed=b"secret-body")
    assert "secret" not in repr(letter)
    assert json.dumps(letter.start)
    assert len(letter.cursor_digest) == 12
