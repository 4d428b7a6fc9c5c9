from __future__ import annotations

import errno
import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from hub.errors import RetriableError
from tests.unit.statutory.make import MESSAGE_ID, SECRET, WatchedDisk, make_message, make_store


def test_each_step_of_a_write_is_finished_before_the_next(tmp_path):
    disk = WatchedDisk()
    make_store(tmp_path, disk=disk).put(make_message())
    steps = disk.steps
    assert steps[steps.index("create") :] == ["create", "write", "sync", "rename", "sync_folder", "sync_folder"]


def test_a_message_that_is_there_is_made_durable_again(tmp_path):
    make_store(tmp_path).put(make_message())
    disk = WatchedDisk()
    make_store(tmp_path, disk=disk).put(make_message())
    assert disk.steps == ["sync_folder", "sync_folder"]


@pytest.mark.parametrize("step", range(10))
def test_wherever_the_disk_fails_the_message_is_whole_or_absent_and_a_repeat_succeeds(tmp_path, step):
    disk = WatchedDisk(fail_at=step)
    with pytest.raises(RetriableError) as caught:
        make_store(tmp_path, disk=disk).put(make_message())
    assert caught.value.code == "store_full"
    store = make_store(tmp_path)
    messages, damaged = store.list()
    assert damaged == []
    assert all(store.read(each.entry)[1] == SECRET.encode() for each in messages)
    store.put(make_message())
    assert len(store.list()[0]) == 1


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "store_full"), (errno.EACCES, "store_denied"), (errno.EIO, "store_unwritable")]
)
def test_a_refusing_disk_says_what_to_do_and_nothing_of_the_message(tmp_path, number, code):
    with pytest.raises(RetriableError) as caught:
        make_store(tmp_path, disk=WatchedDisk(0, number)).put(make_message())
    assert caught.value.code == code
    assert str(tmp_path) in str(caught.value)
    assert MESSAGE_ID not in str(caught.value)


def test_half_written_files_are_never_listed_and_are_swept_later(tmp_path):
    store = make_store(tmp_path)
    store.put(make_message())
    (_, old, young) = paths = [tmp_path / "messages" / f"{name}.tmp" for name in ("a", "b", "c")]
    for path in paths:
        path.write_bytes(b"HUBSTAT1 half")
    for path in (paths[0], old):
        os.utime(path, (time.time() - 7200,) * 2)
    index = store.index()
    index.refresh()
    assert len(store.list()[0]) == index.survey().messages == 1
    assert not store.check()
    assert store.sweep() == 2
    assert young.exists()


def _write_many(folder: str, first: int) -> None:
    store = make_store(Path(folder), private=False)
    for number in range(first, first + 60):
        store.put(make_message(f"message {number}", json.dumps({"number": number}).encode()))


def test_two_processes_writing_at_once_lose_and_break_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(tmp_path), first)) for first in (0, 30)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    store = make_store(tmp_path)
    messages, damaged = store.list()
    assert damaged == []
    assert {each.envelope.message_id for each in messages} == {f"message {number}" for number in range(90)}
    assert len(messages) == 90
    assert not store.check()
    assert not list(tmp_path.rglob("*.tmp"))
