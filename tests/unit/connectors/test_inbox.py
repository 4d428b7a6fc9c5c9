from __future__ import annotations

from datetime import date

import pytest

from connectors.inbox import Inbox, is_telling_name
from hub.errors import RetriableError
from tests.unit.connectors.observations.make import write

TODAY = date(2025, 5, 19)


def make_inbox(folder, sleep=lambda _: None, max_bytes=10_000):
    return Inbox(folder, settle_seconds=2, max_bytes=max_bytes, sleep=sleep)


def names(look):
    return [file.path.name for file in look.files]


def test_settled_files_come_oldest_first(tmp_path):
    write(tmp_path, "b.csv", ["x"], age_seconds=500)
    write(tmp_path, "a.CSV", ["x"], age_seconds=100)
    assert names(make_inbox(tmp_path).look(TODAY)) == ["b.csv", "a.CSV"]


def test_what_is_not_a_finished_csv_file_is_left_alone(tmp_path):
    for name in ("a.csv.part", ".hidden.csv", "notes.txt"):
        write(tmp_path, name, ["x"])
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "notes.txt")
    look = make_inbox(tmp_path).look(TODAY)
    assert (look.files, look.refused) == ([], [])


def test_a_fresh_file_that_stands_still_is_taken(tmp_path):
    write(tmp_path, "fresh.csv", ["x"], age_seconds=0)
    slept = []
    assert names(make_inbox(tmp_path, slept.append).look(TODAY)) == ["fresh.csv"]
    assert slept == [2]


def test_a_file_that_is_still_growing_is_left_for_the_next_look(tmp_path):
    write(tmp_path, "growing.csv", ["x"], age_seconds=0)
    write(tmp_path, "settled.csv", ["x"])
    grow = lambda _: write(tmp_path, "growing.csv", ["x", "y"], age_seconds=-5)  # noqa: E731
    assert names(make_inbox(tmp_path, grow).look(TODAY)) == ["settled.csv"]


def test_a_file_that_goes_away_meanwhile_is_no_error(tmp_path):
    path = write(tmp_path, "gone.csv", ["x"], age_seconds=0)
    assert make_inbox(tmp_path, lambda _: path.unlink()).look(TODAY).files == []


def test_a_changed_content_has_another_digest_and_the_same_key(tmp_path):
    inbox = make_inbox(tmp_path)
    write(tmp_path, "a.csv", ["x"], age_seconds=500)
    (before,) = inbox.look(TODAY).files
    write(tmp_path, "a.csv", ["y"], age_seconds=400)
    (after,) = inbox.look(TODAY).files
    assert before.key == after.key
    assert before.digest != after.digest


def test_a_telling_name_or_a_size_beyond_measure_is_refused_by_code(tmp_path):
    write(tmp_path, "20120314-9800.csv", ["x"])
    write(tmp_path, "large.csv", b"x" * 20_000)
    look = make_inbox(tmp_path).look(TODAY)
    assert look.files == []
    assert sorted(reason for _, reason in look.refused) == ["bad_file_name", "file_too_large"]
    assert "2012" not in repr(look)


@pytest.mark.parametrize(
    "name", ["est-2025-W20.csv", "observationer 2025-05-12.csv", "20250512.csv", "2025-05-12_2025-05-18.csv", "a-12345.csv"]
)
def test_weeks_and_dates_of_exports_tell_of_nobody(name):
    assert not is_telling_name(name, TODAY)


@pytest.mark.parametrize(
    "name",
    [
        "20120314.csv",
        "2012-03-14.csv",
        "120314-9800.csv",
        "x1203149800.csv",
        "12 03 14 98 00.csv",
        "120314–9800.csv",
        "20251399.csv",
        "٢٠١٢٠٣١٤.csv",
    ],
)
def test_dates_of_birth_and_numbers_are_telling(name):
    assert is_telling_name(name, TODAY)


def test_a_folder_that_is_not_there_is_tried_again(tmp_path):
    with pytest.raises(RetriableError) as caught:
        make_inbox(tmp_path / "missing").look(TODAY)
    assert caught.value.code == "inbox_unreadable"
