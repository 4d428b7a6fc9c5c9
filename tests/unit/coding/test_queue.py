"""What the queue's own files keep of a coded result: nothing, once it is published or taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.unit.coding.make import OFFICER, UNDO, CodingPlace


def held(folder: Path, sealed: bytes) -> list[str]:
    """The files in which the sealed result can be found."""
    return [file.name for file in sorted(folder.glob("coding.db*")) if sealed[:40] in file.read_bytes()]


def coded(place: CodingPlace) -> tuple[str, bytes]:
    number = place.arrive()
    return number, place.code(number).sealed


def test_a_published_result_is_in_none_of_the_files(place: CodingPlace, tmp_path: Path) -> None:
    number, sealed = coded(place)
    assert held(tmp_path, sealed) != []
    place.clock.advance(UNDO)
    place.queue.take(place.clock.now(), 10)
    place.queue.settle({number: ""}, place.clock.now())
    assert held(tmp_path, sealed) == []


def test_a_result_that_is_taken_back_is_in_none_of_the_files(place: CodingPlace, tmp_path: Path) -> None:
    number, sealed = coded(place)
    place.desk.undo(OFFICER, number)
    assert held(tmp_path, sealed) == []


def test_a_reader_in_the_way_postpones_it_to_the_next_look(place: CodingPlace, tmp_path: Path) -> None:
    number, sealed = coded(place)
    with closing(sqlite3.connect(tmp_path / "coding.db")) as reader:
        reader.execute("begin")
        reader.execute("select * from notices").fetchall()
        place.desk.undo(OFFICER, number)
        assert held(tmp_path, sealed) != []
    place.desk.list(OFFICER)
    assert held(tmp_path, sealed) == []
