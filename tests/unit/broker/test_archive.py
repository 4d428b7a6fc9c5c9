from __future__ import annotations

import os
import threading
import time

import pytest
from filelock import FileLock
from structlog.testing import capture_logs

from hub.broker.archive import archive_of, archive_options
from hub.errors import RetriableError


class FakeJava:
    """Stands for a Java that makes an archive: writes `content`, or nothing, and ends with `code`."""

    def __init__(self, content: bytes | None = b"archive", code: int = 0, error: Exception | None = None) -> None:
        self.content, self.code, self.error = content, code, error
        self.commands: list[list[str]] = []

    def __call__(self, command, folder, stop):
        self.commands.append(list(command))
        if self.error is not None:
            raise self.error
        assert (folder / "classes").exists()
        if self.content is not None:
            (folder / "archive").write_bytes(self.content)
        return self.code


@pytest.fixture
def java(tmp_path):
    return make_java(tmp_path / "java")


@pytest.fixture
def jars(tmp_path):
    paths = [tmp_path / "kafka.jar", tmp_path / "zstd-jni-1.jar"]
    for path in paths:
        path.write_bytes(b"jar")
    return paths


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "archives"


def make_java(home, version: str = "21.0.8"):
    for name, content in (("bin/java", ""), ("lib/modules", "m"), ("lib/server/libjvm.so", "j"), ("release", version)):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    return home / "bin" / "java"


def make(java, jars, folder, fake=None, stop=None) -> FakeJava:
    fake = fake or FakeJava()
    archive_of(java, jars, folder).make(java, jars, stop or threading.Event(), run=fake)
    return fake


def test_it_is_made_once_and_then_used(java, jars, folder):
    assert archive_options(java, jars, folder) == []
    [command] = make(java, jars, folder).commands
    assert command[0] == str(java)
    assert command[-1] == str(jars[0])  # as the broker's own class path: without the codecs
    assert make(java, jars, folder).commands == []
    options = archive_options(java, jars, folder)
    [file] = folder.glob("*.jsa")
    assert options[:2] == [f"-XX:SharedArchiveFile={file}", "-Xshare:auto"]
    assert {path.name for path in folder.iterdir()} == {file.name, "archives.lock"}


def test_another_java_or_another_jar_has_another_archive(tmp_path, java, jars, folder):
    make(java, jars, folder)
    newer = make_java(tmp_path / "newer", "21.0.9")
    assert archive_options(newer, jars, folder) == []
    jars[0].write_bytes(b"another")
    assert archive_options(java, jars, folder) == []


def test_the_same_java_in_another_place_shares_it(tmp_path, java, jars, folder):
    make(java, jars, folder)
    assert archive_options(make_java(tmp_path / "elsewhere"), jars, folder) == archive_options(java, jars, folder) != []


def test_a_java_outside_a_home_has_none(tmp_path, jars, folder):
    (tmp_path / "java").touch()
    assert archive_of(tmp_path / "java", jars, folder) is None
    assert archive_options(tmp_path / "java", jars, folder) == []


@pytest.mark.parametrize("damaged", [b"", b"arch", b"archivE"])
def test_a_damaged_one_is_not_used_and_made_anew(java, jars, folder, damaged):
    make(java, jars, folder)
    [file] = folder.glob("*.jsa")
    file.write_bytes(damaged)
    assert archive_options(java, jars, folder) == []
    assert len(make(java, jars, folder).commands) == 1
    assert archive_options(java, jars, folder) != []
    assert file.read_bytes() == b"archive"


@pytest.mark.parametrize("place", ["file", "folder"])
def test_one_that_others_may_write_is_not_used(java, jars, folder, place):
    make(java, jars, folder)
    (next(folder.glob("*.jsa")) if place == "file" else folder).chmod(0o770)
    assert archive_options(java, jars, folder) == []


def test_those_used_longest_ago_make_room(tmp_path, jars, folder):
    javas = [make_java(tmp_path / f"java-{number}", str(number)) for number in range(5)]
    now = time.time()
    for age, java in zip((900, 800, 700, 600, 500), javas, strict=True):
        make(java, jars, folder)
        archive_options(javas[0], jars, folder)  # used again and again
        os.utime(archive_of(java, jars, folder).find(), (now - age, now - age))
    assert [bool(archive_options(java, jars, folder)) for java in javas] == [True, False, False, True, True]


@pytest.mark.parametrize(
    "fake",
    [
        FakeJava(code=1),
        FakeJava(content=None),
        FakeJava(error=OSError("disk")),
        FakeJava(error=RetriableError("not made in 60 seconds", code="archive")),
    ],
    ids=["refused", "no file", "no disk", "slow"],
)
def test_a_failure_is_told_once_and_not_tried_again_the_same_day(java, jars, folder, fake):
    with capture_logs() as told:
        make(java, jars, folder, fake)
        make(java, jars, folder, fake)
    assert [entry["log_level"] for entry in told] == ["warning"]
    assert "without a class-data archive" in told[0]["event"]
    assert archive_options(java, jars, folder) == []
    assert {path.suffix for path in folder.iterdir()} == {".lock", ".failed"}


def test_after_a_day_a_failed_one_is_tried_again(java, jars, folder):
    make(java, jars, folder, FakeJava(code=1))
    [failed] = folder.glob("*.failed")
    yesterday = time.time() - 25 * 3600
    os.utime(failed, (yesterday, yesterday))
    make(java, jars, folder)
    assert archive_options(java, jars, folder) != []
    assert not failed.exists()


def test_a_folder_that_cannot_be_written_is_told_and_java_is_not_run(tmp_path, java, jars):
    (tmp_path / "file").touch()
    with capture_logs() as told:
        assert make(java, jars, tmp_path / "file" / "archives").commands == []
    assert [entry["reason"] for entry in told] == ["NotADirectoryError"]


def test_while_another_process_makes_it_nobody_waits(java, jars, folder):
    folder.mkdir(parents=True)
    with FileLock(folder / "archives.lock"), capture_logs() as told:
        assert make(java, jars, folder).commands == []
    assert told == []


def test_who_asks_to_stop_leaves_nothing_behind(java, jars, folder):
    stop = threading.Event()
    stop.set()
    with capture_logs() as told:
        make(java, jars, folder, FakeJava(content=b"half", code=-9), stop)
    assert told == []
    assert [path.name for path in folder.iterdir()] == ["archives.lock"]


def test_what_an_interrupted_one_left_goes_with_the_next(java, jars, folder):
    (folder / "archives.part").mkdir(parents=True)
    (folder / "archives.part" / "archive").write_bytes(b"half")
    make(java, jars, folder, FakeJava(content=None))
    assert not list(folder.glob("*.jsa"))
    assert not (folder / "archives.part").exists()
