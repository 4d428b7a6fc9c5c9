from __future__ import annotations

import pytest

from hub.broker.lock import ROOTS, JarLock, LockedJar, load_lock, parse_lock
from hub.errors import ConfigError

ONE = LockedJar("org.example:first:1.0", "a" * 64)
TWO = LockedJar("org.example:second:2.0:linux", "b" * 64)


def test_the_shipped_lock_pins_kafka_and_its_46_jars():
    lock = load_lock()
    assert len(lock.jars) == 46
    assert set(ROOTS) <= {jar.coordinate for jar in lock.jars}
    assert not [jar for jar in lock.jars if "log4j-slf4j" in jar.coordinate]  # it would bring clients older than the broker


def test_every_kafka_jar_has_the_same_version():
    versions = {jar.coordinate.split(":")[2] for jar in load_lock().jars if jar.coordinate.startswith("org.apache.kafka:")}
    assert versions == {"4.3.1"}


def test_what_is_written_is_read_back():
    lock = JarLock((ONE, TWO))
    assert parse_lock(lock.render()) == lock


def test_another_lock_has_another_cache_folder():
    assert JarLock((ONE,)).digest != JarLock((ONE, TWO)).digest


def test_the_file_name_carries_version_and_classifier():
    assert (ONE.file_name, TWO.file_name) == ("first-1.0.jar", "second-2.0-linux.jar")


@pytest.mark.parametrize(
    "line",
    [
        "org.example:first:1.0",
        f"{'a' * 63}  org.example:first:1.0",
        f"{'a' * 64}  org.example:first",
        f"{'a' * 64}  org.example:../../first:1.0",
        f"{'a' * 64} org.example:first:1.0",
    ],
)
def test_a_line_of_another_form_is_refused_by_its_number(line):
    with pytest.raises(ConfigError, match="line 2"):
        parse_lock(f"# head\n{line}\n")


def test_an_empty_lock_and_a_jar_named_twice_are_refused():
    with pytest.raises(ConfigError, match="no jars"):
        parse_lock("# nothing\n")
    with pytest.raises(ConfigError, match="twice"):
        parse_lock(JarLock((ONE, ONE)).render())


def test_an_absent_lock_says_to_install_again(tmp_path):
    with pytest.raises(ConfigError, match="install the hub again"):
        load_lock(tmp_path / "none.lock")
