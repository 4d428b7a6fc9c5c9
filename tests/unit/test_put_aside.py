"""What a restore leaves beside the installation: found, told apart from one at work, and removed with its keys overwritten."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.put_aside import (
    beside,
    destroy,
    find_asides,
    find_leftover,
    mend,
    put_aside,
    remove_leftover,
    restoring,
    staging,
    step_back,
)

AT = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


def make_data(folder: Path) -> Path:
    (folder / "keyring").mkdir(parents=True)
    (folder / "keyring" / "keyring.db").write_bytes(b"a wrapped key")
    return folder


def test_a_swap_puts_the_former_data_aside_with_their_instant(tmp_path: Path) -> None:
    make_data(tmp_path / "data")
    staging(tmp_path).mkdir()
    aside = put_aside(tmp_path, tmp_path / "data", AT)
    (found,) = find_asides(tmp_path)
    assert (found.folder, found.since) == (aside, AT)
    assert found.keyring == aside / "keyring" / "keyring.db"
    assert found.removed_by(timedelta(days=7)) == datetime(2025, 5, 26, 5, 30, tzinfo=UTC)
    assert not staging(tmp_path).exists()
    assert list((tmp_path / "data").iterdir()) == []


def test_a_swap_that_cannot_be_done_leaves_everything_as_it_was(tmp_path: Path) -> None:
    make_data(tmp_path / "data")
    with pytest.raises(OSError, match="No such file"):
        put_aside(tmp_path, tmp_path / "data", AT)
    assert (tmp_path / "data" / "keyring" / "keyring.db").is_file()
    assert find_asides(tmp_path) == []


def test_a_swap_that_was_cut_in_two_is_undone(tmp_path: Path) -> None:
    make_data(tmp_path / "data").rename(tmp_path / "data.before-20250519T053000Z")
    make_data(staging(tmp_path))
    assert remove_leftover(tmp_path)
    assert (tmp_path / "data" / "keyring" / "keyring.db").is_file()
    assert not staging(tmp_path).exists()
    assert not step_back(tmp_path)


@pytest.mark.parametrize("reached", [False, True], ids=["before", "after"])
def test_a_swap_that_was_cut_around_its_change_of_a_file_is_undone_with_that(tmp_path: Path, *, reached: bool) -> None:
    own = tmp_path / "consent.yaml"
    beside(own, AT).write_text("former")
    beside(own, AT - timedelta(days=1)).write_text("of an earlier restore")
    own.write_text("the backup's" if reached else "former")
    make_data(tmp_path / "data").rename(beside(tmp_path / "data", AT))
    make_data(staging(tmp_path))
    assert mend(tmp_path)
    assert (own.read_text(), (tmp_path / "data").is_dir(), beside(own, AT).exists()) == ("former", True, False)
    assert beside(own, AT - timedelta(days=1)).exists()


def test_a_swap_whose_change_of_a_file_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    own = tmp_path / "consent.yaml"
    beside(own, AT).write_text("former")
    make_data(tmp_path / "data")
    staging(tmp_path).mkdir()

    def fail() -> None:
        assert not (tmp_path / "data").exists()  # nobody meets the data under the rules of others
        own.write_text("half")
        raise ConfigError("no space", code="cannot_write")

    with pytest.raises(ConfigError, match="no space"):
        put_aside(tmp_path, tmp_path / "data", AT, fail)
    assert (own.read_text(), (tmp_path / "data" / "keyring").is_dir(), find_asides(tmp_path)) == ("former", True, [])


def test_a_swap_at_work_is_not_undone_and_one_that_was_cut_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", logger="hub.put_aside")  # another test's process may have asked for less
    assert not mend(tmp_path)
    make_data(tmp_path / "data").rename(tmp_path / "data.before-20250519T053000Z")
    assert not mend(tmp_path)  # nothing was put together: it is not known that a restore did this
    make_data(staging(tmp_path))
    with restoring(tmp_path), pytest.raises(ConfigError, match="being restored"):
        mend(tmp_path)
    assert not (tmp_path / "data").exists()
    assert mend(tmp_path)
    assert (tmp_path / "data" / "keyring" / "keyring.db").is_file()
    assert "killed in its last step" in caplog.text


def test_what_a_restore_at_work_makes_is_no_leftover(tmp_path: Path) -> None:
    make_data(staging(tmp_path))
    with restoring(tmp_path):
        assert find_leftover(tmp_path) is None
        assert not remove_leftover(tmp_path)
        with pytest.raises(ConfigError, match="being restored"), restoring(tmp_path):
            pass
    assert find_leftover(tmp_path) == staging(tmp_path)
    assert remove_leftover(tmp_path)
    assert not remove_leftover(tmp_path)


def test_the_bytes_of_data_keys_are_overwritten_before_they_are_removed(tmp_path: Path) -> None:
    file = make_data(tmp_path / "data.before-20250519T053000Z") / "keyring" / "keyring.db"
    os.link(file, tmp_path / "the-same-bytes")
    destroy(file.parents[1])
    assert not file.parents[1].exists()
    assert (tmp_path / "the-same-bytes").read_bytes() == bytes(13)


def test_a_folder_that_somebody_renamed_is_as_old_as_it_is(tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data.before-keep-this")
    os.utime(folder, (AT.timestamp(), AT.timestamp()))
    assert [aside.since for aside in find_asides(tmp_path)] == [AT]
