"""The Faust app: its dangerous options are off, and its last line says why it ends."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from mode.supervisors import CrashingSupervisor
from mode.utils.queues import FlowControlQueue

from hub.contract.topics import ERASURES, PLACE_EVENTS, RULES, YOUTH_TOPICS
from hub.runtime import app as module
from hub.runtime.app import PartitionFlow, build_app, owned_in_group
from hub.runtime.changelogs import changelog_name
from hub.runtime.driver import Driver, Kit
from hub.runtime.intake import CROWD
from hub.runtime.ownership import Changelog
from hub.runtime.places import PlaceProgram
from hub.runtime.store import StoreCache
from hub.runtime.youths import YouthProgram
from tests.support import make_settings
from tests.unit.runtime.fakes import CLAIMS, CODEC, RULEBOOK, MemoryLog, make_clock


@pytest.fixture
def app(tmp_path: Path) -> Any:
    return make_app(tmp_path)


def make_app(tmp_path: Path) -> Any:
    settings = make_settings(tmp_path, kafka={"bootstrap_servers": "127.0.0.1:1, 127.0.0.1:2"})

    def fail(error: BaseException) -> None:
        raise error

    kit = Kit(MemoryLog(), CODEC, make_clock(), tmp_path, StoreCache(), RULEBOOK, fail)
    programs = {"youths": (YouthProgram(CODEC, CLAIMS), 12), "places": (PlaceProgram(CODEC, CLAIMS), 3)}
    drivers = {
        Driver(name, program, Changelog(changelog_name(settings, name), {}), kit): number
        for name, (program, number) in programs.items()
    }
    return build_app(settings, drivers, folder=tmp_path, instance="test-0", fail=fail)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("table_standby_replicas", 0),
        ("web_enabled", False),
        ("stream_wait_empty", False),
        ("topic_disable_leader", True),
        ("topic_allow_declare", False),
        ("autodiscover", False),
        ("key_serializer", "raw"),
        ("value_serializer", "raw"),
        ("broker_session_timeout", 10.0),
        ("consumer_auto_offset_reset", "earliest"),
        ("worker_redirect_stdouts", False),
    ],
)
def test_a_dangerous_option_is_off(app: Any, option: str, value: object) -> None:
    assert getattr(app.conf, option) == value


def test_nothing_is_exactly_once(app: Any) -> None:
    assert app.conf.processing_guarantee.value == "at_least_once"
    assert not app.in_transaction


def test_one_agent_per_program_each_with_one_actor_that_crashes_as_a_whole(app: Any) -> None:
    agents = list(app.agents.values())
    assert len(agents) == 2
    assert {agent.concurrency for agent in agents} == {1}
    assert {agent.supervisor_strategy for agent in agents} == {CrashingSupervisor}


def test_one_channel_reads_all_topics_of_a_youth(app: Any) -> None:
    channels = {agent.name.rpartition(".")[2]: set(agent.channel.topics) for agent in app.agents.values()}
    assert channels == {"youths": {topic.name for topic in YOUTH_TOPICS} | {ERASURES.name}, "places": {PLACE_EVENTS.name}}


def test_a_changelog_has_as_many_partitions_as_its_sources(app: Any) -> None:
    assert {name: table.partitions for name, table in app.tables.data.items()} == {"youths": 12, "places": 3}
    assert all(not table.is_global for table in app.tables.data.values())


def test_the_agent_takes_events_without_automatic_acknowledgement() -> None:
    calls = [node.func.attr for node in ast.walk(ast.parse(inspect.getsource(module))) if _is_method(node)]
    assert "noack" in calls
    assert not {"take", "noack_take", "group_by"} & set(calls)


def _is_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


class Braked:
    """A consumer that writes down what it is told."""

    def __init__(self) -> None:
        self.consumer = self
        self.calls: list[tuple[str, TP]] = []

    def on_buffer_full(self, tp: TP) -> None:
        self.calls.append(("full", tp))

    def on_buffer_drop(self, tp: TP) -> None:
        self.calls.append(("drop", tp))


def make_flow(stub: Any, folder: Path) -> PartitionFlow:
    kit = Kit(MemoryLog(), CODEC, make_clock(), folder, StoreCache(), RULEBOOK, lambda _: None)
    return PartitionFlow(stub, Driver("places", PlaceProgram(CODEC, CLAIMS), Changelog("c", {}), kit))


def test_a_lane_brakes_its_own_partition_only(tmp_path: Path) -> None:
    stub = Braked()
    flow = make_flow(stub, tmp_path)
    flow.pause(2)
    flow.resume(2)
    assert stub.calls == [("full", TP(PLACE_EVENTS.name, 2)), ("drop", TP(PLACE_EVENTS.name, 2))]


def test_a_paused_source_stays_out_when_its_lane_lets_go_of_the_brake(tmp_path: Path) -> None:
    stub, source = Braked(), TP(PLACE_EVENTS.name, 2)
    flow = make_flow(stub, tmp_path)
    flow.leave_out(2, frozenset({PLACE_EVENTS.name}))
    flow.pause(2)
    flow.resume(2)
    assert ("drop", source) not in stub.calls
    flow.pause(2)
    flow.leave_out(2, frozenset())
    assert ("drop", source) not in stub.calls  # the brake holds it
    flow.resume(2)
    assert stub.calls[-1] == ("drop", source)


def test_a_source_that_goes_on_is_fetched_at_once(tmp_path: Path) -> None:
    stub, source = Braked(), TP(PLACE_EVENTS.name, 2)
    flow = make_flow(stub, tmp_path)
    flow.leave_out(2, frozenset({PLACE_EVENTS.name}))
    flow.leave_out(2, frozenset())
    assert stub.calls == [("full", source), ("drop", source)]


def test_what_may_wait_and_a_poll_on_top_of_it_never_fill_the_queue_to_its_high_mark(app: Any) -> None:
    high = app.conf.stream_buffer_maxsize / FlowControlQueue.pressure_high_ratio
    assert app.conf.broker_max_poll_records + CROWD < high


def test_a_lane_s_positions_are_committed_on_the_topics_of_its_program_only(tmp_path: Path) -> None:
    class Stub:
        def __init__(self) -> None:
            self.consumer = self
            self.settled: list[tuple[TP, int]] = []

        def settle(self, tp: TP, offset: int) -> None:
            self.settled.append((tp, offset))

    stub = Stub()
    kit = Kit(MemoryLog(), CODEC, make_clock(), tmp_path, StoreCache(), RULEBOOK, lambda _: None)
    flow = PartitionFlow(stub, Driver("places", PlaceProgram(CODEC, CLAIMS), Changelog("c", {}), kit))
    flow.settle(2, {RULES.name: 4, PLACE_EVENTS.name: 7})
    assert stub.settled == [(TP(PLACE_EVENTS.name, 2), 7)]


def test_all_brokers_are_known(app: Any) -> None:
    assert [str(url) for url in app.conf.broker] == ["kafka://127.0.0.1:1", "kafka://127.0.0.1:2"]


@pytest.mark.parametrize(
    ("raised", "code", "reason"),
    [
        ("FatalError('a stray was seen', code='fenced')", "fenced", "a stray was seen"),
        ("ValueError('payload')", "unexpected", ""),
    ],
)
def test_the_last_line_names_the_cause_and_never_quotes_a_foreign_error(raised: str, code: str, reason: str) -> None:
    text = (
        "from hub.errors import *; from hub.logs import configure_logs; from hub.runtime.app import end_process\n"
        f"configure_logs('worker'); end_process({raised})"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 70
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["event"], line["code"], line["reason"]) == ("worker ends", code, reason)
    assert "payload" not in done.stderr


def test_what_the_group_has_given_to_anybody_is_known_and_two_workers_on_a_machine_are_told_apart(app: Any) -> None:
    assert str(app.conf.canonical_url) == "http://localhost/test-0"
    assert owned_in_group(app, "log") == 0
    app.assignor.changelog_distribution = {"http://localhost/test-0": {"log": [0, 2]}, "http://localhost/test-1": {"log": [1]}}
    assert owned_in_group(app, "log") == 3
