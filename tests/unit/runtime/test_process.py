"""Workers beside each other on one machine keep out of each other's way."""

from __future__ import annotations

from pathlib import Path

from hub.runtime.process import _name, _own_folder
from tests.support import make_settings


def test_each_worker_has_a_folder_of_its_own_and_the_next_start_takes_it_back(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with _own_folder(settings) as (first, zero), _own_folder(settings) as (second, one):
        assert (zero, one) == (0, 1)
        assert first != second
        assert first.is_dir()
        assert second.is_dir()
    with _own_folder(settings) as (again, number):
        assert (again, number) == (first, 0)


def test_workers_announce_themselves_apart() -> None:
    assert [_name(number) for number in range(3)] == ["worker", "worker-1", "worker-2"]
