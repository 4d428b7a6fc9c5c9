from __future__ import annotations

import stat
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from hub.backtest.history_file import KEPT_DAYS, open_history, write_history
from hub.errors import ConfigError, ContractError, RejectedError
from tests.unit.backtest.make import NOW, absent, make_history, reference

HISTORIES = [make_history([absent(40), absent(39)], youth_ref=reference(number)) for number in range(9)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "history.jsonl"
    write_history(path, (one.model_dump_json().encode() for one in HISTORIES), NOW)
    return path


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 50])
def test_what_is_written_is_read_again_whole_in_however_many_parts(file: Path, parts: int) -> None:
    found = [history for part in open_history(file, parts, NOW) for history in part.histories(Counter())]
    assert found == HISTORIES


def test_only_its_owner_can_read_it(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_exists_is_not_written_over(file: Path) -> None:
    with pytest.raises(ConfigError, match="name another file"):
        write_history(file, [], NOW)
    assert len(file.read_bytes().splitlines()) == 10


def test_what_could_not_be_finished_is_removed(tmp_path: Path) -> None:
    def broken():
        yield b"{}"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        write_history(tmp_path / "half", broken(), NOW)
    assert list(tmp_path.iterdir()) == []


def test_after_two_weeks_it_is_refused(file: Path) -> None:
    assert open_history(file, 1, NOW + timedelta(days=KEPT_DAYS))
    with pytest.raises(RejectedError, match="who has withdrawn") as refused:
        open_history(file, 1, NOW + timedelta(days=KEPT_DAYS, seconds=1))
    assert refused.value.code == "history_too_old"


def test_a_file_that_is_not_there_or_is_none_is_refused_with_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--keep"):
        open_history(tmp_path / "gone", 1, NOW)
    (tmp_path / "other").write_text('{"some": "thing"}\n')
    with pytest.raises(ConfigError, match="is no history"):
        open_history(tmp_path / "other", 1, NOW)


def test_a_line_that_is_no_history_is_named_by_its_byte_and_never_quoted(file: Path) -> None:
    at = file.stat().st_size
    with file.open("ab") as out:
        out.write(HISTORIES[0].model_dump_json().encode().replace(b"unexcused", b"sv\xc3\xa4rt") + b"\n")
    with pytest.raises(ContractError, match=f"byte {at} ") as refused:
        [history for part in open_history(file, 1, NOW) for history in part.histories(Counter())]
    assert reference(0) not in str(refused.value)
    assert refused.value.__cause__ is None
