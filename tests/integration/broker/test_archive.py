from __future__ import annotations

import subprocess

import psutil
import pytest

from hub.broker.archive import archive_options, prepare_archive
from hub.broker.configuration import BrokerConfig
from hub.broker.jars import find_jars
from hub.broker.java import find_java
from hub.broker.launcher import EmbeddedBroker

pytestmark = [pytest.mark.usefixtures("kafka")]  # skips where there is no Kafka to be had, and fetches the jars once
_LEAST_SHARED = 0.8  # about nine in ten: what is made at run time and loggers of an old class file format cannot be


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache") / "archives"
    prepare_archive(find_java(), find_jars(), folder=folder)
    return folder


def test_a_broker_takes_its_classes_from_the_archive(archives, tmp_path, report):
    log = tmp_path / "classes.log"

    def sharing(java, jars):
        return [*archive_options(java, jars, archives), f"-Xlog:class+load:file={log}"]

    with EmbeddedBroker(BrokerConfig(folder=tmp_path / "broker", heap_megabytes=192), sharing=sharing) as broker:
        times = psutil.Process(broker.pid).cpu_times()
        assert "cds" not in broker.log.read_text()
    loaded = [line for line in log.read_text().splitlines() if " source: " in line]
    shared = [line for line in loaded if "source: shared objects file" in line]
    report(f"{len(shared)} of {len(loaded)} classes from the archive, {times.user + times.system:.1f} s of processor time")
    assert len(shared) > _LEAST_SHARED * len(loaded) > 5000


def test_java_goes_on_quietly_with_an_archive_that_is_cut_short(archives, tmp_path):
    java, jars = find_java(), find_jars()
    [whole] = archives.glob("*.jsa")
    cut = tmp_path / "cut.jsa"
    cut.write_bytes(whole.read_bytes()[:20_000_000])
    options = [option.replace(str(whole), str(cut)) for option in archive_options(java, jars, archives)]
    assert f"-XX:SharedArchiveFile={cut}" in options
    told = subprocess.run([java, *options, "-version"], capture_output=True, text=True, check=True)
    assert told.stdout == ""
    assert told.stderr.startswith("openjdk version")
