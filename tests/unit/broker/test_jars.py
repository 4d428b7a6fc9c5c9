from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from hub.broker.jars import cache_folder, find_jars, wrong_jars
from hub.broker.lock import JarLock, LockedJar
from hub.errors import ConfigError, FatalError, RetriableError

CONTENT = {f"org.example:jar-{number}:1.0": f"content {number}".encode() for number in range(3)}
LOCK = JarLock(tuple(LockedJar(name, hashlib.sha256(content).hexdigest()) for name, content in CONTENT.items()))


class MemorySource:
    """Gives the jars from memory; `failures` says how often each fetch fails first, `wrong` gives other bytes."""

    def __init__(self, failures: int = 0, *, wrong: bool = False) -> None:
        self.failures = failures
        self.wrong = wrong
        self.fetched: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, scratch, received):
        self.received = received
        return self

    def fetch(self, jar, destination):
        with self._lock:
            if self.failures > 0:
                self.failures -= 1
                raise RetriableError("broken off", code="jars_unreachable")
            self.fetched.append(jar.coordinate)
        destination.write_bytes(b"altered" if self.wrong else CONTENT[jar.coordinate])
        self.received(len(CONTENT[jar.coordinate]))


def test_jars_are_fetched_once_and_come_in_the_order_of_the_lock(tmp_path, capsys):
    source = MemorySource()
    paths = find_jars(lock=LOCK, cache=tmp_path / "cache", source=source)
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    assert find_jars(lock=LOCK, cache=tmp_path / "cache", source=source) == paths
    assert sorted(source.fetched) == sorted(CONTENT)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == "Fetching Apache Kafka: 3 jars, about 45 MB, this once"
    assert len(told.err.splitlines()) == 2


def test_a_transfer_that_breaks_off_is_tried_again(tmp_path):
    source = MemorySource(failures=2)
    assert len(find_jars(lock=LOCK, cache=tmp_path / "cache", source=source)) == 3


def test_no_network_says_what_to_do_and_keeps_no_half_cache(tmp_path):
    with pytest.raises(ConfigError, match=r"broker\.jars") as refused:
        find_jars(lock=JarLock(LOCK.jars[:1]), cache=tmp_path / "cache", source=MemorySource(failures=99))
    assert refused.value.code == "jars_unreachable"
    assert not (tmp_path / "cache").exists()


def test_an_interrupted_fetch_goes_on_where_it_stopped(tmp_path):
    part = tmp_path / "cache.part"
    part.mkdir()
    first = LOCK.jars[0]
    (part / first.file_name).write_bytes(CONTENT[first.coordinate])
    (part / LOCK.jars[1].file_name).write_bytes(b"half of i")
    source = MemorySource()
    find_jars(lock=LOCK, cache=tmp_path / "cache", source=source)
    assert sorted(source.fetched) == [jar.coordinate for jar in LOCK.jars[1:]]
    assert not part.exists()


def test_altered_bytes_from_the_repository_are_never_installed(tmp_path):
    with pytest.raises(ConfigError, match="another sha256") as refused:
        find_jars(lock=JarLock(LOCK.jars[:1]), cache=tmp_path / "cache", source=MemorySource(wrong=True))
    assert refused.value.code == "jar_checksum"
    assert not (tmp_path / "cache").exists()


def test_a_jar_altered_in_the_cache_is_fetched_anew(tmp_path):
    paths = find_jars(lock=LOCK, cache=tmp_path / "cache", source=MemorySource())
    paths[1].write_bytes(b"something else")
    find_jars(lock=LOCK, cache=tmp_path / "cache", source=MemorySource())
    assert paths[1].read_bytes() == CONTENT[LOCK.jars[1].coordinate]


def test_two_at_once_fetch_once(tmp_path):
    source = MemorySource()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(find_jars, lock=LOCK, cache=tmp_path / "cache", source=source) for _ in range(2)]
    assert both[0].result() == both[1].result()
    assert sorted(source.fetched) == sorted(CONTENT)


def test_a_configured_folder_is_used_as_it_is_and_nothing_is_fetched(tmp_path):
    for jar in LOCK.jars:
        (tmp_path / jar.file_name).write_bytes(CONTENT[jar.coordinate])
    source = MemorySource()
    assert len(find_jars(str(tmp_path), lock=LOCK, source=source)) == 3
    assert source.fetched == []


def test_a_configured_folder_that_lacks_a_jar_names_it_and_where_to_copy_from(tmp_path):
    with pytest.raises(ConfigError, match=r"3 of 3 jars .*jar-0-1\.0\.jar") as refused:
        find_jars(str(tmp_path), lock=LOCK)
    assert str(cache_folder(LOCK)) in str(refused.value)
    assert len(wrong_jars(tmp_path, LOCK.jars)) == 3


class SilentSource(MemorySource):
    """The first jar arrives; the server then says nothing for ever."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.stop = stop
        self.arrived = threading.Event()
        self.let_go = threading.Event()

    def fetch(self, jar, destination):
        if jar == LOCK.jars[0]:
            super().fetch(jar, destination)
            self.arrived.set()
            return
        assert self.arrived.wait(60)  # the fetches run side by side
        self.stop.set()
        assert self.let_go.wait(60)
        raise RetriableError("never", code="jars_unreachable")


def test_who_asks_to_stop_waits_for_no_server_and_what_has_arrived_is_kept(tmp_path):
    stop = threading.Event()
    silent = SilentSource(stop)
    begun = time.monotonic()
    with pytest.raises(FatalError, match="what has arrived is kept"):
        find_jars(lock=LOCK, cache=tmp_path / "cache", source=silent, stop=stop)
    assert time.monotonic() - begun < 10
    silent.let_go.set()
    source = MemorySource()
    assert len(find_jars(lock=LOCK, cache=tmp_path / "cache", source=source)) == 3
    assert set(source.fetched) <= {jar.coordinate for jar in LOCK.jars[1:]}


def test_who_asks_to_stop_does_not_wait_for_another_process_that_fetches(tmp_path):
    stop = threading.Event()
    stop.set()
    with FileLock(tmp_path / "cache.lock"), pytest.raises(FatalError):
        find_jars(lock=LOCK, cache=tmp_path / "cache", source=MemorySource(), stop=stop)


def test_a_fault_of_the_fetch_itself_is_raised_as_it_is(tmp_path):
    class Broken(MemorySource):
        def fetch(self, jar, destination):
            raise KeyError("bug")

    with pytest.raises(KeyError):
        find_jars(lock=LOCK, cache=tmp_path / "cache", source=Broken())
