"""What the receiver's case system has registered: said once, sealed, and known without a key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.errors import RejectedError, RetriableError
from hub.statutory.handing_over import AlreadySaidError, CaseOutcome, Correction, HandOvers
from tests.unit.statutory.make import KEY, MESSAGE_ID, NOW, WatchedDisk, make_message, make_store

SAID = {"registered_as": "SN 2025/117", "who": "officer", "at": NOW, "key": KEY}


def stored(folder: Path, content: bytes = b"one") -> Path:
    store = make_store(folder)
    store.put(make_message(content=content))
    return store.path_of(store.list()[0][-1].entry)


def test_a_message_is_handed_over_when_each_of_its_contents_is(tmp_path: Path) -> None:
    hand_overs = HandOvers(tmp_path, KEY.public_key)
    assert not hand_overs.has(MESSAGE_ID)
    hand_overs.confirm(stored(tmp_path), **SAID)
    assert hand_overs.has(MESSAGE_ID)
    assert not hand_overs.has("another")
    make_store(tmp_path).put(make_message(content=b"two"))
    assert not hand_overs.has(MESSAGE_ID)
    for file in (tmp_path / "messages").rglob("*.sealed"):
        hand_overs.confirm(file, **SAID)
    assert hand_overs.has(MESSAGE_ID)


def test_who_said_it_and_the_case_are_sealed_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    (written,) = (tmp_path / "handed_over").rglob("*.sealed")
    before = written.read_bytes()
    assert b"2025" not in before
    hand_overs.confirm(file, **SAID)
    assert written.read_bytes() == before


def test_whoever_says_another_number_is_told_what_stands_and_it_stands(tmp_path: Path) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    with pytest.raises(AlreadySaidError) as refused:
        hand_overs.confirm(file, **(SAID | {"registered_as": "SN 2025/711"}))
    assert refused.value.stands["registered_as"] == "SN 2025/117"
    assert "SN" not in str(refused.value)
    assert hand_overs.said(file, KEY)["registered_as"] == "SN 2025/117"


@pytest.mark.parametrize("number", ["", "SN 2025/117"])
def test_another_outcome_is_told_what_stands_and_the_same_changes_nothing(tmp_path: Path, number: str) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    said = {**SAID, "registered_as": number}
    for _ in range(2):
        hand_overs.conclude(file, CaseOutcome.DECLINED, **said)
    with pytest.raises(AlreadySaidError) as refused:
        hand_overs.conclude(file, CaseOutcome.SUPPORTED, **said)
    assert refused.value.stands["outcome"] == "declined"


def test_without_the_key_nobody_can_compare_and_a_second_word_is_refused(tmp_path: Path) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    with pytest.raises(AlreadySaidError) as refused:
        hand_overs.confirm(file, **(SAID | {"key": None}))
    assert refused.value.stands == {}


def test_of_many_who_say_it_at_once_one_is_first_and_all_others_are_told(tmp_path: Path) -> None:
    file = stored(tmp_path)

    def say(number: int) -> str:
        case = f"SN 2025/{number}"
        try:
            HandOvers(tmp_path, KEY.public_key).confirm(file, **(SAID | {"registered_as": case}))
        except AlreadySaidError as error:
            return error.stands["registered_as"]
        return case

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(say, range(100, 108)))
    assert answers == {HandOvers(tmp_path, KEY.public_key).said(file, KEY)["registered_as"]}


def test_a_receipt_leaves_what_a_person_said_before(tmp_path: Path) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    hand_overs.receipt(file, registered_as="SN 2025/711", who="receiver reception", at=NOW)
    assert hand_overs.said(file, KEY)["registered_as"] == "SN 2025/117"


@pytest.mark.parametrize("number", ["", "x", "20120314-9800", "SN 20120314 9800", "a" * 41, "SN\n1"])
def test_a_case_number_that_is_none_or_could_be_somebody_s_is_refused(tmp_path: Path, number: str) -> None:
    hand_overs = HandOvers(tmp_path, KEY.public_key)
    with pytest.raises(RejectedError) as refused:
        hand_overs.confirm(stored(tmp_path), **(SAID | {"registered_as": number}))
    assert refused.value.code == "bad_case_number"
    assert not hand_overs.has(MESSAGE_ID)


@pytest.mark.parametrize("step", range(5))
def test_what_did_not_reach_the_medium_does_not_count(tmp_path: Path, step: int) -> None:
    file = stored(tmp_path)
    with pytest.raises(RetriableError):
        HandOvers(tmp_path, KEY.public_key, disk=WatchedDisk(fail_at=step)).confirm(file, **SAID)
    assert not HandOvers(tmp_path, KEY.public_key).has(MESSAGE_ID)


RIGHT = {
    "instead_of": "SN 2025/117", "registered_as": "SN 2025/711", "why": Correction.MISTYPED, "who": "second", "at": NOW, "key": KEY,
}  # fmt: skip


def test_a_wrong_number_is_put_right_and_both_are_kept_with_who_said_them_and_why(tmp_path: Path) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    for _ in range(2):  # the same again changes nothing
        hand_overs.correct(file, **RIGHT)
    stands, (before,) = hand_overs.said(file, KEY), hand_overs.said_before(file, KEY)
    assert (stands["registered_as"], stands["who"], stands["why"]) == ("SN 2025/711", "second", "mistyped")
    assert (before["registered_as"], before["who"]) == ("SN 2025/117", "officer")
    hand_overs.correct(file, **(RIGHT | {"instead_of": "SN 2025/711", "registered_as": "SN 2025/712"}))
    assert [one["registered_as"] for one in hand_overs.said_before(file, KEY)] == ["SN 2025/711", "SN 2025/117"]
    (written,) = (tmp_path / "handed_over").rglob("*.sealed")
    assert b"2025" not in written.read_bytes()
    assert hand_overs.has(MESSAGE_ID)


def test_whoever_puts_right_what_stands_no_longer_is_told_what_does(tmp_path: Path) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    hand_overs.correct(file, **RIGHT)
    with pytest.raises(AlreadySaidError) as refused:
        hand_overs.correct(file, **(RIGHT | {"registered_as": "SN 2025/712"}))
    assert refused.value.stands["registered_as"] == "SN 2025/711"
    assert len(hand_overs.said_before(file, KEY)) == 1


@pytest.mark.parametrize(
    ("registered_as", "code"), [("SN 2025/117", "same_number"), ("20120314-9800", "bad_case_number"), ("", "bad_case_number")]
)
def test_a_correction_that_puts_nothing_right_is_refused(tmp_path: Path, registered_as: str, code: str) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    with pytest.raises(RejectedError) as none:
        hand_overs.correct(file, **RIGHT)
    assert none.value.code == "not_registered"
    hand_overs.confirm(file, **SAID)
    with pytest.raises(RejectedError) as refused:
        hand_overs.correct(file, **(RIGHT | {"registered_as": registered_as}))
    assert refused.value.code == code
    assert hand_overs.said_before(file, KEY) == []


def test_of_many_who_put_it_right_at_once_one_does_and_all_others_are_told(tmp_path: Path) -> None:
    file = stored(tmp_path)
    HandOvers(tmp_path, KEY.public_key).confirm(file, **SAID)

    def put_right(number: int) -> str:
        case = f"SN 2025/{number}"
        try:
            HandOvers(tmp_path, KEY.public_key).correct(file, **(RIGHT | {"registered_as": case}))
        except AlreadySaidError as error:
            return error.stands["registered_as"]
        return case

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(put_right, range(200, 208)))
    assert answers == {HandOvers(tmp_path, KEY.public_key).said(file, KEY)["registered_as"]}
    assert len(HandOvers(tmp_path, KEY.public_key).said_before(file, KEY)) == 1


@pytest.mark.parametrize("step", range(5))
def test_a_correction_that_did_not_reach_the_medium_leaves_what_stood_or_stands_whole(tmp_path: Path, step: int) -> None:
    file, hand_overs = stored(tmp_path), HandOvers(tmp_path, KEY.public_key)
    hand_overs.confirm(file, **SAID)
    with pytest.raises(RetriableError):
        HandOvers(tmp_path, KEY.public_key, disk=WatchedDisk(fail_at=step)).correct(file, **RIGHT)
    stands = hand_overs.said(file, KEY)["registered_as"]
    assert stands == ("SN 2025/117" if step < 4 else "SN 2025/711")
    hand_overs.correct(file, **RIGHT)
    assert hand_overs.said(file, KEY)["registered_as"] == "SN 2025/711"
    assert len(hand_overs.said_before(file, KEY)) == 1
