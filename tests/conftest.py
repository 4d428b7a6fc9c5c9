"""Fixtures and policy of the whole suite: one real Kafka and PostgreSQL per session, no silent skips where all must run."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pytest
import structlog
from hypothesis import settings
from kafka import KafkaAdminClient

from hub.broker.configuration import BrokerConfig
from hub.broker.jars import find_jars
from hub.broker.java import find_java
from hub.broker.launcher import EmbeddedBroker
from hub.errors import ConfigError
from hub.kafka import apply_topics
from tests.demo_run import DemoRun, share_demo
from tests.postgres import Cluster, running_cluster
from tests.support import REQUIRE_VARIABLE, drop_topics, make_settings, missing, used_topics

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in a script's background, where Ctrl-C is ignored; so would be what the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Hypothesis' deadlines measure how busy the machine is, and pytest has a time limit of its own.
settings.register_profile("hub", deadline=None)
settings.load_profile("hub")

_KAFKA_FIXTURES = {"kafka", "fresh_kafka", "demo_run"}
_NOT_ON_THIS_MACHINE = {"jars_unreachable", "no_java", "old_java"}
_MIGRATED: dict[Callable[[str], None], Path] = {}
_LONG = Path(__file__).parent / "integration"
_BUSY = Path(__file__).parent / "e2e"
_FIGURE = "figure"
_FEWEST_DIGITS = 9  # an interim number in its short form
_TWELVE_PLACES = 10**11


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that was called in the test's own process leaves no way of logging to the tests that come after it."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root = logging.getLogger()
        root.handlers[:] = [handler for handler in root.handlers if type(handler) is not logging.StreamHandler]
        root.setLevel(logging.WARNING)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a real Kafka, one for the whole session, without topics at first."""
    broker = EmbeddedBroker(BrokerConfig(folder=tmp_path_factory.mktemp("broker"), heap_megabytes=256))
    try:
        broker.start(timeout_seconds=90)
    except ConfigError as error:
        if error.code in _NOT_ON_THIS_MACHINE:
            missing(f"an embedded Kafka: {error}")
        raise
    yield broker.bootstrap_servers
    broker.stop()


@pytest.fixture
def fresh_kafka(kafka: str, tmp_path: Path) -> str:
    """The session's Kafka with every topic of the catalogue new and empty, four partitions each, and no consumer groups."""
    drop_topics(kafka, *used_topics(kafka, 4))  # a topic that nobody wrote to is as good as new, and costs nothing
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    groups = [group["group_id"] for group in admin.list_groups()]
    if groups:
        admin.delete_groups(groups)  # one that still has members keeps its offsets; close readers in the test
    admin.close()
    apply_topics(make_settings(tmp_path / "fresh-kafka", kafka={"bootstrap_servers": kafka, "partitions": 4}))
    return kafka


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real PostgreSQL, one for the whole session. `with postgres.database() as url` is a fresh database in it."""
    with running_cluster() as cluster:
        yield cluster


Databases: TypeAlias = Callable[..., str]
"""`databases("registry", migrate)` makes a fresh database and returns its URL; `migrate` is called on a template once a session."""


@pytest.fixture
def sqlite_databases(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Fresh SQLite files `NAME.db` in the test's folder."""

    def make(name: str = "some", migrate: Callable[[str], None] | None = None) -> str:
        file = tmp_path / f"{name}.db"
        if migrate is not None:
            if migrate not in _MIGRATED:
                _MIGRATED[migrate] = tmp_path_factory.mktemp("template") / "template.db"
                migrate(f"sqlite:///{_MIGRATED[migrate]}")
            shutil.copy(_MIGRATED[migrate], file)
        return f"sqlite:///{file}"

    return make


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Fresh databases of both kinds: a test that asks for this runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_databases")
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with ExitStack() as stack:
        yield lambda _name="some", migrate=None: stack.enter_context(cluster.database(migrate))


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """A whole demo, played once for the session (about a minute): its folder at rest, and what it said. Copy, never change."""
    try:
        find_java("")
        find_jars("")
    except ConfigError as error:
        if error.code in _NOT_ON_THIS_MACHINE:
            missing(f"an embedded Kafka: {error}")
        raise
    session = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        session = session.parent
    return share_demo(session / "demo-run")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tell a figure that was measured: it is printed at the end of the run, whether the test passes or not."""
    return lambda text: request.node.user_properties.append((_FIGURE, text))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures travel with the tests' reports, so that those of other processes (`-n 4`) are told too."""
    told = [
        f"{report.nodeid.rpartition('::')[2].removeprefix('test_').replace('_', ' ')}: {text}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "teardown"
        for name, text in report.user_properties
        if name == _FIGURE
    ]
    if told:
        terminalreporter.section("figures")
    for line in told:
        terminalreporter.write_line(line)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test's name holds no identifier: whatever may be one goes by its argument's name."""
    text = (
        val.decode("latin-1") if isinstance(val, bytes) else str(val) if isinstance(val, int) and val >= _TWELVE_PLACES else val
    )
    digits = sum(map(str.isdecimal, text)) if isinstance(text, str) else 0
    return argname if digits >= _FEWEST_DIGITS else None


def _spread(some: Sequence[Path], among: Sequence[Path]) -> Iterator[Path]:
    """`some` at even distances `among` others, the last tenth of which comes when all of them have begun."""
    every = max(1, len(among) * 9 // 10 // max(1, len(some)))
    left = iter(some)
    for number, file in enumerate(among):
        if number % every == 0:
            yield from islice(left, 1)
        yield file
    yield from left


def _order(files: Sequence[Path]) -> Iterator[Path]:
    """So that several processes together neither wait all for a broker nor want all of the processor at once."""
    waiting = [file for file in files if file.is_relative_to(_LONG)]
    browsing = [file for file in files if file.is_relative_to(_BUSY)]
    slow = {*waiting, *browsing}
    quick = [file for file in files if file not in slow]
    yield from _spread(waiting, list(_spread(browsing, quick)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the broker or PostgreSQL, so that `-m 'not kafka'` leaves it out, and mix what takes long with what is quick."""
    place = {file: number for number, file in enumerate(_order(list(dict.fromkeys(item.path for item in items))))}
    items.sort(key=lambda item: place[item.path])
    for item in items:
        if _KAFKA_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("kafka")
        if "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker("postgres")


def _import_in_turn(config: pytest.Config) -> None:
    """Each of several processes begins at another file, so that of a fresh clone together they compile each once, not each all.

    Whatever a file raises is told when it is collected.
    """
    told = getattr(config, "workerinput", None)
    if told is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    tests = Path(__file__).parent
    names = [".".join(file.relative_to(tests.parent).with_suffix("").parts) for file in sorted(tests.rglob("test_*.py"))]
    first = len(names) * int(told["workerid"].removeprefix("gw")) // told["workercount"]
    for name in (*names[first:], *names[:first]):
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What is collected, thousands of tests and all they import, is never garbage. Looking through it again and again took a
    third of the time of collecting, and a tenth of the tests' own.
    """
    gc.disable()
    try:
        _import_in_turn(session.config)
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def _fail_skips(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get(REQUIRE_VARIABLE) != "all" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"skipped although {REQUIRE_VARIABLE}=all: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_skips(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_skips(report)
    return report
